import type { Fact } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import type { EnvironmentFact, SecretFact } from '../verify/facts.ts';
import { ofEnvironment, placeOf } from './read-environment.ts';
import type { Missing, Paging } from './read-fact.ts';
import { countedPage, readList } from './read-fact.ts';
import { readSecret } from './secret-names.ts';
import type { Call } from './settings-answers.ts';
import type { Reader } from './settings-reader.ts';
import type { Wanted } from './settings-refusal.ts';

type Secrets = Fact<readonly SecretFact[]>;

function readNames(
  reader: Reader,
  wanted: Wanted,
  call: (paging: Paging) => Call,
  missing?: Missing<readonly SecretFact[]>,
): Promise<Secrets> {
  return readList(reader, wanted, call, countedPage('secrets', readSecret), missing);
}

/** GET …/environments/{environment_name}/secrets; empty where the environment is known not to exist. */
export function readEnvironmentSecrets(
  reader: Reader,
  name: string,
  environment: () => Promise<Fact<EnvironmentFact | undefined>>,
): Promise<Secrets> {
  const what = `the secrets of the environment "${name}" in ${reader.repo}`;
  const wanted = { what, permission: 'environments:read' };
  return readNames(
    reader,
    wanted,
    (paging) => (octokit, request) =>
      octokit.actions.listEnvironmentSecrets({ ...placeOf(reader, name), ...paging, request }),
    () => ofEnvironment(reader, wanted, environment),
  );
}

/** GET …/actions/secrets */
export function readRepositorySecrets(reader: Reader): Promise<Secrets> {
  return readNames(
    reader,
    { what: `the repository secrets of ${reader.repo}`, permission: 'secrets:read' },
    (paging) => (octokit, request) =>
      octokit.actions.listRepoSecrets({ ...reader.place, ...paging, request }),
  );
}

/**
 * GET …/actions/organization-secrets: those that reach this repository, for which the repository's own permission is enough.
 * A user has none.
 */
export async function readOrganisationSecrets(reader: Reader): Promise<Secrets> {
  const repository = await reader.repository();
  if (!repository.known) return repository;
  if (!repository.value.ownedByOrganisation) return known([]);
  return readNames(
    reader,
    { what: `the organisation secrets that reach ${reader.repo}`, permission: 'secrets:read' },
    (paging) => (octokit, request) =>
      octokit.actions.listRepoOrganizationSecrets({ ...reader.place, ...paging, request }),
  );
}

/** GET …/dependabot/secrets */
export function readDependabotSecrets(reader: Reader): Promise<Secrets> {
  return readNames(
    reader,
    { what: `the Dependabot secrets of ${reader.repo}`, permission: 'dependabot_secrets:read' },
    (paging) => (octokit, request) =>
      octokit.dependabot.listRepoSecrets({ ...reader.place, ...paging, request }),
  );
}
