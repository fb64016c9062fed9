import type { Answer, GitHubClient, Silence } from './answer.ts';
import { attempt } from './client.ts';

/** What an address answered last, with the tag by which GitHub says that it still holds. Plain JSON: it may be stored. */
export interface KeptAnswer {
  readonly etag: string;
  readonly body: unknown;
  readonly link: string | undefined;
}

/** By whole address; a `Map` is one. For one token: GitHub's tags differ from token to token (github/docs#34689). */
export interface KeptAnswers {
  get(url: string): KeptAnswer | undefined;
  set(url: string, kept: KeptAnswer): unknown;
}

export type Call = Parameters<typeof attempt>[1];

/**
 * One GET that GitHub need not answer again where nothing changed: a 304 counts against no limit ("Best practices for using
 * the REST API", conditional requests), and is taken as the 200 that was kept.
 */
export async function askAgain(
  client: GitHubClient,
  answers: KeptAnswers,
  call: Call,
): Promise<Answer | Silence> {
  let url = '';
  let before: KeptAnswer | undefined;
  const answer = await attempt(client, (octokit, { fetch }) => {
    const conditional: typeof fetch = (input, init) => {
      url = String(input);
      before = answers.get(url);
      const headers = new Headers(init?.headers);
      if (before) headers.set('if-none-match', before.etag);
      return fetch(input, { ...init, headers });
    };
    return call(octokit, { fetch: conditional });
  });
  if (!('status' in answer)) return answer;
  if (answer.status === 304 && before) return renewed(answer, before);
  const { etag, link } = answer.headers;
  if (answer.status === 200 && etag !== undefined && answer.unread === undefined) {
    answers.set(url, { etag, body: answer.body, link });
  }
  return answer;
}

function renewed(answer: Answer, { body, link }: KeptAnswer): Answer {
  return { status: 200, body, headers: { ...answer.headers, link } };
}
