import type { Fact } from './fact.ts';
import type {
  BranchRule,
  ClassicProtection,
  CrateFact,
  DeploymentBranch,
  EnvironmentFact,
  NpmFact,
  PypiFact,
  RepositoryFact,
  RepositoryFiles,
  RulesetFact,
  SecretFact,
} from './facts.ts';

/** Where the facts come from. Nothing here throws for an answer or for none: what could not be read says why. */
export interface Sources {
  readonly github: GitHubSettings;
  readonly cratesIo: { crate(name: string): Promise<Fact<CrateFact | undefined>> };
  readonly npm: { package(name: string): Promise<Fact<NpmFact | undefined>> };
  readonly pypi: { project(name: string): Promise<Fact<PypiFact | undefined>> };
}

/** Settings of one repository, read with the verifying token. */
export interface GitHubSettings {
  repository(): Promise<Fact<RepositoryFact>>;
  environment(name: string): Promise<Fact<EnvironmentFact | undefined>>;
  deploymentBranches(environment: string): Promise<Fact<readonly DeploymentBranch[]>>;
  customRules(environment: string): Promise<Fact<readonly string[]>>;
  environmentSecrets(environment: string): Promise<Fact<readonly SecretFact[]>>;
  repositorySecrets(): Promise<Fact<readonly SecretFact[]>>;
  organisationSecrets(): Promise<Fact<readonly SecretFact[]>>;
  dependabotSecrets(): Promise<Fact<readonly SecretFact[]>>;
  classicProtection(branch: string): Promise<Fact<ClassicProtection | undefined>>;
  branchRules(branch: string): Promise<Fact<readonly BranchRule[]>>;
  /** `source`: `owner/name` or the organisation, as `branchRules` found it. */
  ruleset(id: number): Promise<Fact<RulesetFact>>;
  /** The text of every file in `.github/workflows` of the default branch. */
  workflowTexts(): Promise<Fact<readonly WorkflowText[]>>;
  files(): Promise<Fact<RepositoryFiles>>;
}

export interface WorkflowText {
  /** Without its folder. */
  readonly file: string;
  readonly text: string;
}
