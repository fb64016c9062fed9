import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { daysAgo, install, PLACE } from '../support/installed.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** GitHub tells of the seal token's expiry in this header. */
async function installed(expires?: string | ((now: Date) => string)): Promise<Installed> {
  const one = await install();
  open.push(one);
  one.sandbox.github.addToken(one.sandbox.sealToken, {
    permissions: { environments: 'write', metadata: 'read' },
    repositories: [PLACE.repo],
    ...(expires === undefined ? {} : { expires }),
  });
  await one.program.run('init');
  return one;
}

interface Credential {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly expiresAt: string | null;
  readonly expirySource: string;
  readonly version: number | null;
}

async function sealToken({ program }: Installed): Promise<Credential | undefined> {
  const { stdout } = await program.run('--json', 'status');
  const { credentials } = JSON.parse(stdout) as { credentials: Credential[] };
  return credentials.find(({ name }) => name === 'reseal-seal-token');
}

const inDays = (days: number) => `${daysAgo(-days).toISOString().slice(0, 19)}Z`;
const written = (instant: string) => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

describe("reseal's own token", () => {
  it('is a credential of the register, with the expiry that GitHub tells, and everybody is reminded of it', async () => {
    const expiresAt = inDays(6);
    const one = await installed(written(expiresAt));
    await one.program.run('daemon', '--once');
    expect(await sealToken(one)).toMatchObject({
      kind: 'github-token',
      state: 'due',
      expiresAt,
      expirySource: 'observed',
      version: 1,
    });
    const mails = await one.sandbox.mail.waitForMessages(2);
    expect(mails.map(({ text }) => text?.includes('reseal-seal-token'))).toEqual([true, true]);
    await one.program.run('daemon', '--once');
    expect((await sealToken(one))?.version).toBe(1);
  });

  it('is a new version where GitHub tells of another expiry, in the zone of its owner', async () => {
    const one = await installed(written(inDays(100)));
    await one.program.run('daemon', '--once');
    const later = inDays(200);
    // Another token, which is to say another file.
    writeFileSync(join(one.installation.folder, 'github_seal_token'), `${one.sandbox.sealToken}\n`);
    const zoned = new Date(Date.parse(later) + 2 * 3_600_000).toISOString();
    one.sandbox.github.addToken(one.sandbox.sealToken, {
      permissions: { environments: 'write', metadata: 'read' },
      expires: `${zoned.slice(0, 10)} ${zoned.slice(11, 19)} +0200`,
    });
    await one.program.run('daemon', '--once');
    expect(await sealToken(one)).toMatchObject({ version: 2, expiresAt: later });
  });

  it('is unknown, never expired, where the header shows the time of the call', async () => {
    const one = await installed((now) => written(now.toISOString()));
    const { stderr } = await one.program.run('daemon', '--once');
    expect(stderr).toContain('own-token.expiry-unknown');
    expect(await sealToken(one)).toMatchObject({ state: 'unknown', version: null });
  });

  it('has no date where a GitHub that is not github.com leaves the header out', async () => {
    const one = await installed();
    await one.program.run('daemon', '--once');
    expect(await sealToken(one)).toMatchObject({ state: 'unknown', version: null, expiresAt: null });
  });

  it('cannot be rotated: it is read from its file', async () => {
    const one = await installed();
    const { code, stderr } = await one.program.run('rotate', 'reseal-seal-token');
    expect(code).toBe(2);
    expect(stderr).toContain('read from its file');
  });
});
