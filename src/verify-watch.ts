import type { App } from './app.ts';
import type { AppError } from './domain/error.ts';
import { describeError, isAppError } from './domain/error.ts';
import { openFindingStore } from './findings.ts';
import { planStandIns } from './remind/findings.ts';
import type { Report } from './remind/sweep.ts';
import { allUnknown } from './verify/changes.ts';
import type { Finding } from './verify/finding.ts';
import type { FindingStore } from './verify/memory.ts';
import type { DeclaredPipeline } from './verify/pipeline.ts';

/** So many pipelines a round, so that reading never crowds out sending. */
const A_ROUND = 2;
/** So many that could not be verified, one after the other, are not one pipeline's fault. */
const MOST_UNREAD = 3;
const HOUR_MS = 3_600_000;
/** No look lies further ahead, save by a clock that has been put back since. */
const LONGEST_MS = 48 * HOUR_MS;

/** Reads the facts of a pipeline and judges them. @throws AppError when nothing of it could be read */
export type VerifyPipeline = (pipeline: DeclaredPipeline) => Promise<readonly Finding[]>;

export interface VerifyWatch {
  /** Verifies the pipelines whose time has come, remembers what was found, and owes the mail about changes. @returns whether more are waiting */
  look(app: App, verify: VerifyPipeline): Promise<boolean>;
}

/** Not asked before then. */
interface Wait {
  readonly from: Date;
  readonly until: Date;
}

/** Pipelines are verified daily, and again in an hour where something has just gone out of sight. */
export function openVerifyWatch(report: Report): VerifyWatch {
  /** Of those that could not be verified: the service may have said how long to wait. */
  const waits = new Map<string, Wait>();
  let blocked: Wait | undefined;
  let unread = 0;

  const fail = (app: App, store: FindingStore, pipeline: DeclaredPipeline, error: AppError) => {
    const now = app.world.now();
    const reason = describeError(error);
    const wait = { from: now, until: new Date(now.getTime() + Math.max(HOUR_MS, error.retryAfterMs ?? 0)) };
    waits.set(pipeline.name, wait);
    unread += 1;
    if (concernsAll(error) || unread >= MOST_UNREAD) blocked = wait;
    // What could not be read is unknown, whatever it was yesterday, and also where nothing of it was ever seen.
    store.record(pipeline, allUnknown(store.list(pipeline.name), pipeline, reason), now);
    report({ event: 'pipeline.unread', detail: `${pipeline.name}: ${reason}` });
  };

  return {
    look: async (app, verify) => {
      const store = openFindingStore(app);
      const { pipelines } = app.config;
      const now = app.world.now();
      store.closeOthers(
        pipelines.map(({ name }) => name),
        now,
      );
      tellStandIns(app);
      if (waitsAt(blocked, now)) return false;
      const due = pipelines.filter(({ name }) => isDue(store, name, waits.get(name), now));
      for (const pipeline of due.slice(0, A_ROUND)) {
        if (waitsAt(blocked, app.world.now())) break;
        try {
          const findings = await verify(pipeline);
          store.record(pipeline, findings, app.world.now());
          waits.delete(pipeline.name);
          unread = 0;
        } catch (error) {
          if (!isAppError(error)) throw error;
          fail(app, store, pipeline, error);
        }
      }
      return due.length > A_ROUND && !waitsAt(blocked, app.world.now());
    },
  };
}

/** A clock that was put back must not keep anybody from looking. */
function waitsAt(wait: Wait | undefined, now: Date): boolean {
  return wait !== undefined && now >= wait.from && now < wait.until;
}

function isDue(store: FindingStore, name: string, wait: Wait | undefined, now: Date): boolean {
  if (waitsAt(wait, now)) return false;
  const last = store.lastRun(name);
  if (!last) return true;
  const ahead = last.nextLookAt.getTime() - now.getTime();
  return ahead <= 0 || ahead > LONGEST_MS;
}

/** It is the token that is refused, or the service asks to wait: others would be answered alike. */
function concernsAll({ code }: AppError): boolean {
  return code === 'unauthorized' || code === 'limited';
}

/** A change must not stay with somebody whom no mail reaches. */
function tellStandIns({ outbox, policy, world }: App): void {
  const now = world.now();
  const lost = outbox
    .waiting()
    .filter(({ state }) => state === 'dead')
    .flatMap(({ reminders }) => reminders.filter(({ topic }) => topic === 'findings'));
  for (const key of lost) {
    const { credential, version } = key;
    const steps = planStandIns(key, outbox.remindersOf(credential, version), policy, now);
    if (steps.length > 0) outbox.apply([{ credential, steps, nextPlanAt: undefined }]);
  }
}
