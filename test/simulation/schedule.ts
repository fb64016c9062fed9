import type { Random } from './random.ts';
import { openRandom } from './random.ts';
import type { Issue, World } from './world.ts';
import { anyIssue, days, makeWorld } from './world.ts';

// A schedule is written down before it runs: the same steps can be run again, and fewer of them.

export interface Schedule {
  readonly seed: number;
  readonly world: World;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'round'; readonly round: RoundPlan }
  /** The process ends between two rounds, and another starts. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'change'; readonly change: Change }
  /** A holder whose claim is outdated tries everything. */
  | { readonly kind: 'outdated-claim' };

/** What another process records. `which` is taken modulo what there is. */
export type Change =
  | { readonly kind: 'record' | 'rotate'; readonly which: number; readonly issue: Issue }
  | { readonly kind: 'acknowledge'; readonly which: number; readonly days: number }
  | { readonly kind: 'retire' | 'vanish'; readonly which: number }
  | { readonly kind: 'owner'; readonly which: number; readonly owner: number }
  | { readonly kind: 'alarm'; readonly which: number; readonly said: 'revoked' | 'leaked' }
  /** A rotation that reached GitHub, and nobody knows what became of it. */
  | { readonly kind: 'unconfirmed'; readonly which: number }
  /** `confirm`: the oldest that is unconfirmed was stored, or was not. */
  | { readonly kind: 'settle'; readonly which: number; readonly stored: Issue | undefined }
  /** What a look at a place shows. */
  | { readonly kind: 'look'; readonly which: number; readonly place: number; readonly shows: Shows }
  /** `confirm --old-revoked` */
  | { readonly kind: 'old-revoked'; readonly which: number }
  /** `remind` beside a running daemon: it plans, and leaves the sending to that. */
  | { readonly kind: 'sweep' }
  /** `outbox retry` of something that is not delivered. */
  | { readonly kind: 'retry'; readonly which: number };

/** That a secret was changed elsewhere, is gone, or is as it was. */
export type Shows = 'changed-elsewhere' | 'missing' | 'verified';

/** What the receiver makes of one transmission. */
export type Fate =
  | 'accepted'
  | 'refused-for-now'
  | 'refused'
  | 'refused-for-now-after-dot'
  | 'refused-after-dot'
  | 'unreachable'
  | 'login'
  | 'lost-but-accepted'
  | 'lost'
  | 'broken-off'
  | 'thrown-before'
  | 'thrown-after'
  | 'stale-connection'
  | 'too-large';

export interface RoundPlan {
  /** Of one transmission after the other; then of all the rest. */
  readonly fates: readonly Fate[];
  readonly rest: Fate;
  /** The process is killed at its `call`th durable step. */
  readonly crash: { readonly call: number; readonly when: 'before' | 'after' } | undefined;
  /** So many writes from the `call`th durable step on fail, before they are committed or after. */
  readonly full:
    | { readonly call: number; readonly count: number; readonly when: 'before' | 'after' }
    | undefined;
  readonly intrusions: readonly Intrusion[];
  /** What cannot be rendered while this round lasts. */
  readonly poison: number | undefined;
}

/** What happens in the middle of a round. */
export type Intrusion =
  | { readonly at: 'call'; readonly call: number; readonly what: Meanwhile }
  | { readonly at: Point; readonly send: number; readonly what: Meanwhile | Worker };

/** Of a transmission: before the receiver is ready, once the data has begun, and once it has been accepted or not. */
export type Point = 'before-data' | 'data' | 'answer';

export type Meanwhile =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'advance'; readonly ms: number };

