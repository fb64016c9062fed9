import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { fakeCratesIoToken, startCratesIo } from '../../src/sandbox/crates-io.ts';
import { NOW } from '../support/builders.ts';

const TOKEN = fakeCratesIoToken(new Uint8Array(32).fill(7));
const NEEDS_PERMISSION = 'this token does not have the required permissions to perform this action';
const ASKS = 'this action requires authentication';

let registry: CratesIoSandbox;

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly token?: string | undefined;
}

async function ask({ method = 'PUT', path, body, token = TOKEN }: Asked): Promise<[number, string]> {
  const answer = await fetch(registry.url + path, {
    method,
    headers: { 'user-agent': 'reseal-test', ...(token && { authorization: token }) },
    ...(body !== undefined && { body }),
  });
  const { errors } = (await answer.json()) as { errors?: [{ detail: string }] };
  return [answer.status, errors?.[0].detail ?? ''];
}

/** The metadata, and what follows it. */
function upload(metadata: unknown, rest: readonly number[] = [], token?: string) {
  const body = new Uint8Array([...bytesOf(metadata), ...rest]);
  return ask({ path: '/api/v1/crates/new', body, token });
}

const OWN = { name: 'sqlrite', vers: '0.0.0' };
const FREE = { name: 'nobody-has-this', vers: '0.0.0' };

