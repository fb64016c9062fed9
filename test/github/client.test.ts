import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import type { Answer, GitHubClient } from '../../src/github/client.ts';
import { ask, attempt, openClient, refusal, requestId, said, serverTime } from '../../src/github/client.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import {
  clientOf,
  freePort,
  hasOpenssl,
  REPO,
  REPO_PATH,
  SEALER,
  selfSigned,
  startTestGitHub,
  TOKEN_FILE,
} from '../support/stand-ins.ts';

const [OWNER = '', NAME = ''] = REPO.split('/');

let github: GitHubSandbox;

function askRepo(client: GitHubClient = clientOf(github)): Promise<Answer> {
  return ask(client, (octokit, request) => octokit.repos.get({ owner: OWNER, repo: NAME, request }));
}

/** What was thrown, whole: as much of it as any log could ever print. */
async function failureOf(work: Promise<unknown>): Promise<{ message: string; hints: string; whole: string }> {
  try {
    await work;
  } catch (error) {
    if (!isAppError(error)) throw error;
    const whole = `${error.stack}${JSON.stringify(error)}${String(error.cause)}`;
    return { message: `${error.code}: ${error.message}`, hints: error.hints.join('\n'), whole };
  }
  throw new Error('nothing was thrown');
}

beforeEach(async () => {
  github = await startTestGitHub();
});
afterEach(() => github.close());

describe('ask', () => {
  describe('when GitHub answers', () => {
    it("returns status, body, GitHub's time and the id of the request", async () => {
      const answer = await askRepo();
      expect(answer).toMatchObject({ status: 200, body: { full_name: REPO } });
      expect(serverTime(answer)).toEqual(NOW);
      expect(requestId(answer)).toBe('SAND:000001');
    });

    it('sends one request, with the pinned version of the API and a name of its own', async () => {
      await askRepo();
      expect(github.requests).toHaveLength(1);
      expect(github.requests[0]?.headers).toMatchObject({
        'x-github-api-version': '2022-11-28',
        'user-agent': expect.stringMatching(/^reseal\/0\.1\.0 /),
        authorization: `token ${SEALER}`,
      });
    });

    it.each([301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503])(
      'returns %i as a value',
      async (status) => {
        github.fault({ path: REPO_PATH, kind: 'status', status });
        expect((await askRepo()).status).toBe(status);
      },
    );

    it('prints nothing to the console, whatever the answer is', async () => {
      const spies = (['debug', 'error', 'info', 'log', 'warn'] as const).map((name) =>
        vi.spyOn(console, name),
      );
      const deprecated = { deprecation: '@1688169599', sunset: 'Sat, 1 Jan 2028 00:00:00 GMT' };
      github.fault({ path: REPO_PATH, kind: 'headers', headers: deprecated });
      github.fault({ path: REPO_PATH, kind: 'status', status: 500 });
      await askRepo();
      await askRepo();
      expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([]);
      vi.restoreAllMocks();
    });
  });

  describe('when an answer points elsewhere (T3)', () => {
    it.each([301, 302, 303, 307, 308] as const)('follows no %i to another host', async (status) => {
      const elsewhere = await startTestGitHub();
      github.fault({ path: REPO_PATH, kind: 'redirect', to: `${elsewhere.url}/repos/${REPO}`, status });
      expect((await askRepo()).status).toBe(status);
      expect(elsewhere.requests).toEqual([]);
      expect(github.requests).toHaveLength(1);
      await elsewhere.close();
    });
  });

  describe('when what answers is not GitHub (T1)', () => {
    it.each([
      ['truncated', { kind: 'truncate' }],
      ['a log-in page', { kind: 'html' }],
      ['empty', { kind: 'empty' }],
      ['cut off', { kind: 'cut' }],
    ] as const)('hands on no object for a body that is %s', async (_, fault) => {
      github.fault({ path: REPO_PATH, ...fault });
      const body = await askRepo().then(
        (answer) => answer.body,
        () => 'no answer',
      );
      expect(typeof body).not.toBe('object');
    });

    it('reads no further than 1 MiB (B21)', async () => {
      github.fault({ path: REPO_PATH, kind: 'huge', bytes: 1_048_577 });
      expect((await askRepo()).body).toBe('');
    });

    it('hands on a body of just 1 MiB', async () => {
      github.fault({ path: REPO_PATH, kind: 'huge', bytes: 1_048_576 });
      expect(String((await askRepo()).body)).toHaveLength(1_048_574);
    });

    it('gives up a dripping body at the deadline (B20)', async () => {
      github.fault({ path: REPO_PATH, kind: 'drip', everyMs: 20 });
      const answer = await askRepo(clientOf(github, { deadlineMs: 150 }));
      expect(typeof answer.body).toBe('string');
    });
  });

  describe('when no answer comes (T2)', () => {
    it('throws unavailable with the code for a refused connection', async () => {
      const port = await freePort();
      const failure = await failureOf(askRepo(clientOf({ apiUrl: `http://127.0.0.1:${port}` })));
      expect(failure.message).toBe(`unavailable: cannot reach GitHub at 127.0.0.1:${port} (ECONNREFUSED)`);
      expect(failure.hints).toContain('nothing was changed');
    });

    it('throws unavailable with the code for a name that does not resolve (B17)', async () => {
      const failure = await failureOf(askRepo(clientOf({ apiUrl: 'http://github.invalid' })));
      expect(failure.message).toMatch(
        /^unavailable: cannot reach GitHub at github\.invalid \((ENOTFOUND|EAI_AGAIN)\)$/,
      );
    });

    it('throws unavailable with the code for a reset connection', async () => {
      github.fault({ path: REPO_PATH, kind: 'reset' });
      expect((await failureOf(askRepo())).message).toMatch(
        /^unavailable: .* \((ECONNRESET|UND_ERR_SOCKET)\)$/,
      );
    });

    it('throws unavailable at the deadline when nothing comes (B15)', async () => {
      github.fault({ path: REPO_PATH, kind: 'hang' });
      const failure = await failureOf(askRepo(clientOf(github, { deadlineMs: 100 })));
      expect(failure.message).toContain('(no answer in time)');
    });

    it('keeps the token out of what it throws', async () => {
      github.fault({ path: REPO_PATH, kind: 'reset' });
      const { whole } = await failureOf(askRepo());
      expect(findLeaks(SEALER, new Map([['error', Buffer.from(whole)]]))).toEqual([]);
    });
  });

  describe.skipIf(!hasOpenssl)('when the certificate is not trusted (B18)', () => {
    it('throws unavailable with its code, and sends nothing', async () => {
      const secure = await startTestGitHub(() => NOW, { tls: selfSigned() });
      const failure = await failureOf(askRepo(clientOf(secure)));
      expect(failure.message).toMatch(
        /certificate of 127\.0\.0\.1:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      );
      expect(failure.hints).toContain('NODE_EXTRA_CA_CERTS');
      expect(secure.requests).toEqual([]);
      await secure.close();
    });
  });
});

