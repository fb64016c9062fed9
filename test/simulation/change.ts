import type { openStores } from '../../src/app.ts';
import type { Declaration, NewVersion } from '../../src/domain/credential.ts';
import { isAppError } from '../../src/domain/error.ts';
import { planRegister } from '../../src/register/register.ts';
import { acknowledgeUntil } from '../../src/remind/acknowledge.ts';
import { sweep } from '../../src/remind/sweep.ts';
import type { Database } from '../../src/sqlite/database.ts';
import type { Ledger } from './ledger.ts';
import type { Change } from './schedule.ts';
import type { CredentialFact, Tick, Truth } from './truth.ts';
import { ownersSince, versionOf } from './truth.ts';
import type { Issue } from './world.ts';
import { days } from './world.ts';

// What people and other processes record beside the relay: into the database by the program's own stores, and into the truth.

export interface Recorder {
  readonly db: Database;
  readonly stores: ReturnType<typeof openStores>;
  readonly truth: Truth;
  readonly ledger: Ledger;
  /** What the configuration declares. */
  declared: readonly Declaration[];
  rotations: number;
}

/** @returns what was done, for the log; undefined where there was nothing to do */
export function applyChange(recorder: Recorder, change: Change, now: Date, tick: Tick): string | undefined {
  if (change.kind === 'retry') return retry(recorder, change.which, now);
  if (change.kind === 'sweep') return sweepBeside(recorder, now);
  const { credentials } = recorder.truth;
  const fact = credentials[change.which % credentials.length];
  if (!fact) return undefined;
  switch (change.kind) {
    case 'record':
      recorder.stores.register.addVersion(fact.name, newVersion(change.issue, now), now);
      noteVersion(fact, change.issue, now);
      return `record ${fact.name} v${fact.versions.length}: ${describe(change.issue)}`;
    case 'rotate':
      return rotate(recorder, fact, change.issue, now);
    case 'acknowledge':
      return acknowledge(recorder, fact, change.days, now, tick);
    case 'retire':
      recorder.stores.register.retire(fact.name, now);
      fact.retired = true;
      return `retire ${fact.name}`;
    case 'vanish':
      return vanish(recorder, fact, now);
    case 'owner':
      return changeOwner(recorder, fact, change.owner, now, tick);
    case 'alarm':
      return alarm(recorder, fact, change.said, now);
  }
}

function describe({ left, lifetimeDays }: Issue): string {
  const lifetime = lifetimeDays === undefined ? '' : ` of ${lifetimeDays}`;
  return typeof left === 'number' ? `${left.toFixed(2)} days left${lifetime}` : left;
}

function newVersion({ left, lifetimeDays }: Issue, now: Date): NewVersion {
  const expiry: NewVersion['expiry'] =
    left === 'unknown'
      ? { kind: 'unknown', source: 'unknown' }
      : left === 'never'
        ? { kind: 'never', source: 'entered' }
        : { kind: 'known', at: new Date(now.getTime() + days(left)), source: 'entered' };
  return { expiry, lifetimeDays, createdAt: undefined, checked: 'not-asked' };
}

function noteVersion(fact: CredentialFact, { left, lifetimeDays }: Issue, now: Date): void {
  fact.versions.push({
    number: fact.versions.length + 1,
    expiry: typeof left === 'number' ? now.getTime() + days(left) : left,
    lifetimeDays,
    recordedAt: now.getTime(),
    standing: undefined,
  });
  fact.acknowledgedUntil = undefined;
  fact.acknowledgements = [];
  fact.retired = false;
}

/** Through the journal, so that everybody who was alarmed gets the one notice. */
function rotate(recorder: Recorder, fact: CredentialFact, issue: Issue, now: Date): string {
  const { stores, truth, ledger } = recorder;
  const [alarmed, perhaps] = [new Set<string>(), new Set<string>()];
  const before = versionOf(fact)?.number ?? 0;
  for (const { to, keys, accepted, answer } of ledger.all) {
    const about = keys.some(
      (key) =>
        key.credential === fact.name &&
        key.version === before &&
        key.topic !== 'rotated' &&
        key.topic !== 'standing',
    );
    if (about) perhaps.add(to);
    if (about && accepted && answer === 'durable') alarmed.add(to);
  }
  const { rotations } = stores;
  const id = `rotation-${++recorder.rotations}`;
  const version = newVersion(issue, now);
  const destination = { repo: 'example/widgets', environment: 'release', secret: 'TOKEN' };
  const intent = { destination, keyId: '1', baselineUpdatedAt: undefined, intendedAt: now, localAt: now };
  rotations.open({ id, credential: fact.name, openedAt: now, pid: 1, host: 'host' });
  rotations.move(id, 'submitted', now);
  rotations.move(id, 'checked', now);
  rotations.intend(id, intent, version);
  rotations.record(id, version, now);
  noteVersion(fact, issue, now);
  const owners = ownersSince(truth, fact, Number.POSITIVE_INFINITY);
  fact.notices.set(fact.versions.length, {
    must: [...new Set([...owners, ...alarmed])],
    may: [...owners, ...perhaps],
  });
  return `rotate ${fact.name} v${fact.versions.length}: ${describe(issue)}`;
}

