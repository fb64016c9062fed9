import { listed } from '../declared-environment.ts';
import { unavailable } from '../fact.ts';
import type { JobFact, Registry, WorkflowFact } from '../facts.ts';
import { settingsOf } from '../pages.ts';
import type { DeclaredPipeline } from '../pipeline.ts';
import type { PublishingJob, PublishingWorkflow } from '../publishing-workflow.ts';
import { findPublishing, jobsOf, judgeWorkflow, workflowPage } from '../publishing-workflow.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';
import { ANY_SECRET } from '../secret-references.ts';

// Chapter 4 of the runbook: the workflow that publishes. Publishers are tied to its file name, its environment and its OIDC token
// (docs of PyPI, npm and crates.io on trusted publishing). Which jobs publish is told by what they run (`publishing.ts`).

const REGISTRY_NAMES: Readonly<Record<Registry, string>> = {
  'crates-io': 'crates.io',
  npm: 'npm',
  pypi: 'PyPI',
};

const exists: Rule = {
  id: 'workflow-exists',
  section: 4,
  question: 'Is the publishing workflow on the default branch, by its declared file name?',
  why: 'PyPI, npm and crates.io compare the file name letter by letter: another name, or another ending, ends every release.',
  severity: 'high',
  permission: 'contents:read',
  judge: (context) => {
    const { workflow: file } = context.pipeline;
    const expected = `.github/workflows/${file} on the default branch`;
    const { workflows } = context.facts;
    if (!workflows.known) return [unknown(file, expected, workflows)];
    const found = workflows.value.find((one) => one.file === file);
    if (found?.jobs) return [pass(file, expected, 'it is there')];
    if (found) {
      const remedy = `open ${workflowPage(context, file)}: GitHub shows there what is wrong with it; correct it on the default branch`;
      return [fail(file, expected, 'it is there, but cannot be read as a workflow', remedy)];
    }
    return [judgeAbsent(context, workflows.value, expected)];
  },
};

function judgeAbsent(context: Context, workflows: readonly WorkflowFact[], expected: string): Judgement {
  const { name, workflow: file } = context.pipeline;
  const similar = workflows.map((one) => one.file).filter((other) => stemOf(other) === stemOf(file));
  const others = workflows.map((one) => one.file);
  const folder = settingsOf(
    context.pages,
    'tree/HEAD/.github/workflows',
    '.github/workflows of the default branch',
  );
  const declare = (other: string) =>
    `set pipelines.${name}.workflow to ${other}, and the same in the form of each trusted publisher`;
  if (similar[0] !== undefined) {
    const remedy = `rename ${similar[0]} to ${file} in ${folder}; or ${declare(similar[0])}`;
    return fail(file, expected, `it is not there, but ${listed(similar)} is: another file name`, remedy);
  }
  const observed =
    others.length > 0 ? `it is not there; what is: ${others.join(', ')}` : 'there are no workflows';
  const remedy = `add ${file} to ${folder}, or, if another file publishes, ${declare('its name')}`;
  return fail(file, expected, observed, remedy);
}

