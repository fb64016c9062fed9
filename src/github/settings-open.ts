import type { AppError } from '../domain/error.ts';
import { isAppError } from '../domain/error.ts';
import type { Fact, Unavailable } from '../verify/fact.ts';
import type { RepositoryFact } from '../verify/facts.ts';
import type { Answer, GitHubClient, Silence } from './answer.ts';
import { said } from './answer.ts';
import { limitOf } from './limit.ts';
import { ownerAndRepo } from './place.ts';
import { readRepository } from './read-repository.ts';
import { isRedirect, pointing } from './redirect.ts';
import { unreachable } from './refusal.ts';
import type { KeptAnswers } from './settings-answers.ts';
import { askAgain } from './settings-answers.ts';
import type { Get, Reader, Reading } from './settings-reader.ts';
import type { Wanted } from './settings-refusal.ts';
import { elsewhere, hidden, misshapen, refused, unreachableBy } from './settings-refusal.ts';
import { atMost } from './settings-turns.ts';

/** GitHub allows a hundred requests in flight, of all its user's programs together ("Rate limits for the REST API"). */
const AT_ONCE = 20;

/** @throws AppError invalid_input for a name that is none of a repository */
export function openReader(client: GitHubClient, repo: string, answers: KeptAnswers): Reader {
  const place = ownerAndRepo({ repo, environment: '', secret: '' });
  let stop: Unavailable | undefined;
  const inTurn = atMost(AT_ONCE);
  const ask: Get = (wanted, call) =>
    inTurn(async () => {
      if (stop) return { kind: 'unread', why: stop };
      const answer = await askAgain(client, answers, call).catch(expected);
      const reading = readingOf(client, wanted, answer);
      if (reading.kind === 'unread' && endsAll(client, answer)) stop = reading.why;
      return reading;
    });
  // First and alone: after several log-ins with a dead token GitHub refuses all of its user's, and what is asked of a
  // repository that is not there, or is another by now, says nothing.
  let repository: Promise<Fact<RepositoryFact>> | undefined;
  const first = () => {
    repository ??= readRepository({ client, repo, place, get: ask }).then(({ fact, ends }) => {
      if (ends && !fact.known) stop = fact;
      return fact;
    });
    return repository;
  };
  return {
    client,
    repo,
    place,
    repository: first,
    get: async (wanted, call) => {
      const seen = await first();
      const reading = await ask(wanted, call);
      // The repository has just answered under this name: what has another is a branch.
      return reading.kind === 'moved' && seen.known ? { kind: 'unread', why: elsewhere(wanted) } : reading;
    },
    notShown: async (wanted) => {
      const seen = await first();
      return seen.known ? hidden(client, wanted) : seen;
    },
  };
}

function readingOf(client: GitHubClient, wanted: Wanted, answer: Answer | Silence | AppError): Reading {
  if (isAppError(answer)) return { kind: 'unread', why: unreachableBy(answer) };
  if (!('status' in answer)) return { kind: 'unread', why: unreachableBy(unreachable(client, answer)) };
  const { status, body, unread } = answer;
  if (status === 200 && body !== undefined) return { kind: 'found', body, next: hasNext(answer) };
  if (status === 200) return { kind: 'unread', why: misshapen(client, wanted, unread) };
  const words = said(client, answer);
  if (status === 404 && words !== undefined) return { kind: 'missing', words };
  const why = refused(client, answer, wanted);
  const to = isRedirect(answer) ? pointing(client, answer) : undefined;
  return to?.kind === 'renamed' ? { kind: 'moved', id: to.id, why } : { kind: 'unread', why };
}

/** Whether GitHub does not want this token to ask for anything more now. */
function endsAll(client: GitHubClient, answer: Answer | Silence | AppError): boolean {
  if (!('status' in answer)) return false;
  return answer.status === 401 || limitOf(client, answer) !== undefined;
}

function expected(error: unknown): AppError {
  if (isAppError(error)) return error;
  throw error;
}

function hasNext({ headers }: Answer): boolean {
  return /;\s*rel="?next\b/.test(headers['link'] ?? '');
}
