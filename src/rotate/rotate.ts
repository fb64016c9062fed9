import type { Destination, NewVersion } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { describeError, isAppError } from '../domain/error.ts';
import { Secret } from '../domain/secret.ts';
import { encodeBase64 } from '../kinds/encode.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Checking, Verdict } from './check.ts';
import { check } from './check.ts';
import { patiently } from './patience.ts';
import type { ReadyDestination, RotationResult, StepReport, Submission, SubmitOutcome } from './rotation.ts';
import { abandon, Stopped, stoppable } from './stop.ts';
import type { Placed } from './store.ts';
import { confirmHints, placeToken } from './store.ts';

/** One open rotation: who is being rotated, and everything it may use. */
export type Rotation = Checking;

/** Each destination as it is before anybody is asked for a token. */
export type Ready = ReadonlyMap<Destination, ReadyDestination>;

/**
 * Whether every destination can be read, and what it holds now: before anybody is asked for a token.
 *
 * @throws AppError saying what to do
 */
export async function precheck(
  rotation: Pick<Rotation, 'declaration' | 'destinations' | 'store' | 'report' | 'sleep'>,
): Promise<Ready> {
  const views = new Map<Destination, ReadyDestination>();
  const total = rotation.destinations.length;
  for (const destination of rotation.destinations) {
    const say = (outcome: string, detail?: string) =>
      rotation.report({
        step: 'precheck',
        credential: rotation.declaration.name,
        destination: formatDestination(destination),
        outcome,
        ...(detail ? { detail } : {}),
        ...(total > 1 ? { progress: { done: views.size, total } } : {}),
      });
    const waiting = { sleep: rotation.sleep, say: (text: string) => say('limited', text) };
    const view = await patiently(waiting, () => rotation.store.precheck(destination));
    views.set(destination, view);
    say(view.updatedAt ? 'ready' : 'will be created');
  }
  return views;
}

/**
 * Takes one submission through: check → judge → store → look back → record, or to a stop. Token and password are wiped when it
 * returns.
 */
export async function submit(
  rotation: Rotation,
  before: Ready,
  submission: Submission,
  progress: (step: StepReport) => void,
): Promise<SubmitOutcome> {
  const reporting: Rotation = {
    ...stoppable(rotation),
    report: (step) => {
      rotation.report(step);
      progress(step);
    },
  };
  try {
    const verdict = await checkDurably(reporting, submission);
    if (verdict.kind === 'refused') return verdict;
    return { kind: 'finished', result: await keep(reporting, before, submission, verdict) };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { kind: 'finished', result: abandon(rotation) };
  } finally {
    submission.token.wipe();
    submission.password?.wipe();
  }
}

type Accepted = Extract<Verdict, { kind: 'accepted' }>;

