import type { App } from './app.ts';
import { planFindings } from './remind/findings.ts';
import type { MailContext } from './remind/section.ts';
import { findingsToTell, openFindings } from './sqlite/findings.ts';
import { compareRuns, isTold, isUrgent } from './verify/changes.ts';
import type { FindingStore, StoredFinding } from './verify/memory.ts';

/** The findings of one installation. A run is remembered, compared and owed in one transaction. */
export function openFindingStore(
  app: Pick<App, 'db' | 'history' | 'outbox' | 'register' | 'policy' | 'world'>,
): FindingStore {
  const { db, history, outbox, register, policy, world } = app;
  return openFindings(db, history, {
    actor: world.actor,
    compare: compareRuns,
    tell: ({ name, repo }, { number, at }, changes) => {
      const told = changes.filter(isTold);
      if (told.length === 0) return;
      const owed = { pipeline: name, repo, run: number, urgent: isUrgent(told) };
      const steps = planFindings(owed, register.list(), policy, at);
      outbox.apply([{ credential: name, steps, nextPlanAt: undefined }]);
    },
  });
}

/** What mails say of a run. @param questionOf the question of a rule; undefined: there is no such rule any more */
export function toldFindings(
  { db, config }: Pick<App, 'db' | 'config'>,
  questionOf: (rule: string) => string | undefined,
): NonNullable<MailContext['findings']> {
  return (pipeline, run) => ({
    repo: config.pipelines.find(({ name }) => name === pipeline)?.repo,
    findings: findingsToTell(db, pipeline, run).flatMap((finding) => {
      const { change, rule } = finding;
      if (!change) return [];
      return [
        {
          change: change.kind,
          question: questionOf(rule) ?? `${rule}:`,
          subject: finding.subject,
          severity: finding.severity,
          outcome: finding.outcome,
          expected: finding.expected,
          observed: finding.observed,
          remedy: finding.remedy,
          since: change.since,
          seenAt: seenAt(finding),
          checkedAt: finding.lastSeenAt,
          lastKnown: lastKnown(finding),
        },
      ];
    }),
  });
}

/** When the present outcome was first seen. */
function seenAt({ change, resolvedAt, firstSeenAt }: StoredFinding): Date {
  return change?.kind === 'recovered' && resolvedAt ? resolvedAt : firstSeenAt;
}

function lastKnown({ outcome, known }: StoredFinding) {
  if (outcome !== 'unknown' || !known) return undefined;
  return { failed: known.outcome === 'fail', at: known.at };
}