/** What two names have in common that differ in their ending, their case or their punctuation. */
function stemOf(file: string): string {
  return file
    .replace(/\.ya?ml$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

const environment: Rule = {
  id: 'workflow-environment',
  section: 4,
  question: 'Does each job that publishes or uses a declared secret name the environment?',
  why: 'A job that names none is asked for no approval, and gets a secret of the same name from the repository, or nothing.',
  severity: 'high',
  permission: 'contents:read',
  judge: (context) => {
    const expected = `environment: ${context.pipeline.environment.name}`;
    return judgeWorkflow(context, expected, (workflow) => {
      const judged = jobsOf(workflow).flatMap((one) => judgeEnvironmentOf(context, one, expected) ?? []);
      const isRead = workflow.files.every(({ jobs }) => jobs !== undefined);
      return judged.length > 0 || !isRead ? judged : nothingRecognised(context, expected);
    });
  },
};

function nothingRecognised({ pipeline }: Context, expected: string): readonly Judgement[] {
  const { workflow: file, environment, publishers } = pipeline;
  const names = [...environment.secrets, ...publishers.pypi, ...publishers.npm];
  if (names.length === 0 && !publishers.cratesIo) return [];
  const reason = `no job of ${file} is recognised as publishing, and none uses a declared secret`;
  return [unknown(file, expected, unavailable('unreachable', reason))];
}

function judgeEnvironmentOf(
  context: Context,
  { workflow, job, subject }: PublishingJob,
  expected: string,
): Judgement | undefined {
  const reasons = reasonsFor(context.pipeline, job);
  const mayUse = context.pipeline.environment.secrets.length > 0 && job.secrets.includes(ANY_SECRET);
  if (reasons.length === 0 && !mayUse) return undefined;
  const { name } = context.pipeline.environment;
  const found = job.environment;
  if (found?.toLowerCase() === name.toLowerCase()) return pass(subject, expected, `it names ${found}`);
  if (found?.includes('${{')) {
    const reason = `it names ${shown(found)}: what that becomes is known only when it runs`;
    return unknown(subject, expected, unavailable('unreachable', reason));
  }
  const names = found === undefined ? 'it names none' : `it names ${shown(found)}`;
  if (reasons.length === 0) {
    const reason = `${names}, and may use any secret (\`secrets: inherit\`, or an expression such as \`toJSON(secrets)\`)`;
    return unknown(subject, expected, unavailable('unreachable', reason));
  }
  const remedy = `in ${workflowPage(context, workflow.file)}, write \`environment: ${name}\` under \`jobs: ${job.id}:\`, beside \`runs-on\`; a job that calls another workflow by \`uses\` cannot name one: name it there, in the job that publishes, and hand the secrets on by \`secrets: inherit\``;
  return fail(subject, expected, `${names}, and ${listed(reasons)}`, remedy);
}

/** Why a job has to run in the environment. */
function reasonsFor(pipeline: DeclaredPipeline, job: JobFact): readonly string[] {
  const registries = job.publishesTo.map((registry) => REGISTRY_NAMES[registry]);
  const secrets = pipeline.environment.secrets.filter((name) => refersTo(job, name));
  return [
    ...(registries.length > 0 ? [`publishes to ${listed(registries)}`] : []),
    ...(secrets.length > 0 ? [`uses ${listed(secrets)}`] : []),
  ];
}

function refersTo({ secrets }: Pick<JobFact, 'secrets'>, name: string): boolean {
  return secrets.includes(name.toUpperCase());
}

/** What a file holds, on one line and cut. */
function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

const idToken: Rule = {
  id: 'workflow-id-token',
  section: 4,
  question: 'May each job that publishes by trusted publishing ask for an OIDC token?',
  why: 'Without id-token: write there is nothing to show to the registry, and the release ends with a message about missing credentials.',
  severity: 'medium',
  permission: 'contents:read',
  judge: (context) => {
    const trusted = trustedRegistries(context.pipeline);
    const expected = 'permissions: id-token: write';
    if (trusted.length === 0) return [];
    return judgeWorkflow(context, expected, (workflow) => {
      const jobs = jobsOf(workflow);
      const isRead = workflow.files.every((file) => file.jobs !== undefined);
      const unseen = trusted.filter((one) => !jobs.some(({ job }) => job.publishesTo.includes(one)));
      return [
        ...jobs
          .filter(({ job }) => job.publishesTo.some((registry) => trusted.includes(registry)))
          .map((one) => judgeIdToken(context, one, expected)),
        ...(isRead ? unseen.map((registry) => unrecognised(context, registry, expected)) : []),
      ];
    });
  },
};

/** To which something is published by trusted publishing, as declared. */
function trustedRegistries({ publishers }: DeclaredPipeline): readonly Registry[] {
  return [
    ...(publishers.cratesIo?.trustedPublishing ? (['crates-io'] as const) : []),
    ...(publishers.npm.length > 0 ? (['npm'] as const) : []),
    ...(publishers.pypi.length > 0 ? (['pypi'] as const) : []),
  ];
}

function judgeIdToken(
  context: Context,
  { workflow, job, subject }: PublishingJob,
  expected: string,
): Judgement {
  if (job.idToken) return pass(subject, expected);
  // A called workflow that says nothing has what the calling job gives it.
  if (workflow.file !== context.pipeline.workflow) {
    const reason = 'it does not ask for it, and what the job that calls it may do is not compared';
    return unknown(subject, expected, unavailable('unreachable', reason));
  }
  const remedy = `in ${workflowPage(context, workflow.file)}, write \`permissions: { contents: read, id-token: write }\` under \`jobs: ${job.id}:\`, beside \`runs-on\`; these take the place of the permissions of the workflow, so name there what else the job needs`;
  return fail(subject, expected, 'neither the job nor the workflow asks for it', remedy);
}

function unrecognised({ pipeline }: Context, registry: Registry, expected: string): Judgement {
  const reason = `no job of ${pipeline.workflow} is recognised as publishing to ${REGISTRY_NAMES[registry]}`;
  return unknown(REGISTRY_NAMES[registry], expected, unavailable('unreachable', reason));
}

const secretOnlyThere: Rule = {
  id: 'workflow-secret-only-there',
  section: 4,
  question: 'Is each declared secret used in the jobs of the publishing workflow, and nowhere else?',
  why: 'Each workflow that names the secret is one more way to it, and one that breaks unseen when the secret moves.',
  severity: 'high',
  permission: 'contents:read',
  judge: (context) => {
    const { workflow: file, environment } = context.pipeline;
    const expected = `in jobs of ${file}, and nowhere else`;
    const { workflows } = context.facts;
    return environment.secrets.map((name) => {
      if (!workflows.known) return unknown(name, expected, workflows);
      const workflow = findPublishing(workflows.value, file);
      if (!workflow) return notApplicable(name, expected, `there is no workflow ${file}`);
      return judgeUse(context, workflow, { name, expected });
    });
  },
};

interface Asked {
  readonly name: string;
  readonly expected: string;
}

function judgeUse(context: Context, workflow: PublishingWorkflow, { name, expected }: Asked): Judgement {
  const places = workflow.others.filter((one) => refersTo(one, name)).map((one) => placeOf(one, name));
  if (places.length > 0) {
    const files = workflow.others
      .filter((one) => refersTo(one, name))
      .map(({ file }) => workflowPage(context, file));
    const remedy = `take \`secrets.${name}\` out of ${listed(files)}; what has to publish belongs into ${context.pipeline.workflow}`;
    return fail(name, expected, `also in ${listed(places)}`, remedy);
  }
  const unclear = unclearUse(workflow);
  if (unclear) return unknown(name, expected, unavailable('unreachable', unclear));
  const users = jobsOf(workflow).filter(({ job }) => refersTo(job, name));
  if (users.length > 0) return pass(name, expected, `in ${listed(users.map(({ subject }) => subject))}`);
  return judgeUnused(context, workflow, { name, expected });
}

/** Such as `ci.yml (job test)`. */
function placeOf({ file, jobs }: WorkflowFact, name: string): string {
  const users = (jobs ?? []).filter((job) => refersTo(job, name)).map(({ id }) => id);
  return users.length > 0 ? `${file} (${users.length === 1 ? 'job' : 'jobs'} ${listed(users)})` : file;
}

/** Why it cannot be told where the secrets are used; undefined: it can. */
function unclearUse({ files, others }: PublishingWorkflow): string | undefined {
  const unread = files.find(({ jobs }) => jobs === undefined);
  if (unread) return `${unread.file} could not be read as a workflow`;
  const any = others.filter(({ secrets }) => secrets.includes(ANY_SECRET)).map(({ file }) => file);
  if (any.length === 0) return undefined;
  return `${listed(any)} may use any secret (\`secrets: inherit\`, or an expression such as \`toJSON(secrets)\`)`;
}

function judgeUnused(context: Context, { files }: PublishingWorkflow, { name, expected }: Asked): Judgement {
  const { workflow: file } = context.pipeline;
  if (files.some(({ secrets }) => secrets.includes(ANY_SECRET))) {
    const reason = `no job names it, but ${file} may use any secret (\`secrets: inherit\`, or an expression such as \`toJSON(secrets)\`)`;
    return unknown(name, expected, unavailable('unreachable', reason));
  }
  const outside = files.filter((one) => refersTo(one, name)).map((one) => one.file);
  const observed = outside.length > 0 ? `only outside the jobs of ${listed(outside)}` : 'in no workflow';
  const remedy = `in ${workflowPage(context, file)}, use \`\${{ secrets.${name} }}\` in the job that publishes; if nothing needs it any more, take it out of pipelines.${context.pipeline.name}.environment.secrets, delete it in GitHub and revoke it at its issuer`;
  return { ...fail(name, expected, observed, remedy), severity: 'medium' };
}

export const WORKFLOW_RULES: readonly Rule[] = [exists, environment, idToken, secretOnlyThere];
