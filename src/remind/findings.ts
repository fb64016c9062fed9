import { morningAfter } from './lead.ts';
import type { ReminderPolicy } from './policy.ts';
import { distinct, everybody, ownersOf, sameAddressee, standIns } from './policy.ts';
import type { Addressee, PlanStep, Reminded, Reminder, ReminderKey } from './reminder.ts';

// What verification found is owed like the rest, under a name that no credential can have (docs/decisions/0011). sqlite/reminders.ts
// and sqlite/findings.ts know it too.
const PIPELINE = 'pipeline:';

/** What the reminders about a pipeline have in place of a credential. */
export function pipelineKey(name: string): string {
  return `${PIPELINE}${name}`;
}

/** @returns undefined where it is the name of a credential */
export function pipelineOf(credential: string): string | undefined {
  return credential.startsWith(PIPELINE) ? credential.slice(PIPELINE.length) : undefined;
}

/** The changes of one run that are still to be told. */
export interface ToldRun {
  /** `owner/name`; undefined: the pipeline has left the configuration. */
  readonly repo: string | undefined;
  readonly findings: readonly ToldFinding[];
}

/** One change, as a mail tells it. */
export interface ToldFinding {
  readonly change: 'failed' | 'worse' | 'recovered' | 'blind' | 'seen-again' | 'lapsed';
  /** As a person asks it. */
  readonly question: string;
  readonly subject: string;
  readonly severity: 'high' | 'medium' | 'low';
  readonly outcome: 'pass' | 'fail' | 'unknown' | 'not-applicable' | 'manual';
  readonly expected: string;
  readonly observed: string;
  /** With pages' addresses in it; empty where nothing is to be done. */
  readonly remedy: string;
  /** When what the change is about began. */
  readonly since: Date | undefined;
  /** When what is so now was first seen. */
  readonly seenAt: Date;
  /** When it was last looked at. */
  readonly checkedAt: Date;
  /** What was last known of what cannot be read, and when that was last seen; undefined: it can be. */
  readonly lastKnown: { readonly failed: boolean; readonly at: Date } | undefined;
}

/** A run of one pipeline that has something to tell. */
export interface OwedRun {
  readonly pipeline: string;
  /** `owner/name` */
  readonly repo: string;
  readonly run: number;
  readonly urgent: boolean;
}

/**
 * What is owed of a run: to the owners of what lives in the repository, or else to everybody. What is not urgent is part of the
 * next morning's mail.
 */
export function planFindings(
  { pipeline, repo, run, urgent }: OwedRun,
  credentials: readonly Reminded[],
  policy: ReminderPolicy,
  at: Date,
): readonly PlanStep[] {
  return audienceOf(repo, credentials, policy).map((addressee) => ({
    kind: 'owe',
    key: { credential: pipelineKey(pipeline), version: run, topic: 'findings', leadDays: 0, ...addressee },
    dueAt: urgent ? at : morningAfter(at, policy),
    urgent,
  }));
}

function audienceOf(
  repo: string,
  credentials: readonly Reminded[],
  policy: ReminderPolicy,
): readonly Addressee[] {
  const owners = credentials
    .filter(({ retiredAt, declaration }) => !retiredAt && declaration.destinations.some(isIn(repo)))
    .flatMap((credential) => ownersOf(credential, policy));
  return owners.length > 0 ? distinct(owners) : everybody(policy);
}

/** GitHub takes no notice of case in the names of repositories. */
function isIn(repo: string): (place: { readonly repo: string }) => boolean {
  return (place) => place.repo.toLowerCase() === repo.toLowerCase();
}

/**
 * Where the mail to somebody was given up, who stands in for them is told.
 *
 * @param lost keys whose message was given up
 * @param existing the reminders of the same run
 */
export function planStandIns(
  lost: ReminderKey,
  existing: readonly Reminder[],
  policy: ReminderPolicy,
  now: Date,
): readonly PlanStep[] {
  const { credential, version, topic, leadDays } = lost;
  const rows = existing.filter((row) => row.topic === topic && row.version === version);
  return standIns(policy)
    .filter((addressee) => !rows.some((row) => sameAddressee(row, addressee)))
    .map((addressee) => ({
      kind: 'owe',
      key: { credential, version, topic, leadDays, ...addressee },
      dueAt: now,
      urgent: rows.some((row) => row.urgent && sameAddressee(row, lost)),
    }));
}
