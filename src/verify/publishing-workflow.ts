import type { Unavailable } from './fact.ts';
import { unavailable } from './fact.ts';
import type { JobFact, WorkflowFact } from './facts.ts';
import { settingsOf } from './pages.ts';
import type { Context, Judgement } from './rule.ts';
import { notApplicable, unknown } from './rule.ts';
import { calledFile } from './workflow.ts';

/** The declared workflow with what it is made of. */
export interface PublishingWorkflow {
  /** The declared file, then the reusable workflows beside it that it calls, directly or not: their jobs run as its own. */
  readonly files: readonly WorkflowFact[];
  /** Every other workflow. */
  readonly others: readonly WorkflowFact[];
}

/** File names have a case. */
export function findPublishing(
  workflows: readonly WorkflowFact[],
  file: string,
): PublishingWorkflow | undefined {
  const declared = workflows.find((workflow) => workflow.file === file);
  if (!declared) return undefined;
  const files = [declared];
  // The array grows while it is gone through.
  for (const { calls } of files) {
    const called = workflows.filter((workflow) => calls.some((call) => calledFile(call) === workflow.file));
    files.push(...called.filter((workflow) => !files.includes(workflow)));
  }
  return { files, others: workflows.filter((workflow) => !files.includes(workflow)) };
}

/** One job of the publishing workflow. */
export interface PublishingJob {
  readonly workflow: WorkflowFact;
  readonly job: JobFact;
  /** Such as `release.yml: publish-crate`. */
  readonly subject: string;
}

/** Those of a file that could not be parsed are not among them. */
export function jobsOf({ files }: PublishingWorkflow): readonly PublishingJob[] {
  return files.flatMap((workflow) =>
    (workflow.jobs ?? []).map((job) => ({ workflow, job, subject: `${workflow.file}: ${job.id}` })),
  );
}

/**
 * What a rule about the jobs of the publishing workflow answers: unknown where it, or a part of it, was not read, and nothing
 * where there is none.
 */
export function judgeWorkflow(
  { pipeline: { workflow: file }, facts: { workflows } }: Context,
  expected: string,
  judge: (workflow: PublishingWorkflow) => readonly Judgement[],
): readonly Judgement[] {
  if (!workflows.known) return [unknown(file, expected, workflows)];
  const workflow = findPublishing(workflows.value, file);
  if (!workflow) return [notApplicable(file, expected, `there is no workflow ${file}`)];
  const unread = workflow.files.filter(({ jobs }) => jobs === undefined);
  return [...unread.map((one) => unknown(one.file, expected, unparsed(one.file))), ...judge(workflow)];
}

function unparsed(file: string): Unavailable {
  return unavailable('unreachable', `${file} could not be read as a workflow`);
}

/** Where the file is shown, of the default branch. */
export function workflowPage({ facts: { repository }, pages }: Context, file: string): string {
  const branch = repository.known ? repository.value.defaultBranch : 'HEAD';
  const path = [...branch.split('/'), '.github', 'workflows', file].map(encodeURIComponent).join('/');
  return settingsOf(pages, `blob/${path}`, `.github/workflows/${file} of the default branch`);
}
