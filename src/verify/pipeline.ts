/** A release pipeline as declared: what its environment, branches and publishers are meant to be. */
export interface DeclaredPipeline {
  readonly name: string;
  /** `owner/name` */
  readonly repo: string;
  /** File name of the publishing workflow, without its folder. */
  readonly workflow: string;
  readonly environment: DeclaredEnvironment;
  readonly branches: readonly DeclaredBranch[];
  readonly publishers: DeclaredPublishers;
  readonly hygiene: {
    readonly dependencyUpdates: boolean | undefined;
    readonly codeowners: boolean | undefined;
  };
}

interface DeclaredEnvironment {
  readonly name: string;
  readonly requiredReviewers: readonly string[];
  readonly adminsMayBypass: boolean | undefined;
  /** Minutes. */
  readonly waitTimer: number;
  /** Branch name patterns that may deploy; undefined: any branch. */
  readonly deploymentBranches: readonly string[] | undefined;
  /** Names of secrets that live in the environment, and nowhere wider. */
  readonly secrets: readonly string[];
}

interface DeclaredBranch {
  readonly name: string;
  readonly pullRequest: boolean;
  readonly approvals: number;
  readonly conversationResolution: boolean;
  readonly adminsMayBypass: boolean | undefined;
  readonly checks: readonly string[];
}

interface DeclaredPublishers {
  readonly pypi: readonly string[];
  readonly npm: readonly string[];
  readonly cratesIo: { readonly crates: readonly string[]; readonly trustedPublishing: boolean } | undefined;
}
