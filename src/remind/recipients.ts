import type { ReminderPolicy } from './policy.ts';
import { addresseesOf, sameAddressee } from './policy.ts';
import type { Addressee, Reminded } from './reminder.ts';

// Whoever can write the configuration must not silence people with it: who was told until now is told that this has ended.

/** Who was told by whom, and of what, at one time. */
export interface Audience {
  readonly credentials: readonly Reminded[];
  readonly policy: ReminderPolicy;
}

/** One who is told no more. */
export interface Loss extends Addressee {
  /** Names of what they were told of. */
  readonly credentials: readonly string[];
}

/** Who is told no more of what they were told of, each once. What was let go by `retire` concerns nobody. */
export function lostRecipients(before: Audience, after: Audience): readonly Loss[] {
  const known = new Map(before.credentials.map((credential) => [credential.declaration.name, credential]));
  const [was, is] = [toldBy(before.policy), toldBy(after.policy)];
  const losses = new Map<string, { readonly addressee: Addressee; readonly credentials: string[] }>();
  for (const credential of after.credentials) {
    const { name } = credential.declaration;
    const old = known.get(name);
    if (!old || credential.retiredAt) continue;
    const told = is(credential);
    for (const addressee of was(old)) {
      if (told.some((one) => isSame(one, addressee)) || !isReachable(addressee, after.policy)) continue;
      const key = JSON.stringify([addressee.channel, addressee.recipient]);
      const loss = losses.get(key) ?? { addressee, credentials: [] };
      loss.credentials.push(name);
      losses.set(key, loss);
    }
  }
  return [...losses.values()].map(({ addressee, credentials }) => ({ ...addressee, credentials }));
}

/** Everybody who is told of a credential at some time, those of the escalation included. */
export function toldOf(credential: Reminded, policy: ReminderPolicy): readonly Addressee[] {
  return addresseesOf(credential, Number.NEGATIVE_INFINITY, policy);
}

/** Whether somebody is told of all of these again. */
export function isToldOfAll(
  addressee: Addressee,
  credentials: readonly Reminded[],
  policy: ReminderPolicy,
): boolean {
  const told = toldBy(policy);
  return credentials.every((credential) => told(credential).some((one) => isSame(one, addressee)));
}

/** Who is told depends on the owner alone: worked out once for each. */
function toldBy(policy: ReminderPolicy): (credential: Reminded) => readonly Addressee[] {
  const byOwner = new Map<string, readonly Addressee[]>();
  return (credential) => {
    const { owner } = credential.declaration;
    const told = byOwner.get(owner) ?? toldOf(credential, policy);
    byOwner.set(owner, told);
    return told;
  };
}

/** No mail server in use tells upper from lower case. */
function isSame(a: Addressee, b: Addressee): boolean {
  const lower = ({ channel, recipient }: Addressee) =>
    channel === 'mail' ? { channel, recipient: recipient.toLowerCase() } : { channel, recipient };
  return sameAddressee(lower(a), lower(b));
}

/** A webhook that has left the configuration cannot be called any more. */
function isReachable({ channel, recipient }: Addressee, { webhooks }: ReminderPolicy): boolean {
  return channel === 'mail' || webhooks.some(({ name }) => name === recipient);
}
