import type { NewVersion } from '../../src/domain/credential.ts';
import type { Fate } from '../../src/rotate/recover.ts';
import { judgeFate } from '../../src/rotate/recover.ts';
import type { DestinationIntent, ReadyDestination } from '../../src/rotate/rotation.ts';
import { placeToken } from '../../src/rotate/store.ts';
import type { Storing } from '../../src/rotate/write.ts';
import { DESTINATION, NOW } from '../support/builders.ts';
import { secretOf, TOKEN, testClock } from '../support/stand-ins.ts';

// Every small history of one write whose process dies while it is on its way. The intent comes from the real `placeToken`, with its
// real look at what was there before; the verdict from the real `judgeFate`. In between, GitHub is a list of writes.

/** One history. All times in seconds. */
export interface Case {
  /** Between the secret's last change and the moment at which the rotation wants to write; undefined: there is no secret yet. */
  readonly age: number | undefined;
  /** How far into a second of GitHub's clock that moment lies. */
  readonly phase: number;
  /** After the PUT has left: when it lands; undefined: never. */
  readonly latency: number | undefined;
  /** After the PUT has left: when somebody else writes; undefined: nobody does. */
  readonly outside: number | undefined;
  /** How long a read still shows what was before a write. */
  readonly lag: number;
  /** After the PUT has left: when the recovery looks. */
  readonly read: number;
}

export interface Rules {
  /** Before writing, it is waited until the baseline is two seconds old. */
  readonly guard: boolean;
  /** Nothing is said to have failed within a minute of the intent. */
  readonly settle: boolean;
}

type Axes = { readonly [Axis in keyof Case]: readonly Case[Axis][] };

const NEVER = undefined;
const CHOSEN: NewVersion = {
  expiry: { kind: 'never', source: 'entered' },
  lifetimeDays: undefined,
  createdAt: undefined,
  checked: 'live',
};

/** The small grid: 17 × 2 × 4 × 4 = 544. */
export const SMALL: Axes = {
  latency: [NEVER, 0, 0.4, 0.9, 1, 1.5, 2, 3, 5, 8, 10, 15, 20, 25, 30, 35, 40],
  outside: [NEVER, 5],
  age: [0.2, 0.9, 1.9, 3_600],
  read: [3, 30, 60.5, 3_600],
  phase: [0.3],
  lag: [0],
};

/** The large one: the same, with other places in the second, other writers, replicas that lag, and a secret that is created. */
export const LARGE: Axes = {
  latency: [NEVER, 0, 0.1, 0.4, 0.7, 0.9, 1, 1.5, 2, 3, 5, 8, 10, 15, 20, 25, 30, 35, 40],
  outside: [NEVER, 0.05, 0.5, 5, 30, 59],
  age: [NEVER, 0, 0.2, 0.5, 0.9, 1.2, 1.9, 2.1, 3_600],
  read: [1, 3, 10, 30, 59.5, 60.5, 61, 120, 3_600],
  phase: [0, 0.3, 0.65, 0.95],
  lag: [0, 2, 15],
};

export function casesOf(axes: Axes): readonly Case[] {
  return axes.age.flatMap((age) =>
    axes.phase.flatMap((phase) =>
      axes.latency.flatMap((latency) =>
        axes.outside.flatMap((outside) =>
          axes.lag.flatMap((lag) => axes.read.map((read) => ({ age, phase, latency, outside, lag, read }))),
        ),
      ),
    ),
  );
}

export interface Judged extends Case {
  readonly fate: Fate;
  /** It says that nothing was stored, of a write that has landed or will. */
  readonly wrong: boolean;
}

