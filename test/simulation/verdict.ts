import type { Reminder, ReminderKey, WaitingMessage } from '../../src/remind/reminder.ts';
import type { SentKey } from './ledger.ts';
import { keyText, sentKey } from './ledger.ts';
import type { Scene } from './oracle.ts';
import type { CredentialFact } from './truth.ts';
import {
  addresseeText,
  everySeries,
  isQuiet,
  joiningAt,
  ownersSince,
  standInsOf,
  versionOf,
} from './truth.ts';

/** What the program shows of what it has not delivered. */
export interface Shown {
  readonly waiting: readonly WaitingMessage[];
  readonly owed: readonly Reminder[];
}

/** I1 and more, once everything has had its time: what is still owed to anybody, and shown to nobody? @returns how many are lost */
export function judgeEnd(scene: Scene, now: number, shown: Shown): number {
  const ended = listEnded(shown);
  let lost = 0;
  for (const fact of scene.truth.credentials) {
    for (const owed of [...latestOf(scene, fact, now, ended), ...noticesOf(fact)]) {
      if (isTold(scene, fact, owed, ended)) continue;
      lost++;
      scene.findings.push({
        invariant: 'I1 lost',
        detail: `${keyText(owed.key, owed.to)} never arrived`,
      });
    }
  }
  judgeWaiting(scene, shown);
  return lost;
}

interface Owed {
  readonly key: SentKey;
  readonly to: string;
  /** Whoever acknowledged it knows of it. */
  readonly quiets: boolean;
}

/** The most urgent reminder that has come of each series, for each recipient. */
function latestOf(scene: Scene, fact: CredentialFact, now: number, ended: readonly Ended[]): readonly Owed[] {
  const { truth } = scene;
  if (fact.retired) return [];
  return everySeries(truth, fact, now).flatMap(({ version, due, audience, quiets }): readonly Owed[] => {
    const latest = due.at(-1);
    if (!latest || (quiets && isQuiet(fact, now))) return [];
    const always = [
      ...ownersSince(truth, fact, Number.POSITIVE_INFINITY),
      ...joiningAt(truth, audience, latest.lead),
    ];
    const key = { credential: fact.name, version, topic: latest.topic, lead: latest.lead };
    const lost = always.some((to) =>
      ended.some((one) => one.dead && one.lead === key.lead && one.series === seriesText(key, to)),
    );
    return [...new Set([...always, ...(lost ? standInsOf(truth) : [])])].map((to) => ({ key, to, quiets }));
  });
}

/** The one notice after the last rotation. */
function noticesOf(fact: CredentialFact): readonly Owed[] {
  const version = versionOf(fact)?.number ?? 0;
  const told = fact.retired ? [] : (fact.notices.get(version)?.must ?? []);
  const key: SentKey = { credential: fact.name, version, topic: 'rotated', lead: 0 };
  return told.map((to) => ({ key, to, quiets: false }));
}

/** Accepted, or shown to people as given up or in doubt; or something more urgent was. */
function isTold(
  scene: Scene,
  fact: CredentialFact,
  { key, to, quiets }: Owed,
  ended: readonly Ended[],
): boolean {
  const asUrgent = (lead: number) => {
    if (key.topic === 'changed') return lead === key.lead;
    return key.topic === 'standing' ? lead >= key.lead : lead <= key.lead;
  };
  if (ended.some((one) => one.series === seriesText(key, to) && asUrgent(one.lead))) return true;
  // Whoever acknowledged what may have been delivered knows of it.
  const acknowledged = (tick: number) => quiets && fact.acknowledgements.some((one) => one > tick);
  return scene.ledger
    .series(key, to)
    .some(
      ({ lead, sent }) =>
        asUrgent(lead) && (sent.accepted || (isDoubtful(sent.answer) && acknowledged(sent.tick))),
    );
}

function isDoubtful(answer: string): boolean {
  return answer !== 'durable';
}

/** What people are shown as given up or in doubt. */
interface Ended {
  readonly series: string;
  readonly lead: number;
  readonly dead: boolean;
}

function seriesText({ credential, version, topic }: SentKey, to: string): string {
  return `${credential} v${version} ${topic} ${to}`;
}

function listEnded({ waiting, owed }: Shown): readonly Ended[] {
  const endedOf = (reminder: ReminderKey, dead: boolean): Ended => {
    const key = sentKey(reminder);
    return { series: seriesText(key, addresseeText(reminder)), lead: key.lead, dead };
  };
  return [
    ...waiting
      .filter(({ state, nextAttemptAt }) => state === 'dead' || (state === 'ambiguous' && !nextAttemptAt))
      .flatMap(({ state, reminders }) => reminders.map((reminder) => endedOf(reminder, state === 'dead'))),
    ...owed.filter(({ state }) => state === 'dead').map((reminder) => endedOf(reminder, true)),
  ];
}

/** I8, I9: with everything in health nothing waits; what is left was given up, or is in doubt. */
function judgeWaiting({ findings }: Scene, { waiting }: Shown): void {
  for (const { id, state, nextAttemptAt } of waiting) {
    if (state === 'in-flight') findings.push({ invariant: 'in flight', detail: `message ${id} for ever` });
    else if (state === 'pending' || nextAttemptAt)
      findings.push({ invariant: 'I9 waits', detail: `message ${id} is ${state} with nothing in its way` });
  }
}
