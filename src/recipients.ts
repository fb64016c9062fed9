import type { Declaration } from './domain/credential.ts';
import { chunks, MOST_NAMED } from './history/about.ts';
import type { StoredCredential } from './register/register.ts';
import { planRegister } from './register/register.ts';
import type { ReminderPolicy } from './remind/policy.ts';
import type { Audience, Loss } from './remind/recipients.ts';
import { isToldOfAll, lostRecipients, toldOf } from './remind/recipients.ts';
import type { Outbox, PlanStep, ReminderKey } from './remind/reminder.ts';
import type { FormerRecipient } from './remind/section.ts';
import { keepAudience, readAudience } from './sqlite/audience.ts';
import { toInstant } from './sqlite/columns.ts';
import type { Database } from './sqlite/database.ts';
import type { History } from './sqlite/history.ts';
import { findEntry } from './sqlite/history.ts';
import type { openRegister } from './sqlite/register.ts';

/** What bringing the register in line with the configuration needs. */
interface Syncing {
  readonly db: Database;
  readonly history: History;
  readonly outbox: Outbox;
  readonly register: ReturnType<typeof openRegister>;
  readonly policy: ReminderPolicy;
  readonly now: () => Date;
}

/** Brings the register in line with what is declared, and tells whoever is told no more by it, in one transaction. */
export function syncRegister(syncing: Syncing, declared: readonly Declaration[]): void {
  const { db, register, policy } = syncing;
  const text = policyAsText(policy);
  // Looking is free, and mostly nothing has changed.
  if (planRegister(declared, register.declarations()).length === 0 && readAudience(db) === text) return;
  db.transaction(() => {
    const now = syncing.now();
    const credentials = register.list();
    const changes = planRegister(declared, register.declarations());
    if (changes.length > 0) register.apply(changes, now);
    const kept = readAudience(db);
    if (kept !== undefined)
      tellFormer(syncing, { credentials, policy: policyFrom(kept) }, register.list(), now);
    if (kept !== text) keepAudience(db, text, now);
  });
}

function tellFormer(
  { db, history, outbox, policy }: Syncing,
  before: Audience,
  credentials: readonly StoredCredential[],
  now: Date,
): void {
  const steps = [
    ...takenBack(outbox, db, credentials, policy),
    ...lostRecipients(before, { credentials, policy }).map((loss): PlanStep => {
      const version = noteLoss(history, loss, now);
      const { channel, recipient } = loss;
      return {
        kind: 'owe',
        // Its entry in the history is what the mail says: one change is one entry, and is told once.
        key: { credential: '*', version, topic: 'recipients', leadDays: 0, channel, recipient },
        dueAt: now,
        urgent: true,
      };
    }),
  ];
  if (steps.length > 0) outbox.apply([{ credential: '*', steps, nextPlanAt: undefined }]);
}

/** @returns number of the entry, which is the first of several where there is much to name */
function noteLoss(history: History, { channel, recipient, credentials }: Loss, now: Date): number {
  const [first] = chunks(credentials, MOST_NAMED).map((part) =>
    history.append(
      {
        type: 'recipients.changed',
        subject: recipient,
        result: 'is told no more',
        detail: { channel, credentials: part, count: credentials.length },
      },
      now,
    ),
  );
  return first ?? 0;
}

/** Nothing need be said to whoever is told again before it was. */
function takenBack(
  outbox: Outbox,
  db: Database,
  credentials: readonly StoredCredential[],
  policy: ReminderPolicy,
): readonly PlanStep[] {
  const byName = new Map(credentials.map((credential) => [credential.declaration.name, credential]));
  return openNotices(outbox)
    .filter((key) => {
      const names = namesOf(findEntry(db, key.version)?.detail);
      const found = names.map((name) => byName.get(name)).filter((one) => one !== undefined);
      return found.length > 0 && isToldOfAll(key, found, policy);
    })
    .map(({ credential, version, topic, leadDays, channel, recipient }) => ({
      kind: 'drop',
      key: { credential, version, topic, leadDays, channel, recipient },
    }));
}

function openNotices(outbox: Outbox): readonly ReminderKey[] {
  const open = [...outbox.owed(), ...outbox.waiting().flatMap(({ reminders }) => reminders)];
  return open.filter(({ topic }) => topic === 'recipients');
}

/** What mails say to whoever is told no more, by the entry in the history that says so. */
export function formerRecipients(
  db: Database,
  find: (name: string) => StoredCredential | undefined,
  policy: ReminderPolicy,
): (entry: number) => FormerRecipient | undefined {
  return (entry) => {
    const found = findEntry(db, entry);
    if (found?.type !== 'recipients.changed') return undefined;
    const { count } = JSON.parse(found.detail) as { count?: number };
    const credentials = namesOf(found.detail);
    const addresses = credentials
      .slice(0, MOST_LOOKED_UP)
      .map(find)
      .flatMap((credential) => (credential ? toldOf(credential, policy) : []))
      .filter(({ channel }) => channel === 'mail')
      .map(({ recipient }) => recipient);
    return {
      at: toInstant(found.at),
      actor: found.actor,
      credentials,
      count: count ?? credentials.length,
      toldNow: [...new Set(addresses)],
    };
  };
}

const MOST_LOOKED_UP = 50;

function namesOf(detail: string | undefined): readonly string[] {
  if (detail === undefined) return [];
  return (JSON.parse(detail) as { credentials?: readonly string[] }).credentials ?? [];
}

function policyAsText({ addresses, ...policy }: ReminderPolicy): string {
  return JSON.stringify({ ...policy, addresses: [...addresses] });
}

function policyFrom(text: string): ReminderPolicy {
  const { addresses, ...policy } = JSON.parse(text) as Omit<ReminderPolicy, 'addresses'> & {
    readonly addresses: readonly (readonly [string, string])[];
  };
  return { ...policy, addresses: new Map(addresses) };
}
