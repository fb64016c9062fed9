import type { NewVersion } from '../../src/domain/credential.ts';
import type { Topic } from '../../src/remind/reminder.ts';
import type { Recorder } from './recorder.ts';
import type { Shows } from './schedule.ts';
import type { CredentialFact } from './truth.ts';
import { formerOf, ownersSince, versionOf } from './truth.ts';
import type { Issue } from './world.ts';
import { days, PLACES } from './world.ts';

// What becomes of versions: recorded, rotated, in doubt, revoked, leaked; and what others do to the places they are in.

export function record({ stores }: Recorder, fact: CredentialFact, issue: Issue, now: Date): string {
  stores.register.addVersion(fact.name, newVersion(issue, now), now);
  noteVersion(fact, issue, now, false);
  return `record ${fact.name} v${fact.versions.length}: ${describe(issue)}`;
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

/** @param rotated a rotation has made it, which has stored it in the first place and settled what was unconfirmed */
function noteVersion(fact: CredentialFact, { left, lifetimeDays }: Issue, now: Date, rotated: boolean): void {
  const [first] = fact.places;
  if (rotated) fact.unconfirmed.length = 0;
  if (rotated && first) Object.assign(first, { known: true, state: 'verified', changedAt: undefined });
  // Whoever records by hand what is in use has said whose it is.
  if (!rotated)
    for (const place of fact.places)
      if (place.changedAt !== undefined) Object.assign(place, { state: 'verified', changedAt: undefined });
  fact.versions.push({
    number: fact.versions.length + 1,
    expiry: typeof left === 'number' ? now.getTime() + days(left) : left,
    lifetimeDays,
    recordedAt: now.getTime(),
    standing: undefined,
    rotated,
    revoked: false,
  });
  fact.acknowledgedUntil = undefined;
  fact.acknowledgements = [];
  fact.retired = false;
}

/** Who is to be told of a rotation: the owners, and whoever was alarmed. Asked for before it is recorded. */
function noticeOf({ truth, ledger }: Recorder, fact: CredentialFact): { must: string[]; may: string[] } {
  const [alarmed, perhaps] = [new Set<string>(), new Set<string>()];
  const before = versionOf(fact)?.number ?? 0;
  for (const { to, keys, accepted, answer } of ledger.all) {
    const of = keys.filter(({ credential }) => credential === fact.name);
    const about = of.some(({ version, topic }) => version === before && !ELSEWHERE.includes(topic));
    // Told of a change: by the clocks of those who noted it, it may have been before the version that is replaced.
    if (about || of.some(({ topic }) => topic === 'changed')) perhaps.add(to);
    if (about && accepted && answer === 'durable') alarmed.add(to);
  }
  const owners = ownersSince(truth, fact, Number.POSITIVE_INFINITY);
  return { must: [...new Set([...owners, ...alarmed])], may: [...owners, ...perhaps] };
}

/** They are about something else than the version. */
const ELSEWHERE: readonly Topic[] = ['rotated', 'standing', 'changed', 'old-token'];

/** Through the journal, so that everybody who was alarmed gets the one notice. */
export function rotate(recorder: Recorder, fact: CredentialFact, issue: Issue, now: Date): string {
  const notice = noticeOf(recorder, fact);
  const id = beginWrite(recorder, fact, issue, now);
  recorder.stores.rotations.record(id, newVersion(issue, now), now);
  noteVersion(fact, issue, now, true);
  fact.notices.set(fact.versions.length, notice);
  return `rotate ${fact.name} v${fact.versions.length}: ${describe(issue)}`;
}

function beginWrite(recorder: Recorder, fact: CredentialFact, issue: Issue, now: Date): string {
  const { rotations } = recorder.stores;
  const id = `rotation-${++recorder.rotations}`;
  const [destination] = PLACES;
  if (!destination) throw new Error('there is no place');
  const intent = { destination, keyId: '1', baselineUpdatedAt: undefined, intendedAt: now, localAt: now };
  rotations.open({ id, credential: fact.name, openedAt: now, pid: 1, host: 'host' });
  rotations.move(id, 'submitted', now);
  rotations.move(id, 'checked', now);
  rotations.intend(id, intent, newVersion(issue, now));
  return id;
}

export function leaveUnconfirmed(recorder: Recorder, fact: CredentialFact, now: Date): string {
  const id = beginWrite(recorder, fact, { left: 100, lifetimeDays: undefined }, now);
  recorder.stores.rotations.move(id, 'unconfirmed', now);
  fact.unconfirmed.push({ id, at: now.getTime() });
  // As the register says it: since the earliest by the clock.
  fact.unconfirmed.sort((a, b) => a.at - b.at);
  fact.ever.unconfirmed.push(now.getTime());
  return `${id} of ${fact.name} is unconfirmed`;
}

export function settle(
  recorder: Recorder,
  fact: CredentialFact,
  stored: Issue | undefined,
  now: Date,
): string | undefined {
  const [oldest] = fact.unconfirmed;
  if (!oldest) return undefined;
  const { rotations } = recorder.stores;
  if (!stored) {
    rotations.move(oldest.id, 'failed', now);
    fact.unconfirmed.shift();
    return `${oldest.id} of ${fact.name} was not stored`;
  }
  const notice = noticeOf(recorder, fact);
  rotations.record(oldest.id, newVersion(stored, now), now);
  noteVersion(fact, stored, now, true);
  fact.notices.set(fact.versions.length, notice);
  return `${oldest.id} was stored: ${fact.name} v${fact.versions.length}: ${describe(stored)}`;
}

/** What a look shows is noted of what is known; what a rotation finds is noted anyway. */
export function look(
  { stores }: Recorder,
  fact: CredentialFact,
  which: number,
  shows: Shows,
  now: Date,
): string | undefined {
  const [destination, place] = [PLACES[which], fact.places[which]];
  if (!destination || !place || (!place.known && shows !== 'changed-elsewhere')) return undefined;
  if (!place.known) stores.rotations.disown(fact.name, destination, now);
  else {
    const seen = { state: shows, read: true, nextLookAt: new Date(now.getTime() + days(1)), detail: {} };
    stores.register.noteLook(fact.name, destination, seen, now);
  }
  place.known = true;
  place.state = shows;
  place.changedAt = shows === 'verified' ? undefined : (place.changedAt ?? now.getTime());
  if (place.changedAt === now.getTime()) fact.ever.changed.push(place.changedAt);
  return `place ${which} of ${fact.name} is ${shows}`;
}

export function revokeOld({ stores }: Recorder, fact: CredentialFact, now: Date): string | undefined {
  const revoked = stores.register.revokeFormer(fact.name, now);
  const expected = formerOf(fact).map(({ number }) => number);
  if (revoked.join() !== expected.join())
    throw new Error(`${fact.name}: ${revoked.join()} were former, and not ${expected.join()}`);
  fact.versions.forEach((version, index) => {
    if (expected.includes(version.number)) fact.versions[index] = { ...version, revoked: true };
  });
  return revoked.length > 0 ? `old tokens of ${fact.name} are revoked: ${revoked.join(', ')}` : undefined;
}

/** As a person says it. Where no version is recorded, one without a date is. */
export function alarm(
  { stores }: Recorder,
  fact: CredentialFact,
  said: 'revoked' | 'leaked',
  now: Date,
): string {
  stores.register.declare(fact.name, said, now);
  if (!versionOf(fact)) {
    fact.versions.push({
      number: 1,
      expiry: 'unknown',
      lifetimeDays: undefined,
      recordedAt: now.getTime(),
      standing: undefined,
      rotated: false,
      revoked: false,
    });
    fact.acknowledgedUntil = undefined;
    fact.acknowledgements = [];
  }
  const version = versionOf(fact);
  if (!version) throw new Error('there is a version');
  const { standing } = version;
  const isNew = standing?.said !== said && standing?.said !== 'leaked';
  if (isNew) fact.retired = false;
  fact.versions[fact.versions.length - 1] = {
    ...version,
    revoked: version.revoked || said === 'revoked',
    standing: isNew ? { said, at: now.getTime() } : standing,
    revokedBefore: standing?.said === 'revoked' ? standing.at : version.revokedBefore,
  };
  return `${fact.name} is ${said}`;
}
