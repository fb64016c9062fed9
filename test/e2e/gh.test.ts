import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeCratesIoToken } from '../../src/sandbox/crates-io.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { boxesOf } from '../support/boxes.ts';
import type { Authority, Gh } from '../support/gh.ts';
import { hasGh, makeAuthority, openGh } from '../support/gh.ts';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, install, openedForm, PLACE, secretOf, statusOf } from '../support/installed.ts';

const IN_ENVIRONMENT = ['--env', PLACE.environment, '-R', PLACE.repo];

/** One GitHub over TLS, and its two clients: reseal, and GitHub's own. */
interface Pair {
  readonly one: Installed;
  readonly gh: Gh;
}

describe.skipIf(!hasGh)('beside GitHub’s own client, over TLS (needs gh and openssl)', () => {
  let authority: Authority;
  const open: Installed[] = [];
  beforeAll(() => {
    authority = makeAuthority();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  });
  afterAll(() => authority[Symbol.dispose]());

  async function begin(trusting = true): Promise<Pair> {
    const { caFile, leaf } = authority;
    const one = await install(
      { tls: leaf, enterpriseVersion: '3.18.0' },
      trusting ? { NODE_EXTRA_CA_CERTS: caFile } : {},
    );
    open.push(one);
    const { github } = one.sandbox;
    const { configPath, folder } = one.installation;
    const host = `localhost:${github.port}`;
    const config = readFileSync(configPath, 'utf8').replace(github.apiUrl, `https://${host}/api/v3`);
    writeFileSync(configPath, config);
    await one.program.run('init');
    await one.program.run('record', 'crates-io', '--created', dateOf(daysAgo(358)), '--lifetime', '365d');
    const token = `ghp_${randomBytes(18).toString('hex')}`;
    github.addToken(token, { permissions: { environments: 'write' } });
    return { one, gh: openGh({ host, token, caFile, folder }) };
  }

  async function rotate({ one }: Pair): Promise<number> {
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    await submitForm(address, await openPage(address), {
      token: one.sandbox.offeredToken,
      expiration: '365d',
    });
    return (await running.finished).code;
  }

  it('shows there what reseal stored: its name and when it was updated', async () => {
    const pair = await begin();
    const before = await pair.gh(['secret', 'list', ...IN_ENVIRONMENT]);
    expect(await rotate(pair)).toBe(0);
    const after = await pair.gh(['secret', 'list', ...IN_ENVIRONMENT]);
    const updated = secretOf(pair.one).updatedAt.toISOString().slice(0, 10);
    expect({ before: before.code, after: after.code }).toEqual({ before: 0, after: 0 });
    expect(before.said).not.toContain(updated);
    expect(after.said.trim().split(/\s+/)).toEqual(expect.arrayContaining([PLACE.secret, updated]));
  });

  it('I16: boxes that reseal and gh sealed both open with the environment’s key, to just what each was given', async () => {
    const pair = await begin();
    const { one, gh } = pair;
    expect(await rotate(pair)).toBe(0);
    const given = fakeCratesIoToken(randomBytes(32));
    expect((await gh(['secret', 'set', PLACE.secret, ...IN_ENVIRONMENT], `${given}\n`)).code).toBe(0);
    const keyId = one.sandbox.github.key(PLACE.repo, PLACE.environment).id;
    expect(boxesOf(one)).toEqual([
      { keyId, opened: one.sandbox.offeredToken },
      { keyId, opened: given },
    ]);
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(given);
  });

  it('B25: what gh sets is noticed as changed elsewhere, makes the expiry unknown, and is not overwritten', async () => {
    const { one, gh } = await begin();
    await one.program.run('daemon', '--once');
    const given = fakeCratesIoToken(randomBytes(32));
    expect((await gh(['secret', 'set', PLACE.secret, ...IN_ENVIRONMENT], given)).code).toBe(0);
    await one.program.run('daemon', '--once');
    const { code, status } = await statusOf(one);
    expect(code).toBe(1);
    expect(status.credentials[0]).toMatchObject({
      state: 'unknown',
      destinations: [{ state: 'changed-elsewhere' }],
    });
    expect(boxesOf(one)).toEqual([{ keyId: expect.any(String), opened: given }]);
  });

  it('B18: without the authority reseal refuses before the form opens, and nothing reaches GitHub', async () => {
    const { one, gh } = await begin(false);
    const { code, stdout, stderr } = await one.program.run('rotate', 'crates-io');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/the certificate of localhost:\d+ is not trusted \(\w+\)/);
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    expect(one.sandbox.github.requests).toEqual([]);
    // And it was the authority that was missing: the other client is served by the same GitHub.
    expect((await gh(['secret', 'list', ...IN_ENVIRONMENT])).code).toBe(0);
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
  });
});
