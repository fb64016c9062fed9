import type { Fact } from './fact.ts';

// Everything that the rules look at, read once. A value of `undefined` inside a known fact means that the service says there is
// none. Names, logins and contexts stand as the service writes them; rules compare them by the service's own rules.

export interface PipelineFacts {
  /** When they were read. */
  readonly at: Date;
  readonly repository: Fact<RepositoryFact>;
  readonly environment: Fact<EnvironmentFact | undefined>;
  /** Of `environment`; known and empty where it takes any branch or all protected ones. */
  readonly deploymentBranches: Fact<readonly DeploymentBranch[]>;
  /** Custom deployment protection rules of the environment that are switched on, by the slug of their app. */
  readonly customRules: Fact<readonly string[]>;
  readonly secrets: SecretsFacts;
  /** By the declared name of the branch. */
  readonly branches: ReadonlyMap<string, BranchFacts>;
  /** Every workflow file of the default branch. */
  readonly workflows: Fact<readonly WorkflowFact[]>;
  readonly files: Fact<RepositoryFiles>;
  /** By declared name. */
  readonly crates: ReadonlyMap<string, Fact<CrateFact | undefined>>;
  readonly npm: ReadonlyMap<string, Fact<NpmFact | undefined>>;
  readonly pypi: ReadonlyMap<string, Fact<PypiFact | undefined>>;
  /** What our own register says of the declared secrets of this environment, by upper-case name. */
  readonly stored: ReadonlyMap<string, StoredSecret>;
  /** When a person last confirmed a line that nobody else can, by its key (`manual.ts`). */
  readonly confirmed: ReadonlyMap<string, Date>;
}

export interface RepositoryFact {
  /** `owner/name`, as GitHub writes it. */
  readonly fullName: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  readonly ownedByOrganisation: boolean;
}

export interface EnvironmentFact {
  readonly name: string;
  /** Minutes; 0: none. */
  readonly waitTimer: number;
  /** Logins, and teams as `org/slug`; empty: nobody has to approve. */
  readonly reviewers: readonly string[];
  /** Whether who started the run may not approve it; undefined: there are no reviewers. */
  readonly preventsSelfReview: boolean | undefined;
  /** Undefined: the answer does not say (GitHub leaves it out of its published description). */
  readonly adminsMayBypass: boolean | undefined;
  readonly deploymentPolicy: 'any' | 'protected' | 'custom';
}

export interface DeploymentBranch {
  readonly pattern: string;
  readonly type: 'branch' | 'tag';
}

export interface SecretFact {
  readonly name: string;
  readonly updatedAt: Date;
}

/** Where a name can be: the environment's own wins over the repository's, and that over the organisation's. */
export interface SecretsFacts {
  readonly environment: Fact<readonly SecretFact[]>;
  readonly repository: Fact<readonly SecretFact[]>;
  /** Those of the organisation that reach this repository; known and empty where a user owns it. */
  readonly organisation: Fact<readonly SecretFact[]>;
  readonly dependabot: Fact<readonly SecretFact[]>;
}

/** Classic protection and rulesets stack: what either of them asks for counts. */
export interface BranchFacts {
  readonly classic: Fact<ClassicProtection | undefined>;
  /** Active rules of all rulesets, the organisation's included. */
  readonly rules: Fact<readonly BranchRule[]>;
  /** Of the rulesets that these rules come from. */
  readonly rulesets: Fact<readonly RulesetFact[]>;
}

export interface RequiredCheck {
  readonly context: string;
  /** Id of the GitHub App that must report it; undefined: whoever may write a status satisfies it. */
  readonly app: number | undefined;
}

export interface ClassicProtection {
  readonly checks: readonly RequiredCheck[];
  /** Undefined: no pull request is asked for. */
  readonly approvals: number | undefined;
  /** Users, teams and apps that need no pull request; undefined: not shown. */
  readonly bypassPullRequest: readonly string[] | undefined;
  readonly adminsAreBound: boolean;
  readonly conversationResolution: boolean;
  readonly allowsForcePushes: boolean;
  readonly allowsDeletion: boolean;
}

/** Of the kinds that some rule asks about; `source` is the ruleset's id. */
export type BranchRule = { readonly source: number } & (
  | { readonly type: 'pull-request'; readonly approvals: number; readonly conversationResolution: boolean }
  | { readonly type: 'checks'; readonly checks: readonly RequiredCheck[] }
  | { readonly type: 'no-force-push' | 'no-deletion' }
);

