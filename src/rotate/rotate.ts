import type { Declaration, Destination, NewVersion } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { describeError, isAppError } from '../domain/error.ts';
import type { Kind } from '../kinds/kind.ts';
import type { StatedExpiry, Verdict } from './judge.ts';
import { judgeAnswer, judgeFormat } from './judge.ts';
import type {
  DestinationView,
  Issuer,
  RotationResult,
  StepReport,
  Submission,
  SubmitOutcome,
} from './rotation.ts';
import type { Placed } from './store.ts';
import { confirmHints, placeToken } from './store.ts';
import type { Storing } from './write.ts';

/** One open rotation: who is being rotated, and everything it may use. */
export interface Rotation extends Storing {
  readonly declaration: Declaration;
  readonly kind: Kind;
  readonly stated: StatedExpiry | undefined;
  /** Undefined: this kind has no live check. */
  readonly issuer: Issuer | undefined;
}

/** GitHub asks for a second between writes (docs.github.com, "Best practices for using the REST API"). */
const BETWEEN_WRITES_MS = 1_000;

/**
 * Whether every destination can be read, and what it holds now: before anybody is asked for a token.
 *
 * @throws AppError saying what to do
 */
export async function precheck(
  rotation: Pick<Rotation, 'declaration' | 'store' | 'report'>,
): Promise<ReadonlyMap<Destination, DestinationView>> {
  const views = new Map<Destination, DestinationView>();
  for (const destination of rotation.declaration.destinations) {
    const view = await rotation.store.precheck(destination);
    views.set(destination, view);
    rotation.report({
      step: 'precheck',
      credential: rotation.declaration.name,
      destination: formatDestination(destination),
      outcome: view.updatedAt ? 'ready' : 'will be created',
    });
  }
  return views;
}

/** Takes one submission through: check → judge → store → look back → record. The token is wiped when it returns. */
export async function submit(
  rotation: Rotation,
  before: ReadonlyMap<Destination, DestinationView>,
  submission: Submission,
  progress: (step: StepReport) => void,
): Promise<SubmitOutcome> {
  const reporting: Rotation = {
    ...rotation,
    report: (step) => {
      rotation.report(step);
      progress(step);
    },
  };
  try {
    const verdict = await checkDurably(reporting, submission);
    if (verdict.kind === 'refused') return verdict;
    return { kind: 'finished', result: await storeAndRecord(reporting, before, submission, verdict.version) };
  } finally {
    submission.token.wipe();
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
    if (!isAppError(error)) throw error;
    const reasons = [`nothing was stored, because it cannot be recorded: ${error.message}`];
    return { kind: 'refused', reasons, mayStoreUnchecked: false };
  }
}

async function check(rotation: Rotation, submission: Submission): Promise<Verdict> {
  const { id, log, kind, now, credential, report } = rotation;
  log.move(id, 'submitted', now());
  report({ step: 'submitted', credential, outcome: 'received' });
  const malformed = judgeFormat(kind, submission.token.reveal());
  if (malformed) {
    report({ step: 'checked', credential, outcome: 'refused', detail: reasonsOf(malformed) });
    return malformed;
  }
  const answer = await rotation.issuer?.check(submission.token);
  const verdict = judgeAnswer(answer, submission, {
    stated: rotation.stated,
    declaration: rotation.declaration,
    now: now(),
  });
  report({ step: 'checked', credential, ...describeVerdict(verdict, kind) });
  return verdict;
}

function describeVerdict(verdict: Verdict, kind: Kind): { outcome: string; detail?: string } {
  if (verdict.kind === 'refused') {
    return { outcome: verdict.mayStoreUnchecked ? 'inconclusive' : 'refused', detail: reasonsOf(verdict) };
  }
  const { checked } = verdict.version;
  return checked === 'live' && kind.check
    ? { outcome: checked, detail: `this proves ${kind.check.proves}` }
    : { outcome: checked };
}

async function storeAndRecord(
  rotation: Rotation,
  before: ReadonlyMap<Destination, DestinationView>,
  { token }: Submission,
  version: NewVersion,
): Promise<RotationResult> {
  const placed: Placed[] = [];
  for (const [destination, view] of before) {
    if (placed.length > 0) await rotation.sleep(BETWEEN_WRITES_MS);
    placed.push(await placeToken(rotation, token, destination, version, view));
  }
  try {
    return conclude(rotation, placed, version);
  } catch (error) {
    return unrecorded(rotation, placed, error);
  }
}

/** One outcome of all destinations together. A version is recorded when at least one place surely has it. */
function conclude(rotation: Rotation, placed: readonly Placed[], version: NewVersion): RotationResult {
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
      next: [...next, ...afterwards(rotation.kind)],
    };
  }
  const outcome = placed.some((place) => place.kind === 'unconfirmed') ? 'unconfirmed' : 'failed';
  log.move(id, outcome, now(), reasons.join('; '));
  return { outcome, reasons, next };
}

function afterwards({ afterwards: text, pages }: Kind): readonly string[] {
  return text ? [pages ? `${text} ${pages.revoke}` : text] : [];
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

function reasonsOf(refused: { readonly reasons: readonly string[] }): string {
  return refused.reasons.join('; ');
}