describe('attempt', () => {
  it.each([
    ['a refused connection', async () => `http://127.0.0.1:${await freePort()}`, false],
    ['an unknown name', async () => 'http://github.invalid', false],
    ['a reset', async () => github.apiUrl, true],
  ])('tells of %s whether the request may have left', async (_, address, sent) => {
    github.fault({ kind: 'reset' });
    const client = clientOf({ apiUrl: await address() });
    const silence = await attempt(client, (octokit, request) =>
      octokit.repos.get({ owner: OWNER, repo: NAME, request }),
    );
    expect(silence).toMatchObject({ sent });
  });
});

describe('refusal', () => {
  const message = (text: string) => ({ message: text, documentation_url: 'https://docs.github.com/rest' });
  const answer = (
    status: number,
    headers: Answer['headers'] = {},
    body: unknown = message('No'),
  ): Answer => ({
    status,
    headers,
    body,
  });

  function told(given: Answer): { code: string; message: string; hints: string } {
    const error = refusal(clientOf(github), given, 'the secret X');
    return { code: error.code, message: error.message, hints: error.hints.join('\n') };
  }

  it('names the file of a token that is not accepted (B1)', () => {
    const { code, message: text, hints } = told(answer(401, {}, message('Bad credentials')));
    expect([code, text]).toEqual(['unauthorized', `GitHub does not accept the token in "${TOKEN_FILE}"`]);
    expect(hints).toContain('make a new one');
  });

  it.each([
    ['environments=write', 'environments:write'],
    [
      'environments=read,metadata=read; secrets=write',
      'environments:read and metadata:read or secrets:write',
    ],
  ])('names the missing permission from the header %s (B2)', (header, named) => {
    const forbidden = message('Resource not accessible by personal access token');
    const {
      code,
      message: text,
      hints,
    } = told(answer(403, { 'x-accepted-github-permissions': header }, forbidden));
    expect(code).toBe('forbidden');
    expect(text).toContain(`"${TOKEN_FILE}" may not be used for the secret X`);
    expect(hints).toBe(`GitHub asks for the permission ${named}: add it to the token`);
  });

  it('takes no other text from that header', () => {
    const header = 'environments=write\u001b[31m evil';
    expect(told(answer(403, { 'x-accepted-github-permissions': header })).hints).not.toContain('evil');
  });

  it('blames the role, not the token, where GitHub does', () => {
    const headers = { 'x-accepted-github-permissions': 'environments=write' };
    const { hints } = told(answer(403, headers, message('Must have admin rights to Repository.')));
    expect(hints).toContain('the role of its user');
  });

  it("names the page of single sign-on when it is GitHub's own (B31)", () => {
    const client = openClient({ ...clientOf(github).options, apiUrl: 'https://api.github.com' });
    const page = 'https://github.com/orgs/acme/sso?authorization_request=A';
    const headers = { 'x-github-sso': `required; url=${page}` };
    expect(refusal(client, answer(403, headers), 'x').hints).toEqual([
      `authorise it within the hour at ${page}`,
    ]);
  });

  it.each(['https://evil.example/sso', 'http://github.com/sso', 'javascript:alert(1)', 'nonsense'])(
    'does not send anybody to %s for single sign-on',
    (page) => {
      const client = openClient({ ...clientOf(github).options, apiUrl: 'https://api.github.com' });
      const error = refusal(client, answer(403, { 'x-github-sso': `required; url=${page}` }), 'x');
      expect(error.message).toContain('single sign-on');
      expect(error.hints.join()).not.toContain(page);
    },
  );

  it('says until when a used-up limit lasts (B3)', () => {
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.parse('2026-11-23T10:25:00Z') / 1000),
    };
    const { code, message: text } = told(answer(403, headers));
    expect([code, text]).toEqual([
      'limited',
      'the rate limit of the GitHub token is used up until 10:25 UTC',
    ]);
  });

  it.each([
    ['retry-after', answer(403, { 'retry-after': '37' }), 'GitHub asks to wait 37 seconds'],
    ['429 alone', answer(429), 'GitHub asks to slow down'],
    [
      'words alone',
      answer(403, {}, message('You have exceeded a secondary rate limit.')),
      'GitHub asks to slow down',
    ],
    [
      'a date in retry-after',
      answer(429, { 'retry-after': 'Mon, 23 Nov 2026 10:00:00 GMT' }),
      'GitHub asks to slow down',
    ],
  ])('recognises a secondary limit by %s (B4)', (_, given, text) => {
    expect(told(given)).toMatchObject({ code: 'limited', message: text });
  });

  it('says that a repository was renamed when the redirect stays at the host (B6)', () => {
    const {
      code,
      message: text,
      hints,
    } = told(answer(301, { location: `${github.apiUrl}/repositories/42` }));
    expect([code, text]).toEqual(['moved', 'the repository has been renamed or transferred (the secret X)']);
    expect(hints).toContain('write its new name');
  });

  it.each([
    ['another host', 'https://evil.example/repositories/42'],
    ['another port', 'http://127.0.0.1:1/repositories/42'],
    ['another scheme', 'https://127.0.0.1/repositories/42'],
    ['no address', 'http://['],
  ])('refuses a redirect to %s (B7)', (_, location) => {
    const { code, message: text } = told(answer(307, { location }));
    expect([code, text]).toEqual(['refused', expect.stringContaining('was not followed')]);
  });

  it("takes a redirect to nowhere for no answer of GitHub's", () => {
    expect(told(answer(307)).message).toMatch(/is not GitHub's answer$/);
  });

  it.each([400, 410])('suspects the version of the API at %i', (status) => {
    expect(told(answer(status)).hints).toContain('2022-11-28');
  });

  it("points to GitHub's own status page at 5xx", () => {
    expect(told(answer(502))).toMatchObject({
      code: 'unavailable',
      message: 'GitHub answered 502 when asked for the secret X',
      hints: expect.stringContaining('githubstatus.com'),
    });
  });

  it.each([401, 403])("does not take a network's log-in page with %i for GitHub's word", (status) => {
    expect(told(answer(status, {}, '<!doctype html>'))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/is not GitHub's answer$/),
    });
  });

  it('names the token nowhere', () => {
    const statuses = [301, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503];
    const echo = message(`token ${SEALER} is bad`);
    const texts = statuses.map((status) => JSON.stringify(told(answer(status, {}, echo))));
    expect(findLeaks(SEALER, new Map([['texts', Buffer.from(texts.join('\n'))]]))).toEqual([]);
  });
});

