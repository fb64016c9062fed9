import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NpmSandbox } from '../../src/sandbox/npm.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { NOW } from '../support/builders.ts';

let npm: NpmSandbox;

async function get(path: string, accept = 'application/json'): Promise<{ status: number; body: unknown }> {
  const response = await fetch(npm.url + path, { headers: { accept } });
  return { status: response.status, body: await response.json() };
}

beforeEach(async () => {
  npm = await startNpm({ now: () => NOW });
});
afterEach(() => npm.close());

describe('the stand-in for npm', () => {
  it.each(['/@joaoh82%2fsqlrite', '/@joaoh82%2Fsqlrite', '/@joaoh82/sqlrite', '/sqlrite-notes'])(
    'serves the packument at %s',
    async (path) => {
      expect(await get(path)).toMatchObject({
        status: 200,
        body: {
          'dist-tags': { latest: '0.2.0' },
          time: { '0.2.0': '2026-07-01T08:05:00.000Z' },
          versions: { '0.2.0': { _npmUser: { trustedPublisher: { id: 'github' } } } },
        },
      });
    },
  );

  it('leaves out who published and when in the short document', async () => {
    const { body } = await get('/sqlrite-notes', 'application/vnd.npm.install-v1+json');
    expect(Object.keys(body as object)).toEqual(['name', 'dist-tags', 'versions']);
  });

  it('serves two attestations of the newest version alone', async () => {
    const { body } = await get('/-/npm/v1/attestations/@joaoh82%2fsqlrite@0.2.0');
    const { attestations } = body as { attestations: { predicateType: string }[] };
    expect(attestations.map(({ predicateType }) => predicateType)).toEqual([
      'https://github.com/npm/attestation/tree/main/specs/publish/v0.1',
      'https://slsa.dev/provenance/v1',
    ]);
    expect((await get('/-/npm/v1/attestations/@joaoh82%2fsqlrite@0.0.0')).status).toBe(404);
  });

  it('changes one thing and leaves the rest', async () => {
    npm.setPackage('sqlrite-notes', { trustedPublisher: false });
    const { body } = await get('/sqlrite-notes');
    expect(body).toMatchObject({
      versions: { '0.2.0': { _npmUser: { name: 'joaoh82' }, dist: { attestations: {} } } },
    });
  });

  it('answers 404 for a package that was removed', async () => {
    npm.removePackage('sqlrite-notes');
    expect(await get('/sqlrite-notes')).toEqual({ status: 404, body: { error: 'Not found' } });
  });

  describe('when asked whose a token is', () => {
    const whoami = async (authorization?: string) => {
      const response = await fetch(
        `${npm.url}/-/whoami`,
        authorization ? { headers: { authorization } } : {},
      );
      return [response.status, await response.json()];
    };
    const UNAUTHORIZED = [401, { error: 'Unauthorized' }];

    it('says it for one that it knows', async () => {
      npm.addToken('npm_live', { username: 'widgets' });
      npm.addToken('npm_other');
      expect(await whoami('Bearer npm_live')).toEqual([200, { username: 'widgets' }]);
      expect(await whoami('Bearer npm_other')).toEqual([200, { username: 'joaoh82' }]);
    });

    it.each([
      undefined,
      'Bearer npm_nobodys',
      'npm_live',
      'Basic npm_live',
      'Bearer npm_dead',
      'Bearer npm_odd',
    ])('answers 401 to %s', async (authorization) => {
      npm.addToken('npm_live');
      npm.addToken('npm_dead', { revoked: true });
      npm.addToken('npm_odd', { unknownToWhoami: true });
      expect(await whoami(authorization)).toEqual(UNAUTHORIZED);
    });
  });
});
