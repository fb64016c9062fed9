import { isAppError } from '../../src/domain/error.ts';
import { planRegister } from '../../src/register/register.ts';
import { acknowledgeUntil } from '../../src/remind/acknowledge.ts';
import { sweep } from '../../src/remind/sweep.ts';
import { alarm, leaveUnconfirmed, look, record, revokeOld, rotate, settle } from './change-version.ts';
import type { Recorder } from './recorder.ts';
import type { Change } from './schedule.ts';
import type { CredentialFact, Tick } from './truth.ts';
import { days } from './world.ts';

// What people and other processes record beside the relay: into the database by the program's own stores, and into the truth.

/** They may end what is told of it. */
const ENDS: readonly Change['kind'][] = ['record', 'rotate', 'retire', 'settle', 'look'];

/** @returns what was done, for the log; undefined where there was nothing to do */
export function applyChange(recorder: Recorder, change: Change, now: Date, tick: Tick): string | undefined {
  if (change.kind === 'retry') return retry(recorder, change.which, now);
  if (change.kind === 'sweep') return sweepBeside(recorder, now);
  const { credentials } = recorder.truth;
  const fact = credentials[change.which % credentials.length];
  if (!fact) return undefined;
  if (ENDS.includes(change.kind)) fact.ended.push(tick);
  switch (change.kind) {
    case 'record':
      return record(recorder, fact, change.issue, now);
    case 'rotate':
      return rotate(recorder, fact, change.issue, now);
    case 'acknowledge':
      return acknowledge(recorder, fact, change.days, now, tick);
    case 'retire':
      return retire(recorder, fact, now);
    case 'vanish':
      return vanish(recorder, fact, now);
    case 'owner':
      return changeOwner(recorder, fact, change.owner, now, tick);
    case 'alarm':
      return alarm(recorder, fact, change.said, now);
    case 'unconfirmed':
      return leaveUnconfirmed(recorder, fact, now);
    case 'settle':
      return settle(recorder, fact, change.stored, now);
    case 'look':
      return look(recorder, fact, change.place, change.shows, now);
    case 'old-revoked':
      return revokeOld(recorder, fact, now);
  }
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

/** The notice of a rotation is no longer owed, also where a revocation brings the credential back. */
function retire({ stores }: Recorder, fact: CredentialFact, now: Date): string {
  stores.register.retire(fact.name, now);
  fact.retired = true;
  for (const [version, notice] of fact.notices) fact.notices.set(version, { ...notice, must: [] });
  return `retire ${fact.name}`;
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
