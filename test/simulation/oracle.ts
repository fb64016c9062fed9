import type { Topic } from '../../src/remind/reminder.ts';
import { everDue, everLeaked, isUrgent, widestAudience } from './allowed.ts';
import { dayOf } from './due.ts';
import type { Ledger, Payload, Sender, SentKey, Transmission } from './ledger.ts';
import { isUnknown, keyText, mayHaveArrived } from './ledger.ts';
import type { Tick, Truth } from './truth.ts';
import { foreign, isQuiet, joiningAt, oldToken, ownersSince, standInsOf, versionOf } from './truth.ts';

// Looks at every transmission at the moment at which its data begins. The numbers are those of facts/reliability.md §5.7.

/** A promise that was broken. */
export interface Finding {
  readonly invariant: string;
  readonly detail: string;
}

/** What an oracle looks at. */
export interface Scene {
  readonly truth: Truth;
  readonly ledger: Ledger;
  readonly findings: Finding[];
  /** The latest that the clock has ever shown. */
  latest: number;
  /** When the clock was last put back; 0: never. */
  backAt: Tick;
  /** Rounds in the middle of which somebody else planned, by the tick at which they began to plan. */
  readonly besides: Set<Tick>;
}

/** What is about to be transmitted. */
export interface Beginning {
  readonly tick: Tick;
  readonly at: number;
  readonly sender: Sender;
  readonly message: number;
  readonly claim: number;
  readonly to: string;
  readonly bytes: string;
  readonly payload: Payload;
  /** When the round that it is part of began to plan. */
  readonly planned: Tick;
  /** Another round is going on, although the lock should have kept one of them out. */
  readonly contended: boolean;
  /** Of this round, those that are not repeats. */
  readonly fresh: readonly Transmission[];
}

/** Judges it, and enters it into the ledger. @returns the transmission and how it counts */
export function begin(scene: Scene, one: Beginning): { sent: Transmission; staleRepeat: boolean } {
  const { ledger, findings } = scene;
  const { payload, to, sender, bytes } = one;
  const broken = (invariant: string, detail: string) => {
    findings.push({ invariant, detail: `${detail} (message ${one.message} to ${to})` });
  };
  const repeat = payload.keys.some((key) =>
    ledger.of(keyText(key, to)).some((before) => isUnknown(before, sender) && before.bytes === bytes),
  );
  const fresh = payload.keys.filter((key) => holds(scene, key, one.at));
  const staleRepeat = repeat && fresh.length > 0 && fresh.length < payload.keys.length;
  for (const key of payload.keys) {
    judgeDoubling(scene, one, key, broken);
    // A repeat is the same mail: it may go on as long as any of what it says holds.
    if (!fresh.includes(key) && !staleRepeat) broken('I6 stale', `${keyText(key, to)} is no longer so`);
    if (repeat) continue;
    judgeTime(scene, key, broken);
    judgeRecipient(scene, one, key, broken);
    judgeOrder(scene, one, key, broken);
  }
  if (payload.to !== to.slice(to.indexOf('|') + 1)) broken('I6 recipient', `written for ${payload.to}`);
  const digest = payload.keys.some((key) => !isUrgent(scene.truth, key));
  const sent: Transmission = {
    tick: one.tick,
    planned: one.planned,
    at: one.at,
    sender,
    message: one.message,
    claim: one.claim,
    to,
    messageId: payload.messageId,
    bytes,
    keys: payload.keys,
    repeat,
    digest,
    accepted: false,
    answer: 'open',
  };
  if (!repeat) judgeDay(scene, one, sent, broken);
  if (repeat) judgeRepeats(scene, sent, broken);
  ledger.add(sent);
  return { sent, staleRepeat };
}

type Broken = (invariant: string, detail: string) => void;

/** What it says is so at this moment: of the current version, not retired, not put off. */
function holds({ truth }: Scene, key: SentKey, now: number): boolean {
  const fact = truth.find(key.credential);
  if (!fact || fact.retired) return false;
  if (key.topic === 'changed') return foreign(fact).some(({ changedAt }) => -dayOf(changedAt) === key.lead);
  if ((versionOf(fact)?.number ?? 0) !== key.version) return false;
  if (key.topic === 'unconfirmed') return fact.unconfirmed.length > 0;
  if (key.topic === 'old-token') {
    const old = oldToken(fact, now);
    return old !== undefined && (old.leaked || everLeaked(fact) || !isQuiet(fact, now));
  }
  return key.topic !== 'expiry' || !isQuiet(fact, now);
}

/** What was settled, or retired, and is so again within the same version, or the same day. */
const COMES_AGAIN: readonly Topic[] = ['unconfirmed', 'changed', 'old-token'];

