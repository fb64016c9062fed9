import type { Destination } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { DestinationView, PutAnswer, SecretStore } from '../rotate/rotation.ts';
import type { GitHubClient } from './client.ts';
import { ask, attempt, notGitHub, refusal, requestId, said, serverTime } from './client.ts';
import { decodeKey, seal } from './seal.ts';

/**
 * Environment secrets over REST, with environments:write and metadata:read and nothing more
 * (docs.github.com/rest/actions/secrets, "environment secrets").
 */
export function openSecretStore(client: GitHubClient): SecretStore {
  return {
    precheck: async (destination) => {
      await ensureRepository(client, destination);
      await fetchKey(client, destination);
      return look(client, destination);
    },
    read: async (destination) => {
      const view = await look(client, destination);
      // GitHub says "not found" also of what the token may not see: only one that sees the environment sees an absence.
      if (!view.updatedAt) await fetchKey(client, destination);
      return view;
    },
    publicKey: (destination) => fetchKey(client, destination),
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

async function look(client: GitHubClient, destination: Destination): Promise<DestinationView> {
  const what = `the secret ${formatDestination(destination)}`;
  const answer = await ask(client, (octokit, request) =>
    octokit.actions.getEnvironmentSecret({ ...place(destination), secret_name: destination.secret, request }),
  );
  const at = serverTime(answer);
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
): Promise<{ keyId: string; key: string; serverTime: Date | undefined }> {
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
  return { keyId, key, serverTime: serverTime(answer) };
}

async function put(
  client: GitHubClient,
  destination: Destination,
  sealed: { readonly value: string; readonly keyId: string },
): Promise<PutAnswer> {
  const answer = await attempt(client, (octokit, request) =>
    octokit.actions.createOrUpdateEnvironmentSecret({
      ...place(destination),
      secret_name: destination.secret,
      encrypted_value: sealed.value,
      key_id: sealed.keyId,
      request,
    }),
  );
  if (!('status' in answer)) {
    const reason = `no answer from GitHub${answer.code ? ` (${answer.code})` : ''}`;
    return { kind: answer.sent ? 'unclear' : 'not-sent', reason };
  }
  const { status } = answer;
  if (status === 201 || status === 204) {
    const created = status === 201;
    return { kind: 'stored', created, serverTime: serverTime(answer), requestId: requestId(answer) };
  }
  if (status === 422) {
    const words = said(client, answer);
    return {
      kind: 'stale-key',
      reason: `GitHub did not take the sealed value (422${words ? `: ${words}` : ''})`,
    };
  }
  // Of these, none says that nothing was stored: a 200 is no answer of GitHub's to a write.
  if (status < 300 || status >= 500 || status === 408 || status === 409)
    return { kind: 'unclear', reason: `GitHub answered ${status}` };
  if (status === 404) return { kind: 'refused', ...GONE };
  const { message, hints } = refusal(client, answer, `storing ${formatDestination(destination)}`);
  return { kind: 'refused', reason: message, hints };
}

const GONE = {
  reason: 'GitHub shows no such environment to this token any more',
  hints: ['look under Settings → Environments of the repository, and at the permissions of the token'],
};

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