/** @param acknowledged GitHub had said yes before the process died */
export async function judgeAll(
  cases: readonly Case[],
  rules: Rules,
  acknowledged = false,
): Promise<readonly Judged[]> {
  const left = new Map<string, Left>();
  const judged: Judged[] = [];
  for (const one of cases) {
    const start = `${one.age} ${one.phase}`;
    const beginning = left.get(start) ?? (await leave(one, rules));
    left.set(start, beginning);
    const fate = recover(one, beginning, rules, acknowledged);
    judged.push({ ...one, fate, wrong: fate === 'not-stored' && one.latency !== undefined });
  }
  return judged;
}

/** What the dead process left: its intent, and the moment at which the PUT left. */
interface Left {
  readonly intent: DestinationIntent;
  readonly sentAt: number;
}

const SECOND = 1_000;
const whole = (ms: number) => new Date(Math.floor(ms / SECOND) * SECOND);

/** Runs the real flow up to its PUT. Without the guard, its waiting is over at once. */
async function leave({ age, phase }: Pick<Case, 'age' | 'phase'>, { guard }: Rules): Promise<Left> {
  const start = NOW.getTime() + phase * SECOND;
  const clock = testClock(new Date(start));
  const updatedAt = age === undefined ? undefined : whole(start - age * SECOND);
  const view = (): ReadyDestination => ({
    updatedAt,
    serverTime: whole(clock.now().getTime()),
    key: { keyId: '1', key: '', serverTime: whole(start) },
  });
  let left: Left | undefined;
  const storing: Storing = {
    id: 'rotation-1',
    credential: 'crates-io',
    log: {
      open: () => undefined,
      move: () => undefined,
      intend: (_, intent) => {
        left ??= { intent, sentAt: clock.now().getTime() };
      },
      settleDestination: () => undefined,
      record: () => 1,
      disown: () => undefined,
      unfinished: () => [],
      unsettled: () => [],
      lateAttempts: () => [],
    },
    store: {
      precheck: async () => view(),
      read: async () => view(),
      names: async () => [],
      publicKey: async () => view().key,
      seal: async () => 'sealed',
      connect: async () => undefined,
      put: async () => ({ kind: 'refused', reason: 'the process is dead by now', hints: [] }),
    },
    pace: { take: async () => undefined },
    now: clock.now,
    sleep: guard ? clock.sleep : async () => undefined,
    report: () => undefined,
  };
  await placeToken(storing, secretOf(TOKEN), DESTINATION, CHOSEN, view());
  if (!left) throw new Error('nothing was intended');
  return left;
}

function recover(one: Case, { intent, sentAt }: Left, { settle }: Rules, acknowledged: boolean): Fate {
  const at = sentAt + one.read * SECOND;
  const shown = [one.latency, one.outside]
    .filter((seconds) => seconds !== undefined)
    .map((seconds) => sentAt + seconds * SECOND)
    .filter((written) => written + one.lag * SECOND <= at);
  const updatedAt = shown.length > 0 ? whole(Math.max(...shown)) : intent.baselineUpdatedAt;
  // Without the rule, the minute seems to have passed at once.
  const intendedAt = settle ? intent.intendedAt : new Date(intent.intendedAt.getTime() - 60 * SECOND);
  return judgeFate(
    {
      destination: DESTINATION,
      state: acknowledged ? 'stored' : 'intended',
      baselineUpdatedAt: intent.baselineUpdatedAt,
      intendedAt,
      remoteUpdatedAt: undefined,
    },
    { updatedAt, serverTime: whole(at) },
  );
}

export const VARIANTS: readonly { readonly name: string; readonly rules: Rules }[] = [
  { name: 'both rules', rules: { guard: true, settle: true } },
  { name: 'neither rule', rules: { guard: false, settle: false } },
  { name: 'the minute after the intent alone', rules: { guard: false, settle: true } },
  { name: 'the two seconds before it alone', rules: { guard: true, settle: false } },
];

export function count(judged: readonly Judged[], fate: Fate): number {
  return judged.filter((one) => one.fate === fate).length;
}

export function wrongOf(judged: readonly Judged[]): number {
  return judged.filter(({ wrong }) => wrong).length;
}