describe('said', () => {
  it.each([
    ['a sentence', { message: 'Not Found' }, 'Not Found'],
    ['control characters and escapes', { message: 'a\u001b[31mb\r\nc\u202ed' }, 'a [31mb c d'],
    ['the token itself', { message: `${SEALER} is bad` }, 'is bad'],
    ['a long text', { message: 'x'.repeat(300) }, 'x'.repeat(200)],
    ['no object', 'Not Found', undefined],
    ['no message', { error: 'x' }, undefined],
    ['a message that is no text', { message: 42 }, undefined],
  ])('makes of %s what can be shown', (_, body, shown) => {
    expect(said(clientOf(github), { status: 422, headers: {}, body })).toBe(shown);
  });
});

describe('serverTime', () => {
  it.each([[undefined], ['yesterday'], ['']])('returns nothing for the header %s (B29)', (date) => {
    expect(serverTime({ status: 200, body: undefined, headers: { date } })).toBeUndefined();
  });
});

describe('requestId', () => {
  it.each([[undefined], ['a b'], [''], ['x'.repeat(101)], ['a\u001b[0m']])('returns nothing for %j', (id) => {
    expect(
      requestId({ status: 200, body: undefined, headers: { 'x-github-request-id': id } }),
    ).toBeUndefined();
  });
});
