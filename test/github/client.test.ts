import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { requestId, serverTime } from '../../src/github/answer.ts';
import type { Answer, GitHubClient, Seen } from '../../src/github/client.ts';
import { ask, attempt, connect, openClient } from '../../src/github/client.ts';
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
  startHalfOpen,
  startTestGitHub,
  UNRESOLVABLE,
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
      expect(requestId(clientOf(github), answer)).toBe('SAND:000001');
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

    it('tells of each answer, errors included, what it says of the token', async () => {
      const seen: Seen[] = [];
      const client = clientOf(github, { observe: (one) => void seen.push(one) });
      github.addToken(SEALER, { permissions: {}, expires: '2027-01-31 23:00:00 UTC' });
      await askRepo(client);
      github.fault({ path: REPO_PATH, kind: 'status', status: 500, headers: { date: '' } });
      await askRepo(client);
      const header = '2027-01-31 23:00:00 UTC';
      expect(seen).toEqual([
        { status: 200, header, serverTime: NOW },
        { status: 500, header, serverTime: undefined },
      ]);
    });

    it('tells of no answer where none came', async () => {
      const seen: Seen[] = [];
      github.fault({ path: REPO_PATH, kind: 'reset' });
      await failureOf(askRepo(clientOf(github, { observe: (one) => void seen.push(one) })));
      expect(seen).toEqual([]);
    });

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
    it.each([301, 302, 303, 307, 308] as const)('B7: follows no %i to another host', async (status) => {
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
      ['truncated', { kind: 'truncate' }, 'not JSON'],
      ['a log-in page', { kind: 'html' }, 'not JSON'],
      ['empty', { kind: 'empty' }, undefined],
      ['cut off', { kind: 'cut' }, 'cut off'],
    ] as const)('B19: hands on nothing of a body that is %s', async (_, fault, unread) => {
      github.fault({ path: REPO_PATH, ...fault });
      const answer = await askRepo();
      expect([answer.status, answer.body, answer.unread]).toEqual([200, undefined, unread]);
    });

    it('B21: reads no further than 1 MiB', async () => {
      github.fault({ path: REPO_PATH, kind: 'huge', bytes: 1_048_577 });
      expect(await askRepo()).toMatchObject({ body: undefined, unread: 'too large' });
    });

    it('B21: ends at once with a body of 100 MB', async () => {
      let sent = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536));
          if (sent >= 100_000_000) controller.close();
        },
      });
      const fetch = async () => new Response(endless, { headers: { 'content-type': 'application/json' } });
      expect((await askRepo(clientOf(github, { fetch }))).unread).toBe('too large');
      expect(sent).toBeLessThan(1_400_000);
    });

    it('hands on a body of just 1 MiB', async () => {
      github.fault({ path: REPO_PATH, kind: 'huge', bytes: 1_048_576 });
      expect(String((await askRepo()).body)).toHaveLength(1_048_574);
    });

    it('B20: gives up a dripping body at the deadline of the whole call', async () => {
      github.fault({ path: REPO_PATH, kind: 'drip', everyMs: 20 });
      const from = performance.now();
      const answer = await askRepo(clientOf(github, { deadlineMs: 300 }));
      expect([answer.body, answer.unread]).toEqual([undefined, 'too slow']);
      expect(performance.now() - from).toBeLessThan(2_000);
    });

    it('B20: keeps the deadline whatever becomes of the signal that fetch was given', async () => {
      const dripping = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
      const body = async () => new Response(dripping, { headers: { 'content-type': 'application/json' } });
      const late = await askRepo(clientOf(github, { deadlineMs: 50, fetch: body }));
      expect(late.unread).toBe('too slow');
      const never = () => new Promise<Response>(() => undefined);
      await expect(askRepo(clientOf(github, { deadlineMs: 50, fetch: never }))).rejects.toThrow(
        'no answer in time',
      );
    });

    it.each(['text/html', 'text/plain', 'application/jsonp', ''])(
      'B19: takes no JSON from a body of the type "%s"',
      async (type) => {
        const headers = new Headers(type === '' ? {} : { 'content-type': type });
        const fetch = async () => new Response(Buffer.from('{"full_name":"example/widgets"}'), { headers });
        expect((await askRepo(clientOf(github, { fetch }))).body).toBeUndefined();
      },
    );

    it('B19: takes no JSON that is not UTF-8', async () => {
      const bytes = Buffer.from('{"full_name":"example/w\xffdgets"}', 'latin1');
      const fetch = async () => new Response(bytes, { headers: { 'content-type': 'application/json' } });
      expect(await askRepo(clientOf(github, { fetch }))).toMatchObject({ unread: 'not JSON' });
    });
  });

  describe('when no answer comes (T2)', () => {
    it('throws unavailable with the code for a refused connection', async () => {
      const port = await freePort();
      const failure = await failureOf(askRepo(clientOf({ apiUrl: `http://127.0.0.1:${port}` })));
      expect(failure.message).toBe(`unavailable: cannot reach GitHub at 127.0.0.1:${port} (ECONNREFUSED)`);
      expect(failure.hints).toContain('nothing was changed');
    });

    it('B17: throws unavailable for a name that does not resolve, and says which', async () => {
      const failure = await failureOf(askRepo(clientOf({ apiUrl: UNRESOLVABLE })));
      expect(failure.message).toMatch(
        /^unavailable: cannot resolve g{64}\.invalid \((ENOTFOUND|EAI_AGAIN)\)$/,
      );
    });

    it('throws unavailable with the code for a reset connection', async () => {
      github.fault({ path: REPO_PATH, kind: 'reset' });
      expect((await failureOf(askRepo())).message).toMatch(
        /^unavailable: .* \((ECONNRESET|UND_ERR_SOCKET)\)$/,
      );
    });

    it('B15: throws unavailable at the deadline when nothing comes', async () => {
      github.fault({ path: REPO_PATH, kind: 'hang' });
      const failure = await failureOf(askRepo(clientOf(github, { deadlineMs: 100 })));
      expect(failure.message).toContain('(no answer in time)');
    });

    it('B16: throws unavailable at the deadline when the other side takes the connection and is gone', async () => {
      const { port, taken, close } = await startHalfOpen();
      const client = clientOf({ apiUrl: `http://127.0.0.1:${port}` }, { deadlineMs: 300 });
      expect((await failureOf(askRepo(client))).message).toContain('(no answer in time)');
      expect(taken()).toBe(1);
      await close();
    });

    it('keeps the token out of what it throws', async () => {
      github.fault({ path: REPO_PATH, kind: 'reset' });
      const { whole } = await failureOf(askRepo());
      expect(findLeaks(SEALER, new Map([['error', Buffer.from(whole)]]))).toEqual([]);
    });
  });

  describe.skipIf(!hasOpenssl)('when the certificate is not trusted', () => {
    it('B18: throws unavailable with its code, and sends nothing', async () => {
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
    ['an unknown name', async () => UNRESOLVABLE, false],
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

describe('connect', () => {
  it('carries no token, and needs no answer that can be used', async () => {
    github.fault({ kind: 'status', status: 502 });
    await connect(clientOf(github));
    expect(github.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/rate_limit', undefined],
    ]);
  });

  it('throws nothing where nobody answers', async () => {
    await expect(connect(clientOf({ apiUrl: UNRESOLVABLE }))).resolves.toBeUndefined();
  });
});

describe('openClient', () => {
  it.each(['two words', 'line\nbreak', 'ünlaut', 'null\0'])(
    'refuses the token %j, and does not show it',
    (token) => {
      expect(() => openClient({ ...clientOf(github).options, token })).toThrow(
        '"/run/secrets/github-seal" holds no token: it has blanks or odd characters',
      );
    },
  );
});