/** I2: again only where the answer was lost, and then the same bytes. */
function judgeDoubling({ truth, ledger, backAt }: Scene, one: Beginning, key: SentKey, broken: Broken): void {
  const text = keyText(key, one.to);
  const before = ledger.of(text);
  if (before.some(({ accepted, answer }) => accepted && answer === 'durable'))
    broken('I2 doubled', `${text} had been accepted, and that was written down`);
  if (before.some(({ accepted, answer, sender }) => accepted && answer === 'heard' && sender === one.sender))
    broken('I2 doubled', `${text} had been accepted, and this process knew it`);
  const unknown = before.filter((other) => isUnknown(other, one.sender)).at(-1);
  if (!unknown || unknown.bytes === one.bytes || ledger.split.has(text)) return;
  // Owed anew because it had not been theirs for a while, or because what spoke for it has not come yet by a clock put back:
  // another mail, and not a repeat.
  if (backAt > unknown.tick && backAt < one.tick) return;
  const fact = truth.find(key.credential);
  const between = (at: Tick) => at > unknown.tick && at < one.tick;
  if (fact?.owners.some(({ from }) => between(from))) return;
  if (COMES_AGAIN.includes(key.topic) && fact?.ended.some(between)) return;
  broken('I2 bytes', `${text} is repeated as another mail`);
}

/** I3: only lead times that there are, and none before its time. */
function judgeTime({ truth, latest }: Scene, key: SentKey, broken: Broken): void {
  const fact = truth.find(key.credential);
  if (!fact || key.topic === 'rotated') return;
  if (everDue(truth, fact, key, latest).some(({ topic, lead }) => topic === key.topic && lead === key.lead))
    return;
  broken('I3 key', `${key.topic} ${key.lead} of ${key.credential} v${key.version} is not due`);
}

function judgeRecipient(
  { truth, ledger }: Scene,
  { to, planned }: Beginning,
  key: SentKey,
  broken: Broken,
): void {
  const fact = truth.find(key.credential);
  if (!fact) {
    broken('I6 recipient', `nobody knows ${key.credential}`);
    return;
  }
  if (key.topic === 'rotated') {
    const told = fact.notices.get(key.version)?.may ?? [];
    if (!told.includes(to))
      broken('I6 recipient', `the rotation of ${key.credential} concerns ${told.join(', ')}`);
    return;
  }
  const always = [
    ...ownersSince(truth, fact, planned),
    ...joiningAt(truth, widestAudience(fact, key), key.lead),
  ];
  if (always.includes(to)) return;
  const everOwned = ownersSince(truth, fact, 0);
  const lost = [...always, ...everOwned].some((other) => ledger.givenUp.has(keyText(key, other)));
  if (lost && standInsOf(truth).includes(to)) return;
  broken('I6 recipient', `${keyText(key, to)} concerns ${always.join(', ')}`);
}

/** I5: what was missed is said by one reminder, and nothing wider follows it. */
function judgeOrder({ ledger, backAt }: Scene, one: Beginning, key: SentKey, broken: Broken): void {
  // Each change is one of its own.
  if (key.topic === 'changed') return;
  const alike = one.payload.keys.filter(
    (other) =>
      other.credential === key.credential && other.version === key.version && other.topic === key.topic,
  );
  if (alike.length > 1) broken('I5 collapse', `one mail says ${alike.map(({ lead }) => lead).join(' and ')}`);
  const wider = (lead: number) => (key.topic === 'standing' ? lead > key.lead : lead < key.lead);
  const later = ledger
    .series(key, one.to)
    .find(
      ({ lead, sent }) => wider(lead) && sent.accepted && sent.answer === 'durable' && sent.tick > backAt,
    );
  if (later) broken('I5 collapse', `${keyText(key, one.to)} after ${later.lead}`);
}

/** One mail a recipient in a round, and one a day, but for what goes at once. */
function judgeDay(scene: Scene, one: Beginning, sent: Transmission, broken: Broken): void {
  const { truth, ledger, backAt, besides } = scene;
  // Tried by itself; or planned, perhaps, while another was on its way.
  const special = (other: { message: number; keys: readonly SentKey[]; planned: Tick }) =>
    besides.has(other.planned) ||
    ledger.retried.has(other.message) ||
    ledger.refused.has(other.message) ||
    other.keys.some(
      (key) => ledger.split.has(keyText(key, one.to)) || ledger.leftOut.has(keyText(key, one.to)),
    );
  if (one.contended || special(sent)) return;
  const before = one.fresh.find(
    (other) => other.to === one.to && other.message !== one.message && !special(other),
  );
  if (before) broken('I5 one mail', `message ${before.message} went out in the same round`);
  // What goes at once may take along what could wait.
  if (sent.keys.some((key) => isUrgent(scene.truth, key))) return;
  const day = truth.hours.dayOf(one.at);
  const same = ledger.all.find(
    (other) =>
      other.to === one.to &&
      other.digest &&
      !other.repeat &&
      other.message !== one.message &&
      other.tick > backAt &&
      mayHaveArrived(other) &&
      !special(other) &&
      truth.hours.dayOf(other.at) === day,
  );
  if (same) broken('day', `message ${same.message} was the day's one mail already`);
}

/** Two repeats of a message, and one more each time that a person asks for it. */
function judgeRepeats({ truth, ledger }: Scene, sent: Transmission, broken: Broken): void {
  const chain = ledger.all.filter(
    (other) => other.bytes === sent.bytes && other.to === sent.to && mayHaveArrived(other),
  );
  const most = 1 + truth.world.maxRepeats + (ledger.retried.get(sent.message) ?? 0);
  if (chain.length + 1 > most) broken('I2 repeats', `sent ${chain.length + 1} times`);
  if (chain.some(({ messageId }) => messageId !== sent.messageId))
    broken('I2 bytes', 'under another Message-ID');
}
