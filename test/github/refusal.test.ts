import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/github/answer.ts';
import { requestId, said, serverTime } from '../../src/github/answer.ts';
import { openClient } from '../../src/github/client.ts';
import { refusal } from '../../src/github/refusal.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { clientOf, SEALER, startTestGitHub, TOKEN_FILE } from '../support/stand-ins.ts';

let github: GitHubSandbox;

beforeEach(async () => {
  github = await startTestGitHub();
});
afterEach(() => github.close());

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

  it('B1: names the file of a token that is not accepted', () => {
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
  ])('B2: names the missing permission from the header %s', (header, named) => {
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

  it('B2: blames the role, not the token, where GitHub does', () => {
    const headers = { 'x-accepted-github-permissions': 'environments=write' };
    const { hints } = told(answer(403, headers, message('Must have admin rights to Repository.')));
    expect(hints).toContain('the role of its user');
  });

  it("B31: names the page of single sign-on when it is GitHub's own", () => {
    const client = openClient({ ...clientOf(github).options, apiUrl: 'https://api.github.com' });
    const page = 'https://github.com/orgs/acme/sso?authorization_request=A';
    const headers = { 'x-github-sso': `required; url=${page}` };
    expect(refusal(client, answer(403, headers), 'x').hints).toEqual([
      `authorise it within the hour at ${page}`,
    ]);
  });

  it.each([
    'https://evil.example/sso',
    'http://github.com/sso',
    'https://github.com:444/sso',
    'https://github.com@evil.example/sso',
    'https://evil@github.com/sso',
    'https://github.com.evil.example/sso',
    'javascript:alert(1)',
    'nonsense',
  ])('B31: does not send anybody to %s for single sign-on', (page) => {
    const client = openClient({ ...clientOf(github).options, apiUrl: 'https://api.github.com' });
    const error = refusal(client, answer(403, { 'x-github-sso': `required; url=${page}` }), 'x');
    expect(error.message).toContain('single sign-on');
    expect(error.hints.join()).not.toContain(page);
  });

  describe('when a limit is reached', () => {
    const date = NOW.toUTCString();
    const reset = String(Date.parse('2026-11-23T10:25:00Z') / 1000);
    const USED_UP = "this hour's requests are used up";
    const TOO_FAST = 'it asks to slow down';

    function limitOf(given: Answer): readonly unknown[] {
      const { code, message: text, retryAfterMs } = refusal(clientOf(github), given, 'the secret X');
      return [code, text, retryAfterMs];
    }

    it.each([403, 429])(
      'B3: says until when a used-up limit lasts, and how long that is, at %i',
      (status) => {
        const headers = { date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
        expect(limitOf(answer(status, headers))).toEqual([
          'limited',
          `GitHub's limit until 10:25 UTC: ${USED_UP}`,
          55 * 60_000,
        ]);
      },
    );

    it("B3: counts by GitHub's clock, not by ours", () => {
      const ahead = new Date('2026-11-23T10:24:30Z').toUTCString();
      const headers = { date: ahead, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
      expect(limitOf(answer(403, headers))[2]).toBe(30_000);
    });

    it.each([
      ['in seconds', 429, { 'retry-after': '37' }, '09:31', 37_000],
      ['as a date', 429, { 'retry-after': 'Mon, 23 Nov 2026 10:00:00 GMT' }, '10:00', 30 * 60_000],
      ['of no time at all', 403, { 'retry-after': '0' }, '09:31', 1_000],
      ['that nobody can read', 403, { 'retry-after': 'soon' }, '09:31', 60_000],
      ['in years', 403, { 'retry-after': '999999999' }, '09:30', 86_400_000],
      ['in the past', 403, { 'retry-after': 'Mon, 23 Nov 2020 10:00:00 GMT' }, '09:31', 1_000],
      ['beside a used-up limit', 403, { 'retry-after': '90', 'x-ratelimit-remaining': '0' }, '09:32', 90_000],
    ] as const)('B4: obeys a retry-after %s', (_, status, headers, until, waitMs) => {
      expect(limitOf(answer(status, { date, ...headers }))).toEqual([
        'limited',
        `GitHub's limit until ${until} UTC: ${TOO_FAST}`,
        waitMs,
      ]);
    });

    it.each([
      ['429 alone', answer(429, { date })],
      ['words alone', answer(403, { date }, message('You have exceeded a secondary rate limit.'))],
      ['the older words', answer(403, { date }, message('You have triggered an abuse detection mechanism.'))],
      ['a page with 429', answer(429, { date }, null)],
    ])('B4: asks for a minute where %s names no time', (_, given) => {
      expect(limitOf(given)).toEqual(['limited', `GitHub's limit until 09:31 UTC: ${TOO_FAST}`, 60_000]);
    });

    it.each([
      ['retry-after', { 'retry-after': '37' }, `GitHub's limit for 37 seconds: ${TOO_FAST}`, 37_000],
      [
        'reset',
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
        `GitHub's limit for 60 seconds: ${USED_UP}`,
        60_000,
      ],
    ] as const)(
      'B3, B4, B29: makes do with %s where the answer carries no Date',
      (_, headers, text, waitMs) => {
        expect(limitOf(answer(403, headers))).toEqual(['limited', text, waitMs]);
      },
    );

    it('takes no other 403 for a limit', () => {
      const headers = { date, 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': reset };
      expect(limitOf(answer(403, headers))[0]).toBe('forbidden');
    });
  });

  it.each([
    ['by number', '/repositories/42', 'the repository has been renamed or transferred (the secret X)'],
    [
      'by its name',
      '/repos/example/gears/environments/release/secrets/X',
      'the repository has been renamed or transferred to "example/gears" (the secret X)',
    ],
  ])('B6: says that a repository was renamed when the redirect names it %s', (_, path, text) => {
    for (const status of [301, 302, 307, 308]) {
      const told301 = told(answer(status, { location: `${github.apiUrl}${path}` }));
      expect([told301.code, told301.message]).toEqual(['moved', text]);
      expect(told301.hints).toContain('write its new name');
    }
  });

  it.each([
    ['another host', 'https://evil.example/repositories/42'],
    ['another port', 'http://127.0.0.1:1/repositories/42'],
    ['another scheme', 'https://127.0.0.1/repositories/42'],
    ['a host that only begins alike', 'http://127.0.0.1.evil.example/repositories/42'],
    ['another host without a scheme', '//evil.example/repositories/42'],
    ['no address', 'http://['],
    ['a script', 'javascript:alert(1)'],
    ['a log-in page of the same host', '/login?return_to=x'],
    ['a name that no repository can have', '/repos/ex\u001bample/gears'],
    ['two addresses', '/repositories/42, https://evil.example/'],
  ])('B7: refuses a redirect to %s', (_, location) => {
    const { code, message: text } = told(answer(307, { location }));
    expect([code, text]).toEqual(['refused', 'an unexpected redirect was refused (the secret X)']);
  });

  it('B7: refuses a redirect from https to http', () => {
    const client = openClient({ ...clientOf(github).options, apiUrl: 'https://api.github.com' });
    const location = 'http://api.github.com/repositories/42';
    expect(refusal(client, answer(301, { location }), 'x').code).toBe('refused');
  });

  it("B7: refuses a redirect out of an Enterprise Server's API", () => {
    const client = openClient({ ...clientOf(github).options, apiUrl: 'https://git.example.org/api/v3' });
    const to = (path: string) => answer(301, { location: `https://git.example.org${path}` });
    expect(refusal(client, to('/repositories/42'), 'x').code).toBe('refused');
    expect(refusal(client, to('/api/v3/repositories/42'), 'x').code).toBe('moved');
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

  it("B1: takes a 401 that is not GitHub's for no word on the token, and for no reason to ask again", () => {
    expect(told(answer(401, {}, null))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('wants another log-in'),
    });
  });

  it.each([
    [
      'the plan',
      'Upgrade to GitHub Pro or make this repository public to enable this feature.',
      'GitHub plan',
    ],
    ['a user who is shut out', 'Maximum number of login attempts exceeded.', 'wait a few minutes'],
  ])('B2: blames %s where GitHub does', (_, words, hint) => {
    expect(told(answer(403, {}, message(words))).hints).toContain(hint);
  });

  it.each([403, 404, 410, 451])("does not take a network's page with %i for GitHub's word", (status) => {
    expect(told(answer(status, {}, null))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/is not GitHub's answer$/),
    });
  });

  it('names the token nowhere', () => {
    const statuses = [301, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503];
    const echo = message(`token ${SEALER} is bad`);
    const names = ['location', 'retry-after', 'x-accepted-github-permissions', 'x-github-sso', 'date'];
    const page = `required; url=http://${new URL(github.apiUrl).host}/sso?x=${SEALER}`;
    const headers = Object.fromEntries(names.map((name) => [name, name === 'x-github-sso' ? page : SEALER]));
    const texts = statuses.flatMap((status) => [
      JSON.stringify(told(answer(status, {}, echo))),
      JSON.stringify(told(answer(status, headers, echo))),
    ]);
    expect(findLeaks(SEALER, new Map([['texts', Buffer.from(texts.join('\n'))]]))).toEqual([]);
  });
});

describe('said', () => {
  it.each([
    ['a sentence', { message: 'Not Found' }, 'Not Found'],
    ['control characters and escapes', { message: 'a\u001b[31mb\r\nc\u202ed' }, 'a [31mb c d'],
    ['the token itself', { message: `${SEALER} is bad` }, 'is bad'],
    ['a part of the token', { message: `bad: ${SEALER.slice(4, 20)}` }, ''],
    ['a long text', { message: 'x y '.repeat(75) }, 'x y '.repeat(50)],
    ['a sealed value', { message: `bad: ${'Ab1+/'.repeat(25)}==` }, 'bad: …'],
    ['a list', ['message'], undefined],
    ['no object', 'Not Found', undefined],
    ['no message', { error: 'x' }, undefined],
    ['a message that is no text', { message: 42 }, undefined],
  ])('makes of %s what can be shown', (_, body, shown) => {
    expect(said(clientOf(github), { status: 422, headers: {}, body })).toBe(shown);
  });
});

describe('serverTime', () => {
  it.each([
    [undefined],
    ['yesterday'],
    [''],
    ['2'],
    ['2026-11-23T09:30:00Z'],
    ['Tue, 23 Nov 2026 09:30:00 GMT'],
    ['Mon, 23 Nov 2026 09:30:00 GMT, Mon, 23 Nov 2026 09:30:00 GMT'],
    ['Mon, 31 Feb 2026 09:30:00 GMT'],
  ])('B29: returns nothing for the header %s', (date) => {
    expect(
      serverTime({ status: 200, body: undefined, headers: date === undefined ? {} : { date } }),
    ).toBeUndefined();
  });
});

describe('requestId', () => {
  it.each([[undefined], ['a b'], [''], ['x'.repeat(101)], ['a\u001b[0m'], [SEALER]])(
    'returns nothing for %j',
    (id) => {
      expect(
        requestId(clientOf(github), {
          status: 200,
          body: undefined,
          headers: id === undefined ? {} : { 'x-github-request-id': id },
        }),
      ).toBeUndefined();
    },
  );
});
