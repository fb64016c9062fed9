import type { Destination } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { DestinationView, PublicKey, SecretStore } from '../rotate/rotation.ts';
import type { Answer, GitHubClient } from './answer.ts';
import { field, said, serverTime } from './answer.ts';
import { ask, connect } from './client.ts';
import { ownerAndRepo, place } from './place.ts';
import { putSecret } from './put-secret.ts';
import { isFullName, isRedirect, pointing } from './redirect.ts';
import { notGitHub, refusal, renamed } from './refusal.ts';
import { decodeKey, seal, warmUp } from './seal.ts';
import { listNames, readSecret } from './secret-names.ts';

/**
 * Environment secrets over REST, with environments:write and metadata:read and nothing more
 * (docs.github.com/rest/actions/secrets, "environment secrets").
 */
export function openSecretStore(client: GitHubClient): SecretStore {
  return {
    precheck: async (destination) => {
      // Where it cannot be loaded, sealing says so.
      warmUp().catch(() => undefined);
      await ensureRepository(client, destination);
      const key = await fetchKey(client, destination);
      return { ...(await look(client, destination)), key };
    },
    read: async (destination) => {
      const view = await look(client, destination);
      // GitHub says "not found" also of what the token may not see: only one that sees the environment sees an absence.
      if (!view.updatedAt) await fetchKey(client, destination);
      return view;
    },
    names: (destination) =>
      listNames(client, destination, (answer) => refuseEnvironment(client, destination, answer)),
    publicKey: (destination) => fetchKey(client, destination),
    seal,
    connect: () => connect(client),
    put: (destination, sealed) => putSecret(client, destination, sealed),
  };
}

async function ensureRepository(client: GitHubClient, destination: Destination): Promise<void> {
  const what = `the repository ${destination.repo}`;
  const parameters = ownerAndRepo(destination);
  const answer = await ask(client, (octokit, request) => octokit.repos.get({ ...parameters, request }));
  if (answer.status === 404 && said(client, answer) !== undefined) throw noRepository(client, destination);
  if (answer.status !== 200) throw await refuse(client, answer, what);
  const name = fullName(answer);
  if (name === undefined) throw notGitHub(client, what);
  if (name.toLowerCase() !== destination.repo.toLowerCase()) throw renamed(what, name);
}

function noRepository(client: GitHubClient, { repo }: Destination): AppError {
  const { tokenFile } = client.options;
  return new AppError('not_found', `GitHub shows no repository "${repo}" to the token in "${tokenFile}"`, {
    hints: [
      'check the name, and that the token was made for this repository and is authorised for its organisation',
    ],
  });
}

function fullName({ body }: Answer, id: unknown = field(body, 'id')): string | undefined {
  const name = field(body, 'full_name');
  return Number.isSafeInteger(id) && field(body, 'id') === id && isFullName(name) ? name : undefined;
}

async function look(client: GitHubClient, destination: Destination): Promise<DestinationView> {
  const what = `the secret ${formatDestination(destination)}`;
  const parameters = { ...place(destination), secret_name: destination.secret };
  const answer = await ask(client, (octokit, request) =>
    octokit.actions.getEnvironmentSecret({ ...parameters, request }),
  );
  if (answer.status === 404 && said(client, answer) !== undefined)
    return { updatedAt: undefined, serverTime: serverTime(answer) };
  if (answer.status !== 200) throw await refuse(client, answer, what);
  const secret = readSecret(answer.body);
  if (secret?.name.toUpperCase() !== destination.secret.toUpperCase()) throw notGitHub(client, what);
  return { updatedAt: secret.updatedAt, serverTime: serverTime(answer) };
}

/** Key and id of one answer, of the very environment that is written to: each has its own. */
async function fetchKey(client: GitHubClient, destination: Destination): Promise<PublicKey> {
  const what = `the public key of the environment "${destination.environment}" in ${destination.repo}`;
  const parameters = place(destination);
  const answer = await ask(client, (octokit, request) =>
    octokit.actions.getEnvironmentPublicKey({ ...parameters, request }),
  );
  if (answer.status !== 200) throw await refuseEnvironment(client, destination, answer);
  const keyId = field(answer.body, 'key_id');
  const key = field(answer.body, 'key');
  const usable = typeof keyId === 'string' && /^[!-~]{1,100}$/.test(keyId);
  if (!usable || typeof key !== 'string' || !decodeKey(key)) throw notGitHub(client, what);
  return { keyId, key, serverTime: serverTime(answer) };
}

async function refuseEnvironment(
  client: GitHubClient,
  { environment, repo }: Destination,
  answer: Answer,
): Promise<AppError> {
  if (answer.status !== 404 || said(client, answer) === undefined) {
    return refuse(client, answer, `the environment "${environment}" in ${repo}`);
  }
  return new AppError('not_found', `GitHub shows no environment "${environment}" in ${repo} to this token`, {
    hints: [
      'create it under Settings → Environments (reseal creates none), or give the token the permission environments:write',
    ],
  });
}

/** As `refusal`; a repository that GitHub names by number alone is asked for its new name, at the same GitHub. */
async function refuse(client: GitHubClient, answer: Answer, what: string): Promise<AppError> {
  const to = isRedirect(answer) ? pointing(client, answer) : undefined;
  if (to?.kind !== 'renamed' || to.id === undefined) return refusal(client, answer, what);
  const named = await ask(client, (octokit, request) =>
    octokit.request('GET /repositories/{repository_id}', { repository_id: to.id, request }),
  ).catch(() => undefined);
  return renamed(what, named?.status === 200 ? fullName(named, to.id) : undefined);
}