/** As far as the program lets people put it off. */
function acknowledge(
  { stores, ledger }: Recorder,
  fact: CredentialFact,
  count: number,
  now: Date,
  tick: Tick,
): string | undefined {
  const credential = stores.register.find(fact.name);
  if (!credential) return undefined;
  try {
    const until = acknowledgeUntil(credential, new Date(now.getTime() + days(count)), now);
    stores.register.acknowledge(fact.name, until, now);
    fact.acknowledgedUntil = until.getTime();
    fact.acknowledgements.push(tick);
    return `acknowledge ${fact.name} until ${until.toISOString()} (${ledger.all.length} sent so far)`;
  } catch (error) {
    if (isAppError(error)) return undefined;
    throw error;
  }
}

/** A typing error takes it out of the configuration; correcting that brings it back. */
function vanish(recorder: Recorder, fact: CredentialFact, now: Date): string {
  const { register } = recorder.stores;
  const gone = recorder.declared.some(({ name }) => name === fact.name);
  const known = register.find(fact.name)?.declaration;
  recorder.declared = gone
    ? recorder.declared.filter(({ name }) => name !== fact.name)
    : [...recorder.declared, ...(known ? [known] : [])];
  register.apply(planRegister(recorder.declared, register.list()), now);
  return `${fact.name} ${gone ? 'vanishes from' : 'returns to'} the configuration`;
}

function changeOwner(
  recorder: Recorder,
  fact: CredentialFact,
  which: number,
  now: Date,
  tick: Tick,
): string | undefined {
  const { register } = recorder.stores;
  const names = [...recorder.truth.world.policy.addresses.keys()];
  const owner = names[which % names.length] ?? '';
  const declared = recorder.declared.some(({ name }) => name === fact.name);
  if (!declared || fact.owners.at(-1)?.owner === owner) return undefined;
  recorder.declared = recorder.declared.map((one) => (one.name === fact.name ? { ...one, owner } : one));
  register.apply(planRegister(recorder.declared, register.list()), now);
  fact.owners.push({ owner, from: tick });
  return `${fact.name} now belongs to ${owner}`;
}

/** As a person says it; nothing says it yet but the rows of the database. */
function alarm(
  { db }: Recorder,
  fact: CredentialFact,
  said: 'revoked' | 'leaked',
  now: Date,
): string | undefined {
  const version = versionOf(fact);
  if (!version || version.standing) return undefined;
  db.transaction(() => {
    db.prepare('UPDATE version SET standing = ?, standing_at = ? WHERE credential = ? AND version = ?').run(
      said,
      now.toISOString(),
      fact.name,
      version.number,
    );
    db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(fact.name);
  });
  fact.versions[fact.versions.length - 1] = { ...version, standing: { said, at: now.getTime() } };
  return `${fact.name} is ${said}`;
}

function sweepBeside({ stores, truth }: Recorder, now: Date): string {
  const { outbox, register } = stores;
  sweep({ outbox, find: register.find, policy: truth.world.policy, now: () => now, report: () => undefined });
  return 'somebody has it planned beside the daemon';
}

/** `outbox retry` of one that was given up, or is in doubt. */
function retry({ stores, ledger }: Recorder, which: number, now: Date): string | undefined {
  const ended = stores.outbox
    .waiting()
    .filter(({ nextAttemptAt, state }) => !nextAttemptAt && state !== 'in-flight');
  const one = ended[which % Math.max(1, ended.length)];
  if (!one || !stores.outbox.retry(one.id, now)) return undefined;
  ledger.retried.set(one.id, (ledger.retried.get(one.id) ?? 0) + 1);
  return `retry message ${one.id}`;
}
