import type { Declaration, Destination, NewVersion, Version } from '../domain/credential.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Secret } from '../domain/secret.ts';
import { findKind } from '../kinds/catalogue.ts';
import { DECODING, encodingProblems, storedEncoding } from '../kinds/encode.ts';
import type { Kind, Reading, Said } from '../kinds/kind.ts';
import { beyondRules } from '../kinds/lifetime-rules.ts';
import { recogniseBytes } from '../kinds/recognise.ts';
import type { Dates, Questioned, StatedExpiry } from './expiry.ts';
import { judgeExpiry, settleExpiry } from './expiry.ts';
import type { Refusal } from './judge.ts';
import {
  judgeAnswer,
  judgeFormat,
  judgeQuestions,
  judgeReading,
  judgeSameness,
  notYetValid,
  refuse,
} from './judge.ts';
import type { Completion, Fingerprints, Issuer, IssuerAnswer, Reader, Submission } from './rotation.ts';
import type { Storing } from './write.ts';

/** What a submission is held against before anything is stored. */
export interface Checking extends Storing {
  readonly declaration: Declaration;
  /** Where the token goes: all that are declared, or those that are missing it. None: its date is recorded, and that is all. */
  readonly destinations: readonly Destination[];
  readonly kind: Kind;
  /** The version that is recorded now. */
  readonly current: Version | undefined;
  /** What is to be completed; undefined: a new version. */
  readonly completes: Completion | undefined;
  readonly stated: StatedExpiry | undefined;
  /** Reads what the credential says of itself; undefined: this kind says nothing. */
  readonly reader: Reader | undefined;
  /** Undefined: this kind has no live check. */
  readonly issuer: Issuer | undefined;
  readonly fingerprints: Fingerprints;
  /** What a person was asked about because it looked wrong, expiries among it: sent once more, it is taken. */
  readonly questioned: Questioned;
  /** There is one submission and no second, so that what would be asked about is said as a warning. */
  readonly oneTry?: boolean | undefined;
}

/** What may be stored: the version that the token is to become, how it is stored, and what there is to say of it. */
export type Verdict =
  | {
      readonly kind: 'accepted';
      readonly version: NewVersion;
      readonly encoding: 'base64' | undefined;
      readonly says: readonly Said[];
      readonly warnings: readonly string[];
    }
  | Refusal;

/** What the bytes alone have shown. */
interface Looked {
  readonly reading: Reading | undefined;
  readonly fingerprint: string;
  readonly encoding: 'base64' | undefined;
  readonly notes: readonly string[];
}

/** Everything that is asked before the first write, each question before the next one costs more: bytes, dates, issuer. */
export async function check(checking: Checking, submission: Submission): Promise<Verdict> {
  const { id, log, now, credential, report } = checking;
  log.move(id, 'submitted', now());
  report({ step: 'submitted', credential, outcome: 'received' });
  const verdict = await judge(checking, submission);
  report({ step: 'checked', credential, ...describeVerdict(verdict, checking.kind) });
  return verdict;
}

async function judge(checking: Checking, submission: Submission): Promise<Verdict> {
  const looked = await look(checking, submission);
  if ('kind' in looked) return looked;
  const { reading } = looked;
  const foreseen = judgeDates(checking, submission, reading?.expiry);
  if (foreseen?.kind === 'refused') return foreseen;
  if (!foreseen && !maySayIt(checking)) return undated(checking, undefined);
  const answer = await askIssuer(checking, submission);
  const checked = judgeAnswer(answer, submission);
  if (typeof checked !== 'string') return checked;
  const live = answer?.verdict === 'live' ? answer : undefined;
  const observed = live?.expiry?.kind === 'unknown' ? undefined : live?.expiry;
  const settled = observed ? judgeDates(checking, submission, observed) : foreseen;
  if (!settled) return undated(checking, answer);
  if (settled.kind === 'refused') return settled;
  const { encoding, fingerprint, notes } = looked;
  const said = [...(reading?.says ?? []), ...(live?.says ?? [])];
  const stored = describeStored(checking, encoding);
  return {
    kind: 'accepted',
    version: { ...settled.dates, checked, fingerprint },
    encoding,
    says: stored ? [...said, { label: 'Stored', text: stored }] : said,
    warnings: [...(reading?.warnings ?? []), ...(live?.warnings ?? []), ...settled.warnings, ...notes],
  };
}

