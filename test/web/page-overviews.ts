import { addDays } from '../../src/domain/calendar.ts';
import type { CredentialState } from '../../src/domain/credential.ts';
import { leadInstant, leadTimes } from '../../src/domain/expiry.ts';
import type { CredentialStatus } from '../../src/register/status.ts';
import type { Overview, OverviewCredential, OverviewFinding } from '../../src/web/overview.ts';

/** The instant of every look. */
export const LOOK = new Date('2026-11-26T06:05:00Z');

const SECOND_MS = 1000;

export function secondsAgo(seconds: number): Date {
  return new Date(LOOK.getTime() - seconds * SECOND_MS);
}

export function aStatus(overrides: Partial<CredentialStatus> = {}): CredentialStatus {
  return {
    name: 'crates-io',
    kind: 'crates-io-token',
    owner: 'ada',
    purpose: 'publishes the widgets crates',
    state: 'ok',
    version: 1,
    createdAt: null,
    expiresAt: null,
    expirySource: 'entered',
    daysLeft: null,
    nextReminderAt: null,
    acknowledgedUntil: null,
    declared: true,
    retiredAt: null,
    baseline: null,
    unsettled: null,
    changed: null,
    oldTokens: [],
    beyondRules: [],
    destinations: [
      {
        repo: 'example/widgets',
        environment: 'release',
        secret: 'CARGO_REGISTRY_TOKEN',
        state: 'verified',
        version: 1,
        storedAt: null,
        remoteUpdatedAt: null,
        checkedAt: null,
        changedAt: null,
      },
    ],
    ...overrides,
  };
}

/** A year-long token that ends in `days`, on the first instant of a day. */
export function ending(
  days: number,
  status: Partial<CredentialStatus> = {},
  overrides: Partial<OverviewCredential> = {},
): OverviewCredential {
  const at = addDays(new Date('2026-11-27T00:00:00Z'), days);
  const leads = leadTimes(365).map((lead) => ({
    days: lead,
    at: leadInstant(at, lead),
    reached: leadInstant(at, lead) <= LOOK,
  }));
  const state: CredentialState = days < 0 ? 'expired' : days <= 3 ? 'critical' : days <= 60 ? 'due' : 'ok';
  const name = status.name ?? 'crates-io';
  return {
    status: aStatus({
      state,
      expiresAt: at.toISOString().replace('.000Z', 'Z'),
      daysLeft: days,
      nextReminderAt: (leads.find(({ reached }) => !reached)?.at ?? addDays(LOOK, 1)).toISOString(),
      ...status,
    }),
    kindTitle: 'crates.io API token',
    issuer: 'crates.io',
    page: 'https://crates.io/settings/tokens',
    breaks: 'crates can no longer be published with it: the release stops at the publishing step',
    leads,
    next: state === 'ok' ? undefined : `reseal rotate ${name}`,
    ...overrides,
  };
}

/** Without a date, in this state. */
export function undated(state: 'never' | 'planned' | 'unknown', name: string): OverviewCredential {
  const next = state === 'unknown' ? `reseal record ${name} --expires DATE` : undefined;
  return ending(400, { name, state, expiresAt: null, daysLeft: null }, { leads: [], next });
}

export function aFinding(overrides: Partial<OverviewFinding> = {}): OverviewFinding {
  return {
    pipeline: 'widgets',
    rule: 'environment-reviewers',
    subject: 'release',
    outcome: 'fail',
    severity: 'high',
    observed: 'nobody has to approve a deployment to it',
    remedy:
      'open https://github.com/example/widgets/settings/environments, choose `release`, tick "Required reviewers" and add `ada`.',
    firstSeenAt: secondsAgo(86_400 * 3),
    ...overrides,
  };
}

export function anOverview(overrides: Partial<Overview> = {}): Overview {
  return {
    now: LOOK,
    version: '0.1.0',
    command: 'reseal',
    credentials: [],
    omitted: 0,
    findings: [],
    pipelines: [],
    mail: {
      counts: { pending: 0, inFlight: 0, sent: 12, ambiguous: 0, dead: 0 },
      waiting: [],
      oldestDueAt: undefined,
      isConfigured: true,
    },
    troubles: [],
    beats: { cycle: secondsAgo(40), goodCycle: secondsAgo(40), verify: secondsAgo(7200) },
    head: { seq: 214, hash: '5f'.repeat(32) },
    ...overrides,
  };
}

/** Nothing asks for anybody. */
export function calm(): Overview {
  return anOverview({
    credentials: [
      ending(84, { name: 'npm-publish' }),
      ending(190, { name: 'crates-io' }),
      ending(500, { name: 'signing-certificate' }),
      undated('never', 'deploy-key'),
      undated('planned', 'pypi'),
    ],
    pipelines: [{ name: 'widgets', verifiedAt: secondsAgo(7200) }],
  });
}

/** One expired, two due, one without a date, what fails and what could not be seen, and mail that did not arrive. */
export function troubled(): Overview {
  return anOverview({
    command: 'docker compose exec reseal reseal',
    credentials: [
      ending(-4, { name: 'npm-publish' }),
      ending(2, { name: 'crates-io' }),
      ending(28, { name: 'signing-certificate', acknowledgedUntil: '2026-12-10T00:00:00Z' }),
      ending(130, { name: 'pypi', changed: 'somebody else changed example/widgets › release › PYPI_TOKEN' }),
      ending(200, { name: 'docker-hub' }),
      ending(355, { name: 'cloudflare' }),
      undated('unknown', 'gpg-key'),
      undated('never', 'deploy-key'),
    ],
    findings: [
      aFinding(),
      aFinding({
        rule: 'branch-force-push',
        subject: 'main',
        outcome: 'unknown',
        severity: 'medium',
        observed: 'GitHub answered 403: the token for verifying may not read it',
        remedy: 'give the token "Administration: read" for example/widgets.',
      }),
    ],
    pipelines: [{ name: 'widgets', verifiedAt: secondsAgo(7200) }],
    mail: {
      counts: { pending: 1, inFlight: 0, sent: 31, ambiguous: 1, dead: 1 },
      waiting: [
        {
          id: 12,
          state: 'dead',
          channel: 'mail',
          recipient: 'grace@example.org',
          about: 'npm-publish expired',
          lastError: '550 5.1.1 no such user',
          nextAttemptAt: undefined,
        },
        {
          id: 14,
          state: 'pending',
          channel: 'mail',
          recipient: 'ada@example.org',
          about: 'crates-io expires in 2 days',
          lastError: '451 4.7.1 try again later',
          nextAttemptAt: secondsAgo(-900),
        },
      ],
      oldestDueAt: secondsAgo(86_400 * 4),
      isConfigured: true,
    },
    troubles: [
      { name: 'configuration', detail: 'line 4, column 3: "owner" is not known', since: secondsAgo(5400) },
    ],
    beats: { cycle: secondsAgo(3600), goodCycle: secondsAgo(7200), verify: secondsAgo(86_400 * 3) },
  });
}

export function many(total: number): Overview {
  const credentials = Array.from({ length: total }, (_, index) => {
    const name = `repository-${String(index).padStart(3, '0')}-npm`;
    if (index % 25 === 24) return undated(index % 2 === 0 ? 'never' : 'unknown', name);
    return ending(Math.floor((index * 400) / total) - 1, { name });
  });
  return anOverview({ credentials });
}
