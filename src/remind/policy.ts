import type { Addressee, Reminded } from './reminder.ts';

/** The part of the configuration that reminders depend on. */
export interface ReminderPolicy {
  readonly timezone: string;
  /** Local hour (0…23) of the day's one mail. */
  readonly hour: number;
  readonly escalate: { readonly daysBefore: number; readonly to: readonly string[] } | undefined;
  /** Address of each owner. */
  readonly addresses: ReadonlyMap<string, string>;
  /** `owners`: whose credentials are posted there; undefined: everybody's. */
  readonly webhooks: readonly { readonly name: string; readonly owners: readonly string[] | undefined }[];
}

export const MAIL = 'mail';
export const WEBHOOK = 'webhook';

/** Everybody who is told of a credential by `leadDays` before its expiry, each once. */
export function addresseesOf(
  credential: Reminded,
  leadDays: number,
  policy: ReminderPolicy,
): readonly Addressee[] {
  const { escalate } = policy;
  const joining = escalate && leadDays <= escalate.daysBefore ? escalate.to : [];
  return distinct([...ownersOf(credential, policy), ...byMail(joining, policy)]);
}

/** Owner of what everybody depends on, such as reseal's own tokens. */
export const EVERYBODY = '*';

/** The owner, and the webhooks that post what is theirs. */
export function ownersOf(
  { declaration: { owner } }: Pick<Reminded, 'declaration'>,
  policy: ReminderPolicy,
): readonly Addressee[] {
  if (owner === EVERYBODY) return everybody(policy);
  const address = policy.addresses.get(owner);
  // Where a credential and its owner have both left the configuration, everybody who is still in it is told.
  const told = address === undefined ? [...policy.addresses.values()] : [address];
  const posted = policy.webhooks.filter(({ owners }) => owners === undefined || owners.includes(owner));
  return distinct([
    ...told.map((recipient) => ({ channel: MAIL, recipient })),
    ...posted.map(({ name }) => ({ channel: WEBHOOK, recipient: name })),
  ]);
}

/** Who is told instead where mail to somebody cannot be delivered: those of the escalation, else all the others. */
export function standIns(policy: ReminderPolicy): readonly Addressee[] {
  const names = policy.escalate?.to ?? [...policy.addresses.keys()];
  return byMail(names, policy);
}

/** Everybody in the configuration. */
export function everybody(policy: ReminderPolicy): readonly Addressee[] {
  return distinct([
    ...byMail([...policy.addresses.keys()], policy),
    ...policy.webhooks.map(({ name }) => ({ channel: WEBHOOK, recipient: name })),
  ]);
}

export function sameAddressee(a: Addressee, b: Addressee): boolean {
  return a.channel === b.channel && a.recipient === b.recipient;
}

export function distinct(addressees: readonly Addressee[]): readonly Addressee[] {
  return addressees.filter(
    (one, index) => addressees.findIndex((other) => sameAddressee(one, other)) === index,
  );
}

function byMail(names: readonly string[], { addresses }: ReminderPolicy): readonly Addressee[] {
  return names
    .map((name) => addresses.get(name))
    .filter((address) => address !== undefined)
    .map((recipient) => ({ channel: MAIL, recipient }));
}
