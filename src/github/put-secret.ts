import type { Destination } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import type { PutAnswer } from '../rotate/rotation.ts';
import type { Answer, GitHubClient } from './answer.ts';
import { requestId, said, serverTime } from './answer.ts';
import { attempt } from './client.ts';
import { place } from './place.ts';
import { isRedirect, pointing } from './redirect.ts';
import { refusal } from './refusal.ts';

/** PUT …/environments/{environment_name}/secrets/{secret_name}, once. Never throws for an answer or a failed call. */
export async function putSecret(
  client: GitHubClient,
  destination: Destination,
  sealed: { readonly value: string; readonly keyId: string },
): Promise<PutAnswer> {
  const parameters = { ...place(destination), secret_name: destination.secret };
  const body = { encrypted_value: sealed.value, key_id: sealed.keyId };
  const answer = await attempt(client, (octokit, request) =>
    octokit.actions.createOrUpdateEnvironmentSecret({ ...parameters, ...body, request }),
  );
  if ('status' in answer) return judge(client, destination, answer);
  const reason = `no answer from GitHub${answer.code ? ` (${answer.code})` : ''}`;
  return { kind: answer.sent ? 'unclear' : 'not-sent', reason };
}

/** Only GitHub's own words say that nothing was stored: whatever else answers may have handed the write on before. */
function judge(client: GitHubClient, destination: Destination, answer: Answer): PutAnswer {
  const { status } = answer;
  if (isStored(answer)) {
    const created = status === 201;
    return { kind: 'stored', created, serverTime: serverTime(answer), requestId: requestId(client, answer) };
  }
  const error = refusal(client, answer, `storing ${formatDestination(destination)}`);
  const { message: reason, hints } = error;
  if (error.code === 'limited') return { kind: 'limited', reason, waitMs: error.retryAfterMs ?? 60_000 };
  // Without a log-in nothing is done, whoever asked for it.
  if (status === 401) return { kind: 'refused', reason, hints, everywhere: true };
  const words = said(client, answer);
  if (isRedirect(answer)) {
    const isMoved = words !== undefined && pointing(client, answer).kind === 'renamed';
    return isMoved ? { kind: 'refused', reason, hints } : { kind: 'unclear', reason };
  }
  if (status < 400 || status >= 500 || status === 408 || status === 409)
    return { kind: 'unclear', reason: `GitHub answered ${status}` };
  if (words === undefined) return { kind: 'unclear', reason };
  if (status === 422) {
    return {
      kind: 'stale-key',
      reason: `GitHub did not take the sealed value (422${words ? `: ${words}` : ''})`,
    };
  }
  return status === 404 ? { kind: 'refused', ...GONE } : { kind: 'refused', reason, hints };
}

/** 204, or 201 with `{}` or nothing: a page with such a status is not GitHub's. */
function isStored({ status, body, unread }: Answer): boolean {
  if (status === 204) return true;
  const empty = body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body));
  return status === 201 && unread === undefined && empty;
}

const GONE = {
  reason: 'GitHub shows no such environment to this token any more',
  hints: ['look under Settings → Environments of the repository, and at the permissions of the token'],
};
