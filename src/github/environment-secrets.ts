import type { Destination } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { DestinationView, PutAnswer, SecretStore } from '../rotate/rotation.ts';
import type { Answer, GitHubClient } from './client.ts';
import { ask, refusal, requestId, serverTime } from './client.ts';
import { decodeKey, seal } from './seal.ts';

/**
 * Environment secrets over REST, with environments:write and metadata:read and nothing more
 * (docs.github.com/rest/actions/secrets, "environment secrets").
 */
export function openSecretStore(client: GitHubClient, now: () => Date): SecretStore {
  return {
    precheck: async (destination) => {
      await ensureRepository(client, destination);
      await fetchKey(client, destination, now);
      return read(client, destination, now);
    },
    read: (destination) => read(client, destination, now),
    publicKey: (destination) => fetchKey(client, destination, now),
    seal,
    put: (destination, sealed) => put(client, destination, sealed),
  };
}

async function ensureRepository(client: GitHubClient, destination: Destination): Promise<void> {
  const what = `the repository ${destination.repo}`;
  const answer = await ask(client, (octokit, request) =>
    octokit.repos.get({ ...ownerAndRepo(destination), request }),
  );
  if (answer.status === 404) {
    throw new AppError(
      'not_found',
      `GitHub shows no repository "${destination.repo}" to the token in "${client.options.tokenFile}"`,
      {
        hints: ['check the name, and that the token was made for this repository'],
      },
    );
  }
  if (answer.status !== 200) throw refusal(client, answer, what);
  const name = field(answer.body, 'full_name');
  if (typeof name !== 'string') throw notGitHub(client, what);
  if (name.toLowerCase() !== destination.repo.toLowerCase()) {
    throw new AppError('moved', `"${destination.repo}" is now called by another name at GitHub`, {
      hints: ['write its new name into the configuration, after making sure that it is still yours'],
    });
  }
}

async function read(
  client: GitHubClient,
  destination: Destination,
  now: () => Date,
): Promise<DestinationView> {
  const what = `the secret ${formatDestination(destination)}`;
  const answer = await ask(client, (octokit, request) =>
    octokit.actions.getEnvironmentSecret({ ...place(destination), secret_name: destination.secret, request }),
  );
  const at = serverTime(answer) ?? now();
  if (answer.status === 404) return { updatedAt: undefined, serverTime: at };
  if (answer.status !== 200) throw refusal(client, answer, what);
  const name = field(answer.body, 'name');
  const updated = instant(field(answer.body, 'updated_at'));
  if (typeof name !== 'string' || name.toUpperCase() !== destination.secret.toUpperCase() || !updated) {
    throw notGitHub(client, what);
  }
  return { updatedAt: updated, serverTime: at };
}

async function fetchKey(
  client: GitHubClient,
  destination: Destination,
  now: () => Date,
): Promise<{ keyId: string; key: string; serverTime: Date }> {
  const what = `the public key of the environment "${destination.environment}" in ${destination.repo}`;
  const answer = await ask(client, (octokit, request) =>
    octokit.actions.getEnvironmentPublicKey({ ...place(destination), request }),
  );
  if (answer.status === 404) {
    throw new AppError(
      'not_found',
      `GitHub shows no environment "${destination.environment}" in ${destination.repo} to this token`,
      {
        hints: [
          'create it under Settings → Environments (reseal creates none), or give the token the permission environments:write',
        ],
      },
    );
  }
  if (answer.status !== 200) throw refusal(client, answer, what);
  const keyId = field(answer.body, 'key_id');
  const key = field(answer.body, 'key');
  if (typeof keyId !== 'string' || keyId === '' || typeof key !== 'string' || !decodeKey(key))
    throw notGitHub(client, what);
  return { keyId, key, serverTime: serverTime(answer) ?? now() };
}

async function put(
  client: GitHubClient,
  destination: Destination,
  sealed: { readonly value: string; readonly keyId: string },
): Promise<PutAnswer> {
  let answer: Answer;
  try {
    answer = await ask(client, (octokit, request) =>
      octokit.actions.createOrUpdateEnvironmentSecret({
        ...place(destination),
        secret_name: destination.secret,
        encrypted_value: sealed.value,
        key_id: sealed.keyId,
        request,
      }),
    );
  } catch (error) {
    return { kind: 'unclear', reason: error instanceof AppError ? error.message : 'no answer' };
  }
  if (answer.status === 201 || answer.status === 204) {
    const created = answer.status === 201;
    return { kind: 'stored', created, serverTime: serverTime(answer), requestId: requestId(answer) };
  }
  if (answer.status === 422)
    return { kind: 'stale-key', reason: 'GitHub could not open the sealed value (422)' };
  if (answer.status >= 500 || answer.status === 409)
    return { kind: 'unclear', reason: `GitHub answered ${answer.status}` };
  const { message, hints } = refusal(client, answer, `storing ${formatDestination(destination)}`);
  return {
    kind: 'refused',
    reason: answer.status === 404 ? 'GitHub shows no such environment to this token any more' : message,
    hints,
  };
}

function place(destination: Destination): { owner: string; repo: string; environment_name: string } {
  return { ...ownerAndRepo(destination), environment_name: destination.environment };
}

function ownerAndRepo({ repo }: Destination): { owner: string; repo: string } {
  const [owner = '', name = ''] = repo.split('/');
  return { owner, repo: name };
}

/** Octokit hands on a cut or foreign body as if it were the answer, so every one is looked at. */
function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

function instant(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(value))
    return undefined;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function notGitHub(client: GitHubClient, what: string): AppError {
  return new AppError(
    'unavailable',
    `what ${new URL(client.options.apiUrl).host} answered for ${what} is not GitHub's answer`,
    {
      hints: ['check github.api-url, the proxy, and whether a log-in page of the network answers instead'],
    },
  );
}
