import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { fakeCratesIoToken, startCratesIo } from '../../src/sandbox/crates-io.ts';

const SCOPED = fakeCratesIoToken(new Uint8Array(32).fill(1));
const LEGACY = fakeCratesIoToken(new Uint8Array(32).fill(2));
const UNKNOWN = fakeCratesIoToken(new Uint8Array(32).fill(3));
const NEEDS_PERMISSION = 'this token does not have the required permissions to perform this action';

let registry: CratesIoSandbox;
let clock: Date;

/** node:http, because fetch adds a User-Agent of its own. */
function ask(
  headers: Record<string, string>,
  path = '/api/v1/me/tokens/0',
  method = 'GET',
): Promise<[status: number | undefined, detail: string]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(registry.url + path, { method, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve([answer.statusCode, text === '' ? '' : JSON.parse(text).errors[0].detail]);
    });
    outgoing.on('error', reject).end();
  });
}

function probe(token: string, path?: string, method?: string) {
  return ask({ 'user-agent': 'reseal-test (a@example.org)', authorization: token }, path, method);
}

describe('startCratesIo', () => {
  beforeEach(async () => {
    clock = new Date('2026-11-22T10:00:00Z');
    registry = await startCratesIo({ now: () => clock });
    registry.addToken(SCOPED, { scopes: ['publish-update'], crates: ['serde*'] });
    registry.addToken(LEGACY, { legacy: true });
  });
  afterEach(() => registry.close());

  describe('when a live token knocks', () => {
    it.each([SCOPED, `Bearer ${SCOPED}`, `bearer  ${SCOPED} `])(
      'answers 403 permissions to scoped %s',
      async (header) => {
        expect(await probe(header)).toEqual([403, NEEDS_PERMISSION]);
      },
    );

    it('answers 404 to a legacy one', async () => {
      expect(await probe(LEGACY)).toEqual([404, 'Not Found']);
    });

    it('sends either away from /api/v1/me', async () => {
      const website = 'this action can only be performed on the crates.io website';
      expect(await probe(SCOPED, '/api/v1/me')).toEqual([403, website]);
      expect(await probe(LEGACY, '/api/v1/me')).toEqual([403, website]);
    });

    it('notes when it was last used, also when it refuses', async () => {
      expect(registry.token(SCOPED)?.lastUsedAt).toBeUndefined();
      await probe(SCOPED);
      expect(registry.token(SCOPED)?.lastUsedAt).toEqual(clock);
    });
  });

  describe('when a dead token knocks', () => {
    it('answers the same to unknown, revoked and expired', async () => {
      const failed = [403, 'authentication failed'];
      expect(await probe(UNKNOWN)).toEqual(failed);
      registry.revokeToken(SCOPED);
      expect(await probe(SCOPED)).toEqual(failed);
      registry.addToken(UNKNOWN, { expiresAt: new Date('2026-11-22T10:00:01Z') });
      expect(await probe(UNKNOWN)).toEqual([403, NEEDS_PERMISSION]);
      clock = new Date('2026-11-22T10:00:01Z');
      expect(await probe(UNKNOWN)).toEqual(failed);
    });

    it('does not note its use', async () => {
      registry.revokeToken(SCOPED);
      await probe(SCOPED);
      expect(registry.token(SCOPED)?.lastUsedAt).toBeUndefined();
    });
  });

  describe('when the account is locked', () => {
    it('says so, with the end where there is one', async () => {
      registry.addToken(SCOPED, { locked: { reason: 'spam' } });
      expect(await probe(SCOPED)).toEqual([403, 'This account is indefinitely locked. Reason: spam']);
      registry.addToken(SCOPED, { locked: { reason: 'spam', until: new Date('2026-12-01T00:00:00Z') } });
      expect(await probe(SCOPED)).toEqual([
        403,
        'This account is locked until 2026-12-01T00:00:00Z. Reason: spam',
      ]);
      clock = new Date('2026-12-02T00:00:00Z');
      expect(await probe(SCOPED)).toEqual([403, NEEDS_PERMISSION]);
    });
  });

  describe('when the request is malformed', () => {
    it.each([{}, { 'user-agent': '' }, { 'user-agent': 'Amazon CloudFront' }])(
      'wants a User-Agent: %o',
      async (headers) => {
        const [status, detail] = await ask({ ...headers, origin: 'https://evil.example' } as Record<
          string,
          string
        >);
        expect([status, detail.slice(0, 58)]).toEqual([
          403,
          'We require that all requests include a `User-Agent` header',
        ]);
      },
    );

    it('refuses a foreign origin before it looks at the token', async () => {
      const headers = { 'user-agent': 'x', origin: 'http://127.0.0.1:1234', authorization: 'npm_x' };
      expect(await ask(headers)).toEqual([403, 'invalid origin header']);
    });

    it('wants authentication', async () => {
      expect(await ask({ 'user-agent': 'x' })).toEqual([403, 'this action requires authentication']);
    });

    it('answers 401 to another kind of string', async () => {
      const [status, detail] = await probe('ghp_0123456789');
      expect(status).toBe(401);
      expect(detail).toMatch(
        /^The given API token does not match the format used by crates\.io\. Tokens generated/,
      );
    });

    it('answers 401 to another scheme', async () => {
      expect(await probe(`Basic ${SCOPED}`)).toEqual([
        401,
        'Invalid `Authorization` header: Found unexpected authentication scheme `Basic`',
      ]);
    });
  });

  describe('when a token asks to be revoked', () => {
    it('refuses a scoped one and revokes a legacy one', async () => {
      expect(await probe(SCOPED, '/api/v1/tokens/current', 'DELETE')).toEqual([403, NEEDS_PERMISSION]);
      expect(registry.token(SCOPED)?.revoked).toBe(false);
      expect(await probe(LEGACY, '/api/v1/tokens/current', 'DELETE')).toEqual([204, '']);
      expect(await probe(LEGACY)).toEqual([403, 'authentication failed']);
    });
  });

  describe('when asked for a document', () => {
    it('answers 404, and what was added', async () => {
      const path = '/api/v1/crates/serde/1.0.0';
      expect(await probe(SCOPED, path)).toEqual([404, 'Not Found']);
      registry.addDocument(path, { version: { trustpub_data: null } });
      const answer = await fetch(registry.url + path);
      expect(await answer.json()).toEqual({ version: { trustpub_data: null } });
    });
  });

  describe('when a fault is asked for', () => {
    it("answers it in crates.io's shape, once, then goes on", async () => {
      registry.fault({ kind: 'status', status: 503 });
      expect(await probe(SCOPED)).toEqual([503, 'Service Unavailable']);
      expect(await probe(SCOPED)).toEqual([403, NEEDS_PERMISSION]);
      expect(registry.requests).toHaveLength(2);
    });
  });
});

describe('fakeCratesIoToken', () => {
  it('returns cio and 32 letters or digits', () => {
    expect(fakeCratesIoToken(Uint8Array.from({ length: 40 }, (_, i) => i * 7))).toMatch(
      /^cio[A-Za-z0-9]{32}$/,
    );
  });

  it('wants enough randomness', () => {
    expect(() => fakeCratesIoToken(new Uint8Array(31))).toThrow(RangeError);
  });
});
