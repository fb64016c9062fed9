import { branchesChapter } from './runbook/branches.ts';
import { checklistChapter } from './runbook/checklist.ts';
import { cratesChapter } from './runbook/crates-io.ts';
import type { Runbook } from './runbook/document.ts';
import { environmentChapter } from './runbook/environment.ts';
import { npmChapter } from './runbook/npm.ts';
import type { Subject } from './runbook/outline.ts';
import { pypiChapter } from './runbook/pypi.ts';
import { introduction, startChapter } from './runbook/start.ts';

/**
 * The release-secrets runbook of one pipeline, from what is declared of it: six chapters that a person does by hand in web pages,
 * with every value as it must be typed and what the last run of `verify` said of each line.
 */
export function writeRunbook(subject: Subject, at: Date): Runbook {
  const chapters = [
    startChapter(subject),
    cratesChapter(subject),
    pypiChapter(subject),
    npmChapter(subject),
    environmentChapter(subject),
    branchesChapter(subject),
  ];
  return {
    pipeline: subject.pipeline.name,
    repo: subject.pipeline.repo,
    writtenAt: at,
    verifiedAt: subject.verifiedAt,
    intro: introduction(subject),
    chapters: [...chapters, checklistChapter(subject, chapters)],
  };
}

/** Several runbooks in one document: each gets addresses of its own, named after its pipeline. */
export function apart(runbooks: readonly Runbook[]): readonly Runbook[] {
  if (runbooks.length < 2) return runbooks;
  return runbooks.map((runbook) => prefixAnchors(runbook, `${runbook.pipeline}-`) as Runbook);
}

function prefixAnchors(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((one) => prefixAnchors(one, prefix));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === 'anchor' ? `${prefix}${one}` : prefixAnchors(one, prefix),
    ]),
  );
}