describe('startCratesIo', () => {
  beforeEach(async () => {
    registry = await startCratesIo({ now: () => NOW });
  });
  afterEach(() => registry.close());

  describe('when something is published', () => {
    it.each([
      ['no length', new Uint8Array(3), 'invalid metadata length'],
      [
        'a length that is too long',
        new Uint8Array([9, 0, 0, 0, 1]),
        'invalid metadata length for remaining payload: 9',
      ],
      ['no JSON', new Uint8Array([2, 0, 0, 0, 1, 1]), 'invalid upload request: missing field'],
    ])('reads the metadata before it wants a token: %s', async (_, body, detail) => {
      expect(await ask({ path: '/api/v1/crates/new', body, token: '' })).toEqual([400, detail]);
    });

    it('wants name and version to be right before it wants a token', async () => {
      expect(await upload({ name: '1a', vers: '0.0.0' }, [], '')).toEqual([400, 'invalid crate name `1a`']);
      expect(await upload({ name: 'a', vers: 'x' }, [], '')).toEqual([
        400,
        '"x" is an invalid semver version',
      ]);
    });

    it('says that a name was deleted before it wants a token', async () => {
      registry.deleteCrate('sqlrite');
      expect(await upload(OWN, [], '')).toEqual([
        400,
        expect.stringMatching(/^A crate with the name `sqlrite` was/),
      ]);
    });

    it('wants a token before it looks at what follows', async () => {
      expect(await upload(OWN, [], '')).toEqual([403, ASKS]);
      expect(await upload(OWN)).toEqual([403, 'authentication failed']);
    });

    it.each([
      ['publish-update', OWN],
      ['publish-new', FREE],
    ] as const)('wants %s by whether the crate exists', async (scope, metadata) => {
      const other = scope === 'publish-new' ? 'publish-update' : 'publish-new';
      registry.addToken(TOKEN, { scopes: [other] });
      expect(await upload(metadata)).toEqual([403, NEEDS_PERMISSION]);
      registry.addToken(TOKEN, { scopes: [scope] });
      expect(await upload(metadata)).toEqual([400, 'invalid tarball length']);
    });

    it.each([
      [['sqlrite'], true],
      [['sql*'], true],
      [['*'], true],
      [['serde', 'sqlrite'], true],
      [['sqlrit'], false],
      [['SQLRITE'], false],
      [[], false],
    ])('knows by its patterns %j whether it is for the crate', async (crates, covered) => {
      registry.addToken(TOKEN, { scopes: ['publish-update'], crates });
      expect(await upload(OWN)).toEqual(covered ? [400, 'invalid tarball length'] : [403, NEEDS_PERMISSION]);
    });

    it('says what stands in the way in order: trusted publishing, address, limit, tarball', async () => {
      const spec = { scopes: ['publish-update'] as const, publishesLeft: { 'publish-update': 0 } };
      registry.setCrate('sqlrite', { trustedPublishingOnly: true });
      registry.addToken(TOKEN, { ...spec, verifiedEmail: false });
      expect(await upload(OWN)).toEqual([403, expect.stringMatching(/^New versions of this crate can only/)]);
      registry.setCrate('sqlrite', { trustedPublishingOnly: false });
      expect(await upload(OWN)).toEqual([
        400,
        expect.stringMatching(/^A verified email address is required/),
      ]);
      registry.addToken(TOKEN, spec);
      expect(await upload(OWN)).toEqual([
        429,
        expect.stringMatching(/^You have published too many updates to existing/),
      ]);
      registry.addToken(TOKEN, { scopes: ['publish-update'] });
      expect(await upload(OWN)).toEqual([400, 'invalid tarball length']);
      expect(registry.token(TOKEN)?.publishesLeft).toEqual({ 'publish-new': 5, 'publish-update': 29 });
    });

    it('fails loudly where a crate was sent, since nobody may publish here', async () => {
      registry.addToken(TOKEN, { legacy: true });
      const length = [0, 0, 0, 0];
      const answer = await fetch(`${registry.url}/api/v1/crates/new`, {
        method: 'PUT',
        headers: { 'user-agent': 'reseal-test', authorization: TOKEN },
        body: new Uint8Array([...bytesOf(OWN), ...length]),
      });
      expect([answer.status, await answer.text()]).toEqual([
        500,
        expect.stringContaining('could be published'),
      ]);
    });
  });

  describe('when owners are to be added', () => {
    it('judges the token before it looks for the crate', async () => {
      const owners = { path: '/api/v1/crates/nobody-has-this/owners', body: '{"owners":[]}' };
      registry.addToken(TOKEN, { scopes: ['publish-update'] });
      expect(await ask(owners)).toEqual([403, NEEDS_PERMISSION]);
      registry.addToken(TOKEN, { scopes: ['change-owners'] });
      expect(await ask(owners)).toEqual([404, 'crate `nobody-has-this` does not exist']);
    });
  });

  describe('when trusted publishers are listed', () => {
    const list = { method: 'GET', path: '/api/v1/trusted_publishing/github_configs?crate=sqlrite' };

    it.each([
      ['the scope', { scopes: ['publish-update'] as const }, [403, NEEDS_PERMISSION]],
      [
        'the crate',
        { scopes: ['trusted-publishing'] as const, ownsCrates: false },
        [400, 'You are not an owner of this crate'],
      ],
      ['nothing', { scopes: ['trusted-publishing'] as const }, [200, '']],
      ['nothing, being without scopes', { legacy: true }, [200, '']],
    ])('answers a token that lacks %s', async (_, spec, answer) => {
      registry.addToken(TOKEN, spec);
      expect(await ask(list)).toEqual(answer);
    });

    it('says that there is no such crate', async () => {
      registry.addToken(TOKEN, { scopes: ['trusted-publishing'] });
      registry.removeCrate('sqlrite');
      expect(await ask(list)).toEqual([404, 'crate `sqlrite` does not exist']);
    });
  });

  it('hides the status of errors of cargo on demand, and of no others', async () => {
    await registry.close();
    registry = await startCratesIo({ now: () => NOW, hidesStatus: true });
    expect(await upload(OWN, [], '')).toEqual([200, ASKS]);
    expect(await ask({ method: 'GET', path: '/api/v1/me/tokens/0', token: '' })).toEqual([403, ASKS]);
  });
});

function bytesOf(metadata: unknown): readonly number[] {
  const json = Buffer.from(JSON.stringify(metadata));
  return [json.length, 0, 0, 0, ...json];
}
