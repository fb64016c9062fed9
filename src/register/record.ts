import type { Lifetime } from '../domain/calendar.ts';
import {
  addDays,
  addLifetime,
  daysBetween,
  formatDay,
  parseInstant,
  parseLifetime,
} from '../domain/calendar.ts';
import type { Declaration, NewVersion } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';

/** What a person types to adopt a credential that already exists. */
export interface RecordRequest {
  readonly created?: string | undefined;
  readonly expires?: string | undefined;
  readonly lifetime?: string | undefined;
  readonly never?: boolean | undefined;
}

const FURTHEST_DAYS = 3653;

/**
 * The version that a `record` command describes. A date beyond ten years is taken for a typing error.
 *
 * @throws AppError invalid_input
 */
export function describeAdopted(request: RecordRequest, declaration: Declaration, now: Date): NewVersion {
  ensureOneStatement(request);
  const created = request.created === undefined ? undefined : parseInstant(request.created);
  if (created && created > now) {
    throw new AppError('invalid_input', `--created ${formatDay(created)} lies in the future`);
  }
  if (request.never) {
    return {
      expiry: { kind: 'never', source: 'entered' },
      lifetimeDays: undefined,
      createdAt: created,
      checked: 'not-asked',
    };
  }
  const lifetime = request.lifetime === undefined ? declaration.lifetime : parseLifetime(request.lifetime);
  if (request.expires !== undefined) {
    const at = withinReach(parseInstant(request.expires), '--expires', now);
    if (created && at <= created) throw new AppError('invalid_input', '--expires lies before --created');
    const lifetimeDays = created ? daysBetween(created, at) : lifetimeDaysOf(lifetime, at);
    return {
      expiry: { kind: 'known', at, source: 'entered' },
      lifetimeDays,
      createdAt: created,
      checked: 'not-asked',
    };
  }
  return computed(created, lifetime, declaration, now);
}

function computed(
  created: Date | undefined,
  lifetime: Lifetime | undefined,
  declaration: Declaration,
  now: Date,
): NewVersion {
  if (!created || !lifetime) {
    throw new AppError(
      'invalid_input',
      `"${declaration.name}" declares no lifetime, so --created alone gives no expiry`,
      {
        hints: [
          'add --lifetime 365d as it was chosen at the issuer, or state the date with --expires 2027-06-01',
        ],
      },
    );
  }
  const at = withinReach(
    addLifetime(created, lifetime),
    'the expiry computed from --created and the lifetime',
    now,
  );
  const lifetimeDays = daysBetween(created, at);
  return {
    expiry: { kind: 'known', at, source: 'computed' },
    lifetimeDays,
    createdAt: created,
    checked: 'not-asked',
  };
}

function ensureOneStatement(request: RecordRequest): void {
  const stated = [request.expires !== undefined, request.never === true].filter(Boolean).length;
  if (stated > 1) throw new AppError('invalid_input', '--expires and --never contradict each other');
  if (request.never && request.lifetime !== undefined) {
    throw new AppError('invalid_input', '--lifetime and --never contradict each other');
  }
  if (request.expires !== undefined && request.lifetime !== undefined) {
    throw new AppError('invalid_input', '--expires and --lifetime say the same thing twice', {
      hints: ['keep --expires: it is the date that the issuer shows'],
    });
  }
  if (request.created === undefined && stated === 0) {
    throw new AppError('invalid_input', 'nothing says when it expires', {
      hints: [
        'state what the issuer shows: --expires 2027-06-01',
        'or when it was made: --created 2026-06-01 --lifetime 365d',
        'or that it never does: --never',
      ],
    });
  }
}

/** The declared lifetime, where the expiry alone was stated: it chooses the lead times, not the date. */
function lifetimeDaysOf(lifetime: Lifetime | undefined, expiresAt: Date): number | undefined {
  if (!lifetime) return undefined;
  const days = daysBetween(expiresAt, addLifetime(expiresAt, lifetime));
  return days;
}

function withinReach(at: Date, what: string, now: Date): Date {
  if (at > addDays(now, FURTHEST_DAYS) || at < addDays(now, -FURTHEST_DAYS)) {
    throw new AppError('invalid_input', `${what} (${formatDay(at)}) is more than ten years away`, {
      hints: ['check the year; for a credential without expiry use --never'],
    });
  }
  return at;
}