/** A second process comes round although the lock should keep it out. `parked`: it stops in the middle of its first transmission. */
export interface Worker {
  readonly kind: 'worker';
  readonly round: RoundPlan;
  readonly parked: Point | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function makeSchedule(seed: number): Schedule {
  const random = openRandom(seed);
  const world = makeWorld(random);
  const weather = makeWeather(random);
  // Mostly short: what goes wrong goes wrong within a few steps.
  const count = Math.min(...Array.from({ length: 5 }, () => random.between(5, 60)));
  const steps: Step[] = [];
  while (steps.length < count) {
    steps.push(anyStep(random, weather));
    steps.push(...another(random, steps.at(-1)));
    // Time has passed: mostly somebody comes round.
    if (steps.at(-1)?.kind === 'advance' && random.chance(0.7)) {
      steps.push({ kind: 'round', round: anyRound(random, weather) });
    }
  }
  return { seed, world, steps };
}

/** Whoever changes one secret often changes the other one too, on another day. */
function another(random: Random, step: Step | undefined): readonly Step[] {
  if (step?.kind !== 'change' || step.change.kind !== 'look' || !random.chance(0.4)) return [];
  const change: Change = { ...step.change, place: 1 - step.change.place, shows: 'changed-elsewhere' };
  return [
    { kind: 'advance', ms: days(random.between(1, 4)) },
    { kind: 'change', change },
  ];
}

export const CALM: RoundPlan = {
  fates: [],
  rest: 'accepted',
  crash: undefined,
  full: undefined,
  intrusions: [],
  poison: undefined,
};

/** How bad it is, so that some schedules have one trouble and some have all of them. */
interface Weather {
  readonly faults: number;
  readonly crashes: number;
  readonly full: number;
  readonly intrusions: number;
  readonly backwards: number;
  readonly changes: number;
  readonly poison: number;
  readonly fates: readonly (readonly [number, Fate])[];
}

const FATES: readonly Fate[] = [
  'refused-for-now',
  'refused',
  'refused-for-now-after-dot',
  'refused-after-dot',
  'unreachable',
  'login',
  'lost-but-accepted',
  'lost',
  'broken-off',
  'thrown-before',
  'thrown-after',
  'stale-connection',
  'too-large',
];

function makeWeather(random: Random): Weather {
  const some = (often: number, most: number) => (random.chance(often) ? random.next() * most : 0);
  return {
    faults: some(0.7, 0.8),
    crashes: some(0.6, 0.5),
    full: some(0.3, 0.3),
    intrusions: some(0.7, 0.8),
    backwards: some(0.25, 0.3),
    changes: some(0.8, 0.5),
    poison: some(0.15, 0.3),
    fates: FATES.map((fate) => [random.chance(0.4) ? random.next() : 0.01, fate] as const),
  };
}

function anyStep(random: Random, weather: Weather): Step {
  return random.weigh<() => Step>([
    [8, () => ({ kind: 'advance', ms: anyAdvance(random, weather) })],
    [2, () => ({ kind: 'round', round: anyRound(random, weather) })],
    [6 * weather.changes, () => ({ kind: 'change', change: anyChange(random) })],
    [weather.crashes, () => ({ kind: 'restart' })],
    [0.2, () => ({ kind: 'outdated-claim' })],
  ])();
}

function anyAdvance(random: Random, weather: Weather): number {
  const ms = random.weigh<() => number>([
    [2, () => MINUTE],
    [2, () => random.between(1, 59) * MINUTE],
    [3, () => random.between(1, 23) * HOUR + random.between(0, 3_599_999)],
    [3, () => days(1)],
    [3, () => days(random.between(1, 9))],
    [1, () => days(random.next() * 45)],
  ])();
  return random.chance(weather.backwards) ? -ms : ms;
}

function anyRound(random: Random, weather: Weather, nested = false): RoundPlan {
  const fate = (): Fate => (random.chance(weather.faults) ? random.weigh(weather.fates) : 'accepted');
  const when = () => random.pick(['before', 'after'] as const);
  return {
    fates: Array.from({ length: random.between(1, 4) }, fate),
    rest: random.chance(0.7) ? 'accepted' : fate(),
    crash: random.chance(weather.crashes) ? { call: anyCall(random), when: when() } : undefined,
    full: random.chance(weather.full)
      ? { call: anyCall(random), count: random.pick([1, 1, 2, 5, 100]), when: when() }
      : undefined,
    intrusions:
      !nested && random.chance(weather.intrusions)
        ? Array.from({ length: random.between(1, 2) }, () => anyIntrusion(random, weather))
        : [],
    poison: random.chance(weather.poison) ? random.between(0, 3) : undefined,
  };
}

/** Most rounds have few durable steps. */
function anyCall(random: Random): number {
  return random.chance(0.8) ? random.between(1, 14) : random.between(1, 40);
}

function anyIntrusion(random: Random, weather: Weather): Intrusion {
  const meanwhile = (): Meanwhile =>
    random.chance(0.75)
      ? { kind: 'change', change: anyChange(random) }
      : {
          kind: 'advance',
          ms: random.chance(0.5) ? random.between(1, 40) * MINUTE : anyAdvance(random, weather),
        };
  if (random.chance(0.3)) return { at: 'call', call: anyCall(random), what: meanwhile() };
  const worker = (): Worker => ({
    kind: 'worker',
    round: anyRound(random, weather, true),
    parked: random.chance(0.5) ? random.pick(['before-data', 'data', 'answer']) : undefined,
  });
  return {
    at: random.pick(['before-data', 'data', 'answer']),
    send: random.between(1, 3),
    what: random.chance(0.4) ? worker() : meanwhile(),
  };
}

function anyChange(random: Random): Change {
  const which = random.between(0, 7);
  return random.weigh<() => Change>([
    [3, () => ({ kind: 'rotate', which, issue: anyIssue(random) })],
    [2, () => ({ kind: 'record', which, issue: anyIssue(random) })],
    [3, () => ({ kind: 'acknowledge', which, days: random.between(1, 40) })],
    [1, () => ({ kind: 'retire', which })],
    [2, () => ({ kind: 'vanish', which })],
    [2, () => ({ kind: 'owner', which, owner: random.between(0, 3) })],
    [2, () => ({ kind: 'alarm', which, said: random.pick(['revoked', 'leaked']) })],
    [2, () => ({ kind: 'unconfirmed', which })],
    [1.5, () => ({ kind: 'settle', which, stored: random.chance(0.4) ? anyIssue(random) : undefined })],
    [
      4,
      () => ({
        kind: 'look',
        which,
        place: random.between(0, 1),
        shows: random.pick(['changed-elsewhere', 'changed-elsewhere', 'missing', 'verified']),
      }),
    ],
    [0.7, () => ({ kind: 'old-revoked', which })],
    [2, () => ({ kind: 'retry', which })],
    [1, () => ({ kind: 'sweep' })],
  ])();
}