async function look(checking: Checking, submission: Submission): Promise<Looked | Refusal> {
  const { kind, declaration, destinations, reader, fingerprints } = checking;
  const { token, password } = submission;
  const bytes = token.reveal();
  const malformed = judgeFormat(kind, bytes);
  if (malformed) return malformed;
  const isStored = destinations.length > 0;
  const encoding = isStored ? storedEncoding(kind, declaration.encoding, bytes) : undefined;
  const unstorable = isStored ? encodingProblems(bytes, encoding) : [];
  if (unstorable.length > 0) return refuse(unstorable);
  const reading = await reader?.read(token, password);
  const unreadable = judgeReading(reading);
  if (unreadable) return unreadable;
  const fingerprint = fingerprints.of(token);
  const mistaken = judgeSameness(fingerprint, fingerprints.compare, checking);
  if (mistaken) return mistaken;
  // Where nothing is stored, nothing of a release hangs on it; what completes a version is stored elsewhere already.
  const questions = isStored && !checking.completes ? (reading?.questions ?? []) : [];
  const asked = judgeQuestions(questions, fingerprint, checking);
  if (asked) return asked;
  const late = notYetValid(reading?.begins, checking.now());
  const notes = [...(checking.oneTry ? questions : []), ...late, ...guess(kind, token)];
  return { reading, fingerprint, encoding, notes };
}

/** A certificate comes in both forms, and the workflow has to know which: what was declared for one fails with the other. */
function describeStored(
  { kind, destinations }: Checking,
  encoding: 'base64' | undefined,
): string | undefined {
  if (encoding) return `base64-encoded: ${DECODING}`;
  return kind.reader === 'certificate' && destinations.length > 0 ? 'as text (PEM)' : undefined;
}

/** Where nothing is known of a kind, what looks like a mistake, or like another kind. Nothing is sent anywhere. */
function guess(kind: Kind, token: Secret): readonly string[] {
  if (kind.shape !== 'any') return [];
  const bytes = token.reveal();
  const blank = [bytes[0], bytes.at(-1)].some((byte) => byte === 0x20 || byte === 0x09)
    ? ['it begins or ends with a blank, which is a part of what is stored']
    : [];
  const other = recogniseBytes(bytes);
  if (!other || other.kind === kind.id || !findKind(other.kind)) return blank;
  return [
    ...blank,
    `this looks like ${other.what}: \`kind: ${other.kind}\` in the configuration would check it and know its rules`,
  ];
}

type Settled = { readonly kind: 'settled'; readonly dates: Dates; readonly warnings: readonly string[] };

/** The dates of the new version and whether they can be right. @returns undefined where nothing says when it ends */
function judgeDates(
  checking: Checking,
  { expiration }: Submission,
  found: Expiry | undefined,
): Settled | Refusal | undefined {
  const { completes, kind, current, stated, questioned } = checking;
  if (completes) return { kind: 'settled', dates: completes.known, warnings: [] };
  const now = checking.now();
  const dates = settleExpiry(expiration, { ...checking, now }, found, kind);
  if (!dates || 'kind' in dates) return dates;
  const isStated =
    stated !== undefined || (expiration.kind === 'stated' && dates.expiry.source === 'computed');
  const oneTry = checking.oneTry === true;
  const doubts = beyondRules(kind, dates, now).map(({ text }) => text);
  const refusal = judgeExpiry(dates.expiry, current, { stated: isStated, oneTry, now, questioned, doubts });
  return refusal ?? { kind: 'settled', dates, warnings: isStated || oneTry ? doubts : [] };
}

/** Whether the issuer's answer may say when it ends. */
function maySayIt({ kind, issuer }: Checking): boolean {
  return kind.expiry.known === 'observed' && issuer !== undefined;
}

function undated({ kind }: Checking, answer: IssuerAnswer | undefined): Refusal {
  if (kind.expiry.known === 'entered')
    return refuse(
      ['nothing says when it expires: choose the Expiration that was set at the issuer'],
      'expiration',
    );
  const reason =
    answer?.verdict === 'inconclusive'
      ? `${kind.issuer} could not be asked, so that it cannot say when it ends: choose the date`
      : 'it does not say when it ends: choose the date';
  return refuse([reason], 'expiration');
}

function askIssuer(
  { issuer, store, destinations }: Checking,
  { token }: Submission,
): Promise<IssuerAnswer> | undefined {
  if (!issuer) return undefined;
  // Beside it, since the form may have been open for minutes; whether it is there in time decides nothing.
  if (destinations.length > 0) void store.connect();
  return issuer.check(token);
}

function describeVerdict(verdict: Verdict, kind: Kind): { outcome: string; detail?: string } {
  if (verdict.kind === 'refused') {
    const outcome = verdict.mayStoreUnchecked ? 'inconclusive' : 'refused';
    return { outcome, detail: verdict.reasons.join('; ') };
  }
  const { checked } = verdict.version;
  const detail = [
    ...(checked === 'live' && kind.check ? [`this proves ${kind.check.proves}`] : []),
    ...verdict.says.map(({ label, text }) => `${label}: ${text}`),
    ...verdict.warnings,
  ];
  return { outcome: checked, ...(detail.length > 0 ? { detail: detail.join('; ') } : {}) };
}
