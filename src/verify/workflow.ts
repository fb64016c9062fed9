import type { JobFact, WorkflowFact } from './facts.ts';
import { asMapping, registriesOf, textOf } from './publishing.ts';
import { ANY_SECRET, secretReferences, textsOf } from './secret-references.ts';

/**
 * Reads one workflow file as far as the rules ask. What cannot be a workflow (no mapping with a mapping of jobs) has `jobs`
 * undefined; nothing is ever thrown.
 *
 * `*` among secrets (`ANY_SECRET`) stands for every one: `toJSON(secrets)`, an index that is no literal, and `secrets: inherit` on
 * the call of another repository's workflow. On a call of one that lies beside it, `inherit` stands for none: that file is read
 * itself, and without `inherit` its jobs would not get the secrets of the environment that they name (actions/runner#4453).
 *
 * Source: docs.github.com, "Workflow syntax for GitHub Actions".
 *
 * @param file its name, without its folder
 * @param document as a YAML parser gives it, aliases resolved; undefined: it could not be parsed
 * @param text of the file; asked for secrets where there is no document, since only that leaves out comments
 */
export function readWorkflow(file: string, document: unknown, text: string): WorkflowFact {
  if (document === undefined) return { file, jobs: undefined, secrets: secretReferences([text]), calls: [] };
  const workflow = asMapping(document);
  const jobs = Object.entries(asMapping(workflow['jobs']));
  const facts = jobs.map(([id, job]) => readJob(id, asMapping(job), workflow));
  const written = secretReferences(textsOf(document));
  return {
    file,
    jobs: jobs.length > 0 ? facts : undefined,
    secrets: [...new Set([...written, ...facts.flatMap(({ secrets }) => secrets)])],
    calls: [...new Set(jobs.flatMap(([, job]) => callOf(asMapping(job)) ?? []))],
  };
}

type Mapping = Readonly<Record<string, unknown>>;

function readJob(id: string, job: Mapping, workflow: Mapping): JobFact {
  const { steps } = job;
  return {
    id,
    environment: environmentOf(job['environment']),
    idToken: grantsIdToken('permissions' in job ? job['permissions'] : workflow['permissions']),
    publishesTo: registriesOf(Array.isArray(steps) ? steps : []),
    secrets: secretsOf(job, workflow),
  };
}

/** What stands in `env` of the workflow, every job of it has; save those that call, which hand no `env` on. */
function secretsOf(job: Mapping, workflow: Mapping): readonly string[] {
  const call = callOf(job);
  const inherited = call === undefined ? textsOf(workflow['env']) : [];
  const handsOnAll = call !== undefined && job['secrets'] === 'inherit' && !isBeside(call);
  const named = secretReferences([...inherited, ...textsOf(job)]);
  return handsOnAll ? [...new Set([...named, ANY_SECRET])] : named;
}

/** The reusable workflow that a job calls, as written. */
function callOf({ uses }: Mapping): string | undefined {
  return typeof uses === 'string' ? uses : undefined;
}

const BESIDE = './.github/workflows/';

function isBeside(call: string): boolean {
  return call.startsWith(BESIDE);
}

/** The file that a call means, if it lies in the same folder and so at the same commit; undefined: it is somewhere else. */
export function calledFile(call: string): string | undefined {
  return isBeside(call) ? call.slice(BESIDE.length) : undefined;
}

/** `environment: release`, or `environment: { name: release }`. */
function environmentOf(written: unknown): string | undefined {
  const name = typeof written === 'object' ? asMapping(written)['name'] : written;
  return textOf(name) || undefined;
}

/** Nothing grants it unless it is asked for, and a job's `permissions` take the place of the workflow's as a whole. */
function grantsIdToken(permissions: unknown): boolean {
  return permissions === 'write-all' || asMapping(permissions)['id-token'] === 'write';
}
