import type { Fact } from './fact.ts';
import { known } from './fact.ts';
import type { BranchFacts, PipelineFacts, RulesetFact, StoredSecret, WorkflowFact } from './facts.ts';
import type { DeclaredPipeline } from './pipeline.ts';
import type { GitHubSettings, Sources, WorkflowText } from './sources.ts';
import { readWorkflow } from './workflow.ts';

/** What is known of the pipeline without asking anybody outside. */
export interface OwnKnowledge {
  readonly at: Date;
  readonly stored: ReadonlyMap<string, StoredSecret>;
  readonly confirmed: ReadonlyMap<string, Date>;
  /** The plain value of a YAML text; undefined: it is none. */
  readonly parseYaml: (text: string) => unknown;
}

/** Reads everything that the rules look at, once, and side by side as far as one answer does not need another. */
export async function gatherFacts(
  pipeline: DeclaredPipeline,
  { github, cratesIo, npm, pypi }: Sources,
  { at, stored, confirmed, parseYaml }: OwnKnowledge,
): Promise<PipelineFacts> {
  const { publishers, branches, environment: declared } = pipeline;
  const [settings, secrets, protected_, workflows, files, crates, packages, projects] = await Promise.all([
    readEnvironment(github, declared.name),
    readSecrets(github, declared.name),
    byName(
      branches.map(({ name }) => name),
      (name) => readBranch(github, name),
    ),
    github.workflowTexts().then((texts) => readWorkflows(texts, parseYaml)),
    github.files(),
    byName(publishers.cratesIo?.crates ?? [], (name) => cratesIo.crate(name)),
    byName(publishers.npm, (name) => npm.package(name)),
    byName(publishers.pypi, (name) => pypi.project(name)),
  ]);
  return {
    at,
    ...settings,
    secrets,
    branches: protected_,
    workflows,
    files,
    crates,
    npm: packages,
    pypi: projects,
    stored,
    confirmed,
  };
}

async function readEnvironment(github: GitHubSettings, name: string) {
  const [repository, environment, deploymentBranches, customRules] = await Promise.all([
    github.repository(),
    github.environment(name),
    github.deploymentBranches(name),
    github.customRules(name),
  ]);
  return { repository, environment, deploymentBranches, customRules };
}

async function readSecrets(github: GitHubSettings, environment: string): Promise<PipelineFacts['secrets']> {
  const [own, repository, organisation, dependabot] = await Promise.all([
    github.environmentSecrets(environment),
    github.repositorySecrets(),
    github.organisationSecrets(),
    github.dependabotSecrets(),
  ]);
  return { environment: own, repository, organisation, dependabot };
}

async function readBranch(github: GitHubSettings, name: string): Promise<BranchFacts> {
  const [classic, rules] = await Promise.all([github.classicProtection(name), github.branchRules(name)]);
  // Which rulesets there are is known by their rules alone.
  if (!rules.known) return { classic, rules, rulesets: rules };
  const ids = [...new Set(rules.value.map(({ source }) => source))];
  const rulesets = allKnown<RulesetFact>(await Promise.all(ids.map((id) => github.ruleset(id))));
  return { classic, rules, rulesets };
}

/** One that could not be read leaves all of them open: nobody knows what it says. */
function allKnown<T>(facts: readonly Fact<T>[]): Fact<readonly T[]> {
  const values: T[] = [];
  for (const fact of facts) {
    if (!fact.known) return fact;
    values.push(fact.value);
  }
  return known(values);
}

function readWorkflows(
  texts: Fact<readonly WorkflowText[]>,
  parseYaml: OwnKnowledge['parseYaml'],
): Fact<readonly WorkflowFact[]> {
  if (!texts.known) return texts;
  return known(texts.value.map(({ file, text }) => readWorkflow(file, parseYaml(text), text)));
}

async function byName<T>(
  names: readonly string[],
  read: (name: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}
