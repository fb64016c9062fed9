import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import type { SecretStore } from '../../src/rotate/rotation.ts';
import { DESTINATION } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { clientOf, SEALER } from '../support/stand-ins.ts';

const SEALED = `${'Qm94U2VhbGVkRm9yT25lS2V5'.repeat(4)}/w==`;

type Call = 'precheck' | 'read' | 'publicKey' | 'names' | 'put';
const CALLS: readonly Call[] = ['precheck', 'read', 'publicKey', 'names', 'put'];

function run(store: SecretStore, call: Call): Promise<unknown> {
  return call === 'put' ? store.put(DESTINATION, { value: SEALED, keyId: '1' }) : store[call](DESTINATION);
}

function storeWith(fetch: typeof globalThis.fetch): SecretStore {
  return openSecretStore(clientOf({ apiUrl: 'https://api.github.com' }, { fetch }));
}

/** Everything that a result or an error holds, hidden properties, causes and stacks included. */
async function wholeOf(work: Promise<unknown>): Promise<{ readonly whole: string; readonly error: unknown }> {
  const print = (value: unknown) => inspect(value, { depth: Infinity, showHidden: true, getters: true });
  return work.then(
    (value) => ({ whole: print(value), error: undefined }),
    (error: unknown) => ({ whole: `${print(error)}${JSON.stringify(error)}`, error }),
  );
}

function expectClean(whole: string): void {
  expect(findLeaks(SEALER, new Map([['whole', Buffer.from(whole)]]))).toEqual([]);
  expect(whole).not.toContain(SEALED.slice(0, 60));
  expect(whole).not.toMatch(/octokit|RequestError|HttpError|\bauthorization\b|encrypted_value/i);
}

/** An error that holds the canary wherever an error can hold anything. */
function poisoned(): Error {
  const inner = Object.assign(new Error(`inner ${SEALER} ${SEALED}`), {
    code: `E${SEALER}`,
    request: { headers: { authorization: `token ${SEALER}` }, body: SEALED },
    response: { headers: { echo: SEALER } },
  });
  const outer = new TypeError(`fetch failed for ${SEALER}`, { cause: inner });
  return Object.assign(outer, { name: SEALER, response: { status: 200, data: { name: SEALER } } });
}

describe.each(CALLS)('the secret store, asked to %s', (call) => {
  it('lets nothing of a failed request escape, in no property of its errors', async () => {
    const fetch = () => Promise.reject(poisoned());
    const { whole, error } = await wholeOf(run(storeWith(fetch), call));
    expectClean(whole);
    expect(call === 'put' ? error : isAppError(error)).toBe(call === 'put' ? undefined : true);
  });

  it('takes an error with a made-up response for no answer', async () => {
    const { whole, error } = await wholeOf(
      run(
        storeWith(() => Promise.reject(poisoned())),
        call,
      ),
    );
    expect(call === 'put' ? whole : String(error)).toMatch(/unclear|cannot reach GitHub at api\.github\.com/);
  });

  it.each([200, 201, 204, 301, 307, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503])(
    'lets nothing escape of an answer with %i that holds both secrets wherever it can',
    async (status) => {
      const echo = `${SEALER} ${SEALED} ${SEALER.slice(3, 17)}`;
      const fields = ['message', 'name', 'full_name', 'key', 'key_id', 'updated_at', 'created_at', 'secrets'];
      const body = JSON.stringify(Object.fromEntries(fields.map((field) => [field, echo])));
      const names = [
        'location',
        'retry-after',
        'x-github-sso',
        'x-accepted-github-permissions',
        'link',
        'date',
      ];
      const headers: [string, string][] = names.map((name) => [name, echo]);
      headers.push(['x-github-request-id', SEALER], ['content-type', 'application/json']);
      headers.push(['x-ratelimit-remaining', '0'], ['x-ratelimit-reset', echo]);
      const fetch = async () => new Response(status === 204 ? null : body, { status, headers });
      const { whole, error } = await wholeOf(run(storeWith(fetch), call));
      expectClean(whole);
      expect(error === undefined || isAppError(error)).toBe(true);
    },
  );

  it('gives its errors no cause at all', async () => {
    for (const fetch of [() => Promise.reject(poisoned()), async () => new Response('x', { status: 500 })]) {
      const { error } = await wholeOf(run(storeWith(fetch), call));
      expect((error as Error | undefined)?.cause).toBeUndefined();
    }
  });
});