async function keep(
  rotation: Rotation,
  before: Ready,
  { token }: Submission,
  { version, encoding, says, warnings }: Accepted,
): Promise<RotationResult> {
  const sealed = encoding ? new Secret(encodeBase64(token.reveal())) : token;
  try {
    const result = await (before.size > 0
      ? storeAndRecord(rotation, before, sealed, version)
      : recordAlone(rotation, version));
    return {
      ...result,
      ...(says.length > 0 ? { says } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  } finally {
    if (sealed !== token) sealed.wipe();
  }
}

/** Where it is to be stored nowhere, its date is what there is to keep. */
async function recordAlone(rotation: Rotation, version: NewVersion): Promise<RotationResult> {
  const { log, id, now, stop } = rotation;
  await stop?.begin();
  try {
    const number = log.record(id, version, now());
    const next = afterwards(rotation, new Map());
    return { outcome: 'recorded', version: number, expiry: version.expiry, next, destinationless: true };
  } catch (error) {
    return unrecorded(rotation, [], error);
  }
}

/** Nothing has been sent to GitHub here, so a journal that cannot be written refuses the submission and no more. */
async function checkDurably(rotation: Rotation, submission: Submission): Promise<Verdict> {
  const { id, log, now } = rotation;
  try {
    const verdict = await check(rotation, submission);
    if (verdict.kind === 'refused') log.move(id, 'opened', now(), 'a submission was refused');
    else log.move(id, 'checked', now());
    return verdict;
  } catch (error) {
    if (error instanceof Stopped || !isAppError(error)) throw error;
    const reasons = [`nothing was stored, because it cannot be recorded: ${error.message}`];
    return { kind: 'refused', reasons, mayStoreUnchecked: false };
  }
}

async function storeAndRecord(
  rotation: Rotation,
  before: Ready,
  token: Secret,
  version: NewVersion,
): Promise<RotationResult> {
  const placed: Placed[] = [];
  let hopeless: Placed | undefined;
  for (const [destination, view] of before) {
    const counting = { ...rotation, report: counted(rotation, placed.length + 1, before.size) };
    const one = hopeless
      ? notTried(destination, counting.report, rotation.credential)
      : await placeToken(counting, token, destination, version, view);
    if (one.kind !== 'verified' && one.everywhere) hopeless = one;
    if (rotation.stop?.isAsked) throw new Stopped();
    placed.push(one);
  }
  try {
    return conclude(rotation, before, placed, version);
  } catch (error) {
    return unrecorded(rotation, placed, error);
  }
}

/** With several destinations, each line says how far it has come. */
function counted({ report }: Rotation, done: number, total: number): Rotation['report'] {
  return total > 1 ? (step) => report({ ...step, progress: { done, total } }) : report;
}

/** Where an earlier one failed for a reason that is the same everywhere. */
function notTried(destination: Destination, report: Rotation['report'], credential: string): Placed {
  const reason = 'not tried after that; nothing was stored';
  const place = formatDestination(destination);
  report({ step: 'stored', credential, destination: place, outcome: 'failed', detail: reason });
  return { kind: 'failed', destination, reason, hints: [] };
}

/** One outcome of all destinations together. A version is recorded when at least one place surely has it. */
function conclude(
  rotation: Rotation,
  before: Ready,
  placed: readonly Placed[],
  version: NewVersion,
): RotationResult {
  const { log, id, now } = rotation;
  const { reasons, next } = tell(placed);
  if (placed.some((place) => place.kind === 'verified')) {
    log.move(id, 'stored', now());
    log.move(id, 'verified', now());
    const number = log.record(id, version, now());
    return {
      outcome: reasons.length === 0 ? 'recorded' : 'partial',
      version: number,
      expiry: version.expiry,
      ...(reasons.length > 0 ? { reasons } : {}),
      next: [
        ...next,
        // The old token is needed as long as a place still holds it.
        ...(reasons.length > 0 ? missingHints(rotation) : afterwards(rotation, before)),
      ],
    };
  }
  const outcome = placed.some((place) => place.kind === 'unconfirmed') ? 'unconfirmed' : 'failed';
  log.move(id, outcome, now(), reasons.join('; '));
  return { outcome, reasons, next };
}

function missingHints({ credential }: Rotation): readonly string[] {
  return [
    `store the same token where it is missing: \`reseal rotate ${credential} --only-missing\` (keep it at hand until then)`,
  ];
}

/** What is left of the old token, and who is told that it is gone. */
function afterwards(rotation: Rotation, before: Ready): readonly string[] {
  const { kind, completes, credential, now } = rotation;
  if (!kind.afterwards) return [];
  const { current } = rotation;
  // Of a completion, the current version is the new token already, and nothing is known here of the one before.
  if (completes) return (current?.version ?? 1) > 1 ? goneOf(kind, credential) : [];
  const replaced = current !== undefined || [...before.values()].some(({ updatedAt }) => updatedAt);
  const isOver = current?.expiry.kind === 'known' && current.expiry.at <= now();
  if (!replaced || current?.revokedAt || isOver) return [];
  if (current?.standing === 'leaked') {
    const page = kind.pages ? ` ${kind.pages.revoke}` : '';
    return [
      `If the leaked token is not revoked yet, revoke it now at ${kind.issuer}:${page}`,
      sayGone(credential),
    ];
  }
  // What was never recorded is not asked about later either.
  return goneOf(kind, credential).slice(0, current ? 2 : 1);
}

function goneOf({ afterwards: text, pages }: Kind, credential: string): readonly string[] {
  return [`${text}${pages ? ` ${pages.revoke}` : ''}`, sayGone(credential)];
}

function sayGone(credential: string): string {
  return `then say so, or reminders of it go on: \`reseal confirm ${credential} --old-revoked\``;
}

/** Our own record failed at the end. What GitHub has is told all the same, and nothing more than that. */
function unrecorded(rotation: Rotation, placed: readonly Placed[], error: unknown): RotationResult {
  const { reasons, next } = tell(placed);
  const failure = `our own record of it failed: ${describeError(error)}`;
  const told = reasons.some((reason) => reason.includes(failure));
  if (placed.every((place) => place.kind === 'failed')) {
    return { outcome: 'failed', reasons: told ? reasons : [...reasons, failure], next };
  }
  const has = placed.some((place) => place.kind === 'verified') ? 'has' : 'may have';
  return {
    outcome: 'unconfirmed',
    reasons: told ? reasons : [...reasons, `GitHub ${has} the new token, and ${failure}`],
    next: [...new Set([...next, ...confirmHints(rotation.credential)])],
  };
}

function tell(placed: readonly Placed[]): {
  readonly reasons: readonly string[];
  readonly next: readonly string[];
} {
  const problems = placed.filter((place) => place.kind !== 'verified');
  return {
    reasons: problems.map((place) => `${formatDestination(place.destination)}: ${place.reason}`),
    next: [...new Set(problems.flatMap((place) => place.hints))],
  };
}
