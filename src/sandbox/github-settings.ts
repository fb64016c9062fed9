import type {
  ClassicSettings,
  EnvironmentRules,
  RepositoryTraits,
  RulesetSettings,
} from './github-settings-state.ts';
import { BARE_PROTECTION, EMPTY_RULESET, newBranch, OPEN_ENVIRONMENT } from './github-settings-state.ts';
import type { GitHubState } from './github-state.ts';
import {
  findEnvironment,
  newKey,
  nextId,
  requireRepository,
  wholeSecond,
  writeSecret,
} from './github-state.ts';

export interface NamedSecret {
  readonly repository: string;
  readonly name: string;
  /** When it was stored; the clock's time when absent. */
  readonly at?: Date;
}

/** What a person changes in the web pages of a repository, one thing at a time. */
export interface SettingsControl {
  setRepository(repository: string, changes: Partial<RepositoryTraits>): void;
  /** Changes what is given; makes the environment, open to all, where there is none. */
  setEnvironment(repository: string, name: string, changes: Partial<EnvironmentRules>): void;
  /** Changes what is given, of a protection that asks for nothing where there is none; `undefined` takes it away. */
  setClassicProtection(
    repository: string,
    branch: string,
    changes: Partial<ClassicSettings> | undefined,
  ): void;
  /** Returns its id. Active, for the default branch, without a bypass and without rules unless said. */
  addRuleset(repository: string, settings: Partial<RulesetSettings>): number;
  setRuleset(repository: string, id: number, changes: Partial<RulesetSettings>): void;
  removeRuleset(repository: string, id: number): void;
  addRepositorySecret(secret: NamedSecret): void;
  /** One that reaches the repository. */
  addOrganisationSecret(secret: NamedSecret): void;
  addDependabotSecret(secret: NamedSecret): void;
  /** @param branch the default branch when absent */
  setFile(repository: string, path: string, text: string, branch?: string): void;
  removeFile(repository: string, path: string, branch?: string): void;
  /** One that does not exist begins with the files of the default branch. */
  addBranch(repository: string, branch: string): void;
  removeBranch(repository: string, branch: string): void;
  /** Makes the branch where there is none. */
  setDefaultBranch(repository: string, branch: string): void;
}

export function settingsControl(state: GitHubState, now: () => Date): SettingsControl {
  return {
    setRepository(name, changes) {
      const repository = requireRepository(state, name);
      repository.private = changes.private ?? repository.private;
      Object.assign(repository.settings, {
        ownedByOrganisation: changes.ownedByOrganisation ?? repository.settings.ownedByOrganisation,
        plan: changes.plan ?? repository.settings.plan,
      });
    },
    setEnvironment(repository, name, changes) {
      const environment = findEnvironment(requireRepository(state, repository), name);
      if (environment) environment.rules = { ...environment.rules, ...changes };
      else addEnvironment(state, now, repository, name, changes);
    },
    ...protections(state),
    ...moreSecrets(state, now),
    ...branches(state),
  };
}

/** A new environment; with the bare rules it stands open to every branch. */
export function addEnvironment(
  state: GitHubState,
  now: () => Date,
  repository: string,
  name: string,
  changes: Partial<EnvironmentRules>,
): void {
  const at = wholeSecond(now());
  requireRepository(state, repository).environments.set(name.toLowerCase(), {
    id: nextId(state),
    name,
    settings: {},
    rules: { ...OPEN_ENVIRONMENT, ...changes },
    key: newKey(),
    secrets: new Map(),
    createdAt: at,
    updatedAt: at,
  });
}

type Protections = Pick<
  SettingsControl,
  'setClassicProtection' | 'addRuleset' | 'setRuleset' | 'removeRuleset'
>;

function protections(state: GitHubState): Protections {
  const rulesets = (repository: string) => requireRepository(state, repository).settings.rulesets;
  return {
    setClassicProtection(repository, name, changes) {
      const branch = requireBranch(state, repository, name);
      branch.protection = changes && { ...(branch.protection ?? BARE_PROTECTION), ...changes };
    },
    addRuleset(repository, settings) {
      const id = nextId(state);
      rulesets(repository).set(id, { ...EMPTY_RULESET, ...settings });
      return id;
    },
    setRuleset(repository, id, changes) {
      const before = rulesets(repository).get(id);
      if (before === undefined) throw new Error(`The stand-in has no ruleset ${id} in ${repository}.`);
      rulesets(repository).set(id, { ...before, ...changes });
    },
    removeRuleset: (repository, id) => void rulesets(repository).delete(id),
  };
}

type MoreSecrets = Pick<
  SettingsControl,
  'addRepositorySecret' | 'addOrganisationSecret' | 'addDependabotSecret'
>;

function moreSecrets(state: GitHubState, now: () => Date): MoreSecrets {
  const adds =
    (level: 'secrets' | 'organisationSecrets' | 'dependabotSecrets') =>
    ({ repository, name, at = now() }: NamedSecret): void => {
      const secrets = requireRepository(state, repository)[level];
      writeSecret(secrets, { name, opened: new Uint8Array(), keyId: '', at, lag: undefined });
    };
  return {
    addRepositorySecret: adds('secrets'),
    addOrganisationSecret: adds('organisationSecrets'),
    addDependabotSecret: adds('dependabotSecrets'),
  };
}

type Branches = Pick<
  SettingsControl,
  'setFile' | 'removeFile' | 'addBranch' | 'removeBranch' | 'setDefaultBranch'
>;

function branches(state: GitHubState): Branches {
  const settings = (repository: string) => requireRepository(state, repository).settings;
  const addBranch = (repository: string, name: string) => {
    const { branches: all, defaultBranch } = settings(repository);
    if (!all.has(name)) all.set(name, newBranch(all.get(defaultBranch)?.files));
  };
  return {
    addBranch,
    removeBranch: (repository, name) => void settings(repository).branches.delete(name),
    setDefaultBranch(repository, name) {
      addBranch(repository, name);
      settings(repository).defaultBranch = name;
    },
    setFile(repository, path, text, branch = settings(repository).defaultBranch) {
      requireBranch(state, repository, branch).files.set(path, Buffer.from(text));
    },
    removeFile(repository, path, branch = settings(repository).defaultBranch) {
      requireBranch(state, repository, branch).files.delete(path);
    },
  };
}

function requireBranch(state: GitHubState, repository: string, name: string) {
  const branch = requireRepository(state, repository).settings.branches.get(name);
  if (branch === undefined)
    throw new Error(`The stand-in has no branch ${name} in ${repository}: add it first.`);
  return branch;
}
