// What a person sets in the web pages of a repository, in words; `github-settings-bodies.ts` makes GitHub's answers of it.

export interface EnvironmentRules {
  /** Minutes. */
  readonly waitTimer: number;
  /** Logins, and teams as `org/slug`. */
  readonly reviewers: readonly string[];
  readonly preventsSelfReview: boolean;
  /** undefined: GitHub leaves it out of the answer. */
  readonly adminsMayBypass: boolean | undefined;
  readonly deploymentBranches: 'any' | 'protected' | readonly DeploymentPattern[];
  /** By the slug of their app. */
  readonly customRules: readonly { readonly app: string; readonly enabled: boolean }[];
}

export interface DeploymentPattern {
  readonly pattern: string;
  readonly type: 'branch' | 'tag';
}

/** `app`: the id of the one that must report it; undefined: anyone may. */
export interface CheckSetting {
  readonly context: string;
  readonly app: number | undefined;
}

export interface ClassicSettings {
  /** undefined: none is asked for. */
  readonly checks: readonly CheckSetting[] | undefined;
  /** undefined: no pull request is asked for. */
  readonly approvals: number | undefined;
  readonly bypassPullRequest: {
    readonly users: readonly string[];
    /** By slug. */
    readonly teams: readonly string[];
    readonly apps: readonly string[];
  };
  readonly enforcesForAdmins: boolean;
  readonly conversationResolution: boolean;
  readonly allowsForcePushes: boolean;
  readonly allowsDeletion: boolean;
}

export type RuleSetting =
  | { readonly type: 'pull_request'; readonly approvals: number; readonly conversationResolution: boolean }
  | { readonly type: 'required_status_checks'; readonly checks: readonly CheckSetting[] }
  | { readonly type: 'non_fast_forward' | 'deletion' | 'required_linear_history' };

export interface BypassSetting {
  readonly type: 'Integration' | 'OrganizationAdmin' | 'RepositoryRole' | 'Team' | 'DeployKey' | 'User';
  readonly id: number | null;
  readonly mode: 'always' | 'pull_request' | 'exempt';
}

export interface RulesetSettings {
  readonly name: string;
  /** `repository`, or the organisation's own. */
  readonly level: 'repository' | 'organisation';
  readonly enforcement: 'active' | 'evaluate' | 'disabled';
  /** Names of branches, `~DEFAULT_BRANCH` or `~ALL`. */
  readonly branches: readonly string[];
  readonly rules: readonly RuleSetting[];
  readonly bypass: readonly BypassSetting[];
}

/** What `setRepository` may change. */
export interface RepositoryTraits {
  readonly private: boolean;
  readonly ownedByOrganisation: boolean;
  /** On `free`, private repositories have neither protection nor rulesets. */
  readonly plan: 'free' | 'paid';
}

export interface RepositorySettings {
  ownedByOrganisation: boolean;
  plan: RepositoryTraits['plan'];
  defaultBranch: string;
  readonly branches: Map<string, BranchState>;
  readonly rulesets: Map<number, RulesetSettings>;
}

export interface BranchState {
  protection: ClassicSettings | undefined;
  /** By path. */
  readonly files: Map<string, Buffer>;
}

/** As a new repository is: one branch, nothing protected. */
export function newSettings(): RepositorySettings {
  return {
    ownedByOrganisation: false,
    plan: 'paid',
    defaultBranch: 'main',
    branches: new Map([['main', newBranch()]]),
    rulesets: new Map(),
  };
}

export function newBranch(files: Iterable<[string, Buffer]> = []): BranchState {
  return { protection: undefined, files: new Map(files) };
}

/** As GitHub makes an environment that a workflow names and nobody has set up. */
export const OPEN_ENVIRONMENT: EnvironmentRules = {
  waitTimer: 0,
  reviewers: [],
  preventsSelfReview: false,
  adminsMayBypass: true,
  deploymentBranches: 'any',
  customRules: [],
};

/** As the web form is before anything is ticked. */
export const BARE_PROTECTION: ClassicSettings = {
  checks: undefined,
  approvals: undefined,
  bypassPullRequest: { users: [], teams: [], apps: [] },
  enforcesForAdmins: false,
  conversationResolution: false,
  allowsForcePushes: false,
  allowsDeletion: false,
};

export const EMPTY_RULESET: RulesetSettings = {
  name: 'main',
  level: 'repository',
  enforcement: 'active',
  branches: ['~DEFAULT_BRANCH'],
  rules: [],
  bypass: [],
};
