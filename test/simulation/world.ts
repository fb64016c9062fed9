import type { Declaration } from '../../src/domain/credential.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import type { Random } from './random.ts';

/** What a schedule starts from. */
export interface World {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly policy: ReminderPolicy;
  readonly credentials: readonly Declaration[];
  /** Of each credential; undefined: nothing is recorded. */
  readonly issues: readonly (Issue | undefined)[];
  readonly maxRepeats: number;
}

/** A version to be recorded. `left`: days until it expires, which may be negative. */
export interface Issue {
  readonly left: number | 'never' | 'unknown';
  readonly lifetimeDays: number | undefined;
}

const OWNERS = ['ada', 'grace', 'linus'] as const;
/** Without and with daylight saving, by an hour and by half of one, at odd offsets. */
const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
] as const;
/** Its tokens outlive a rotation. */
export const LIVES_ON = 'crates-io-token';
/** Where each credential is. A rotation writes to the first. */
export const PLACES = ['widgets', 'gadgets'].map((name) => ({
  repo: `example/${name}`,
  environment: 'release',
  secret: 'TOKEN',
}));
const DAY = 86_400_000;

export function makeWorld(random: Random): World {
  const owners = OWNERS.slice(0, random.between(1, 3));
  const ownerOf = () => owners[random.between(0, owners.length - 1)] ?? 'ada';
  const escalate = random.chance(0.5)
    ? { daysBefore: random.pick([1, 3, 7, 14]), to: random.chance(0.5) ? ['lead'] : [ownerOf()] }
    : undefined;
  const names = escalate?.to.includes('lead') ? [...owners, 'lead'] : owners;
  const webhook = { name: 'ops', owners: random.chance(0.5) ? undefined : [ownerOf()] };
  const issues = Array.from({ length: Math.min(random.between(1, 4), random.between(1, 4)) }, () =>
    firstIssue(random),
  );
  return {
    start: Date.UTC(2026, 0, 1) + random.between(0, 3 * 365 * 24 * 60) * 60_000,
    policy: {
      timezone: random.pick(ZONES),
      hour: random.pick([9, 2, 23, 0]),
      escalate,
      addresses: new Map(names.map((name) => [name, `${name}@example.org`])),
      webhooks: random.chance(0.35) ? [webhook] : [],
    },
    credentials: issues.map((_, index) => ({
      name: `token-${index + 1}`,
      // The old one of the first lives on when it is replaced.
      kind: random.chance(0.6) ? LIVES_ON : 'generic',
      owner: ownerOf(),
      purpose: undefined,
      lifetime: undefined,
      nameAtIssuer: undefined,
      scopes: [],
      planned: random.chance(0.3),
      destinations: PLACES,
    })),
    issues,
    maxRepeats: random.chance(0.9) ? 2 : 0,
  };
}

function firstIssue(random: Random): Issue | undefined {
  return random.chance(0.12) ? undefined : anyIssue(random);
}

/** Of all three classes of lifetime, and without a date; also what is nearly, or long, over. */
export function anyIssue(random: Random): Issue {
  const kind = random.weigh([
    [10, 'known'],
    [1, 'never'],
    [1, 'unknown'],
  ] as const);
  if (kind !== 'known') return { left: kind, lifetimeDays: undefined };
  const lifetimeDays = random.pick([365, 200, 180, 179, 120, 61, 60, 30, 14, 7, 3, 2]);
  const whole = random.weigh<number>([
    [6, random.between(0, lifetimeDays)],
    [2, lifetimeDays],
    [1, random.between(-20, 0)],
  ]);
  const left = whole + (random.chance(0.3) ? 0 : random.next());
  return { left, lifetimeDays: random.chance(0.8) ? lifetimeDays : undefined };
}

/** A whole number of milliseconds. */
export function days(count: number): number {
  return Math.round(count * DAY);
}
