import type { GitHubSettings } from '../verify/sources.ts';
import type { GitHubClient } from './answer.ts';
import { readClassicProtection } from './read-classic-protection.ts';
import { openFolders } from './read-contents.ts';
import { readCustomRules, readDeploymentBranches, readEnvironment } from './read-environment.ts';
import { readFiles, readWorkflowTexts } from './read-files.ts';
import { readBranchRules, readRuleset } from './read-rulesets.ts';
import {
  readDependabotSecrets,
  readEnvironmentSecrets,
  readOrganisationSecrets,
  readRepositorySecrets,
} from './read-secrets.ts';
import type { KeptAnswers } from './settings-answers.ts';
import { openReader } from './settings-open.ts';

export type { KeptAnswer, KeptAnswers } from './settings-answers.ts';

/**
 * Settings of one repository, each read once in the life of what is returned: for another look it is opened anew, with the
 * same `answers`. It takes actions:read, administration:read, contents:read, dependabot_secrets:read, environments:read,
 * metadata:read and secrets:read; what the token lacks is unavailable, with the permission's name.
 *
 * @param answers what was answered before to the same token, so that GitHub may answer 304
 * @throws AppError invalid_input for a name that is none of a repository
 */
export function openGitHubSettings(
  client: GitHubClient,
  repo: string,
  answers: KeptAnswers = new Map(),
): GitHubSettings {
  const reader = openReader(client, repo, answers);
  const folders = openFolders(reader);
  const byCase = (name: string) => name.toLowerCase();
  const environment = once((name: string) => readEnvironment(reader, name), byCase);
  return {
    repository: reader.repository,
    environment,
    deploymentBranches: once(
      (name: string) => readDeploymentBranches(reader, name, environment(name)),
      byCase,
    ),
    customRules: once((name: string) => readCustomRules(reader, name, () => environment(name)), byCase),
    environmentSecrets: once(
      (name: string) => readEnvironmentSecrets(reader, name, () => environment(name)),
      byCase,
    ),
    repositorySecrets: once(() => readRepositorySecrets(reader)),
    organisationSecrets: once(() => readOrganisationSecrets(reader)),
    dependabotSecrets: once(() => readDependabotSecrets(reader)),
    classicProtection: once((branch: string) => readClassicProtection(reader, branch)),
    branchRules: once((branch: string) => readBranchRules(reader, branch)),
    ruleset: once((id: number) => readRuleset(reader, id)),
    workflowTexts: once(() => readWorkflowTexts(reader, folders)),
    files: once(() => readFiles(folders)),
  };
}

/** `read`, asked once for each argument; `same` makes of it what names the same thing. */
function once<Args extends readonly [] | readonly [unknown], T>(
  read: (...args: Args) => Promise<T>,
  same: (...args: Args) => unknown = (...args) => args[0],
): (...args: Args) => Promise<T> {
  const asked = new Map<unknown, Promise<T>>();
  return (...args) => {
    const answer = asked.get(same(...args)) ?? read(...args);
    asked.set(same(...args), answer);
    return answer;
  };
}