export interface RulesetFact {
  readonly id: number;
  readonly name: string;
  /** `owner/name` of the repository, or the organisation. */
  readonly source: string;
  /** Undefined: only who may write the ruleset sees it. */
  readonly bypass: readonly BypassActor[] | undefined;
}

export interface BypassActor {
  /** GitHub's own word, such as `RepositoryRole`, `OrganizationAdmin`, `Team`, `Integration`, `DeployKey`. */
  readonly type: string;
  readonly id: number | undefined;
  readonly mode: 'always' | 'pull_request' | 'exempt';
}

/** One workflow file, read as far as the rules ask. */
export interface WorkflowFact {
  /** Without its folder. */
  readonly file: string;
  /** Undefined: it could not be parsed, or has no jobs. */
  readonly jobs: readonly JobFact[] | undefined;
  /** Upper-case names of secrets that it refers to, wherever they stand; `*`: any may be meant (`secret-references.ts`). */
  readonly secrets: readonly string[];
  /** Reusable workflows that its jobs call, as written. */
  readonly calls: readonly string[];
}

export interface JobFact {
  readonly id: string;
  /** As written; an expression stays one. */
  readonly environment: string | undefined;
  /** Whether the job, or else the workflow, asks for `id-token: write`. */
  readonly idToken: boolean;
  /** Registries that a step of it publishes to, recognised by the commands and actions that are known to. */
  readonly publishesTo: readonly Registry[];
  /** Upper-case names of secrets that stand in the job, or in the workflow's `env`; `*`: any may be meant. */
  readonly secrets: readonly string[];
}

export type Registry = 'crates-io' | 'npm' | 'pypi';

export interface RepositoryFiles {
  readonly dependabot: boolean;
  readonly renovate: boolean;
  /** Where it lies; undefined: nowhere that GitHub looks. */
  readonly codeowners: string | undefined;
}

export interface CrateFact {
  readonly name: string;
  /** Only trusted publishing is accepted any more. */
  readonly trustedPublishingOnly: boolean;
  /** Newest first; what was yanked included. */
  readonly versions: readonly CrateVersion[];
}

export interface CrateVersion {
  readonly number: string;
  readonly publishedAt: Date;
  /** `owner/name` of the workflow that published it; undefined: by a token. */
  readonly trustedRepository: string | undefined;
}

/** What the newest version of an npm package shows to everybody. */
export interface NpmFact {
  readonly name: string;
  readonly version: string;
  readonly publishedAt: Date;
  /** Published by a trusted publisher, as the registry noted it. */
  readonly trustedPublisher: boolean;
  /** `repository` of package.json, as published; undefined: there is none. */
  readonly repositoryField: string | undefined;
  /** What the certificate of its provenance says; undefined: it has no provenance. */
  readonly provenance: Fact<Provenance | undefined>;
}

/** Of a Sigstore certificate: compared, and not verified against the transparency log. */
export interface Provenance {
  /** `owner/name` */
  readonly repository: string;
  /** File name of the workflow, without its folder. */
  readonly workflow: string;
  /** Undefined: the certificate names none; older ones never do. */
  readonly environment: string | undefined;
}

/** What the newest release of a PyPI project shows to everybody. */
export interface PypiFact {
  readonly name: string;
  readonly version: string;
  readonly publishedAt: Date;
  readonly files: readonly PypiFile[];
}

export interface PypiFile {
  readonly file: string;
  /** As registered at PyPI; undefined: uploaded without attestations, which proves nothing about how. */
  readonly publisher: Fact<PypiPublisher | undefined>;
}

export interface PypiPublisher {
  /** `GitHub` for GitHub Actions. */
  readonly kind: string;
  readonly repository: string;
  readonly workflow: string;
  /** Undefined: the publisher is tied to none. */
  readonly environment: string | undefined;
}

/** What we know of a secret that reseal keeps. */
export interface StoredSecret {
  readonly credential: string;
  readonly kind: string;
  /** When reseal last stored it; undefined: never. */
  readonly storedAt: Date | undefined;
  /** GitHub's date of that write. */
  readonly remoteUpdatedAt: Date | undefined;
  /** The whole days that one lives; undefined: not known. */
  readonly lifetimeDays: number | undefined;
}
