import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatInstant } from '../../src/domain/calendar.ts';
import { makeCertificate } from '../support/certificates.ts';
import type { Installed } from '../support/installed.ts';
import { install, PLACE, statusOf } from '../support/installed.ts';
import { declare } from '../support/kind-walks.ts';
import { commandLine, hasScript, talkOnTerminal, talkTo } from '../support/talk.ts';

const LIMIT = 49_152;
const HERE = Buffer.alloc(0);

let one: Installed;
beforeAll(async () => {
  one = await install();
  declare(one, [
    { credential: 'tracked', kind: 'certificate', stored: undefined },
    { credential: 'stored', kind: 'certificate', stored: HERE },
    { credential: 'anything', kind: 'generic', stored: HERE },
    { credential: 'noted', kind: 'generic', stored: undefined },
  ]);
  await one.program.run('init');
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
});

async function give(value: Uint8Array, ...args: readonly string[]) {
  const running = one.program.feed(undefined, 'rotate', ...args, '--stdin');
  running.child.stdin?.end(value);
  return await running.finished;
}

function passwordFile(password: string): readonly string[] {
  const path = join(one.installation.folder, 'password');
  writeFileSync(path, `${password}\n`, { mode: 0o600 });
  return ['--password-file', path];
}

function heldBy(secret: string): Buffer | undefined {
  const found = one.sandbox.github.secret(PLACE.repo, PLACE.environment, secret)?.opened;
  return found && Buffer.from(found);
}

async function versionOf(name: string): Promise<number | null | undefined> {
  const { status } = await statusOf(one);
  return status.credentials.find((credential) => credential.name === name)?.version;
}

describe('rotate --stdin of a certificate without a destination', () => {
  it('reads its end, records it, and asks GitHub nothing, not even for a token to store with', async () => {
    const { p12, password, notAfter } = makeCertificate();
    const asked = one.sandbox.github.requests.length;
    const token = join(one.installation.folder, 'github_seal_token');
    rmSync(token);
    const { code, stdout, stderr } = await give(p12, 'tracked', ...passwordFile(password));
    writeFileSync(token, `${one.sandbox.sealToken}\n`, { mode: 0o600 });
    expect([code, stdout]).toEqual([0, expect.stringContaining('recorded as version 1, expires')]);
    expect(stdout).toContain('read from the credential itself');
    expect(stdout).toContain('nothing was stored');
    expect(stderr).toContain('goes to  nowhere');
    expect(one.sandbox.github.requests).toHaveLength(asked);
    const { status } = await statusOf(one);
    expect(status.credentials.find(({ name }) => name === 'tracked')).toMatchObject({
      version: 1,
      expiresAt: formatInstant(notAfter),
      expirySource: 'read',
      destinations: [],
    });
  });

  it('refuses a date that is another, and names both', async () => {
    const { certificatePem, notAfter } = makeCertificate({ days: 500 });
    const { code, stdout } = await give(certificatePem, 'tracked', '--expires', '2029-01-01');
    expect(code).toBe(3);
    expect(stdout).toContain(notAfter.toISOString().slice(0, 10));
    expect(stdout).toContain('2029-01-01');
    expect(await versionOf('tracked')).toBe(1);
  });

  it('sends to record what says no date of itself', async () => {
    const { code, stderr } = await give(Buffer.from('anything'), 'noted');
    expect([code, stderr]).toEqual([2, expect.stringContaining('reseal record noted')]);
  });
});

describe('rotate --stdin of a certificate that a password opens', () => {
  it.each([
    ['a wrong password', () => passwordFile('another'), 3, 'the password does not open this'],
    ['no password', () => [], 3, 'none was given'],
    ['where a missing one comes from', () => [], 3, '--password-file FILE'],
    ['a password file that is not there', () => ['--password-file', '/nowhere/password'], 2, 'is not there'],
  ] as const)('names %s, and stores nothing', async (_, options, expected, words) => {
    const { p12, password } = makeCertificate();
    const { code, stdout, stderr } = await give(p12, 'stored', ...options());
    expect([code, stdout + stderr]).toEqual([expected, expect.stringContaining(words)]);
    expect(stdout + stderr).not.toContain(password);
    expect(heldBy('WALK_STORED')).toBeUndefined();
    expect(await versionOf('stored')).toBeNull();
  });

  it('stores it base64-encoded, and says so before and after', async () => {
    const { p12, password } = makeCertificate();
    const { code, stdout, stderr } = await give(p12, 'stored', ...passwordFile(password));
    expect([code, stdout]).toEqual([0, expect.stringContaining('recorded as version 1')]);
    expect(stderr).toContain('encoded  a file that is no text is stored base64-encoded');
    expect(stderr).toContain('Stored: base64-encoded: the workflow decodes it with `base64 -d`');
    expect(heldBy('WALK_STORED')?.toString()).toBe(p12.toString('base64'));
  });
});

describe('rotate --stdin of a certificate without its private key', () => {
  it('stores it, says in which form, and warns that nothing can be signed with it', async () => {
    const { certificatePem } = makeCertificate();
    const { code, stdout, stderr } = await give(certificatePem, 'stored', '--json');
    expect(code).toBe(0);
    const { warnings, says } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(warnings).toEqual([expect.stringContaining('there is no private key with it')]);
    expect(says).toContainEqual({ label: 'Stored', text: 'as text (PEM)' });
    expect(stderr).not.toContain('BEGIN CERTIFICATE');
    expect(heldBy('WALK_STORED')?.equals(certificatePem)).toBe(true);
  });

  it('says nothing of that where it goes nowhere', async () => {
    const { certificatePem } = makeCertificate({ days: 600 });
    const { code, stdout, stderr } = await give(certificatePem, 'tracked');
    expect([code, stdout + stderr]).toEqual([0, expect.not.stringContaining('there is no private key')]);
  });
});

describe('rotate --stdin with a password that comes from elsewhere', () => {
  const line = (redirections: string, ...args: readonly string[]) => [
    'bash',
    '-c',
    `exec "$@" ${redirections}`,
    'bash',
    ...commandLine(one, 'rotate', 'stored', '--stdin', ...args),
  ];

  it('takes it out of <(…), from a program that needs its time', async () => {
    const { p12, password } = makeCertificate();
    const file = join(one.installation.folder, 'signing.p12');
    writeFileSync(file, p12);
    const script = `--password-file <(sleep 1; printf '%s\n' '${password}') < '${file}'`;
    const { code, said } = await talkTo(one, line(script)).finished;
    expect([code, said]).toEqual([0, expect.stringContaining('base64-encoded')]);
    expect(said).not.toContain(password);
    expect(heldBy('WALK_STORED')?.toString()).toBe(p12.toString('base64'));
  });

  it('ends by one Ctrl-C while it waits for that, and lets the next one begin', async () => {
    const waiting = talkTo(one, line('--password-file <(exec sleep 20 2> /dev/null) < /dev/null'));
    await waiting.heard('encoded ');
    waiting.child.kill('SIGINT');
    const { code, said } = await waiting.finished;
    expect([code, said]).toEqual([130, expect.stringContaining('abandoned')]);
    const { certificatePem } = makeCertificate();
    expect((await give(certificatePem, 'stored')).code).toBe(0);
  });

  it.each(['/dev/zero', '/'])('refuses %s with words', async (path) => {
    const { code, said } = await talkTo(one, line('< /dev/null', '--password-file', path)).finished;
    expect([code, said]).toEqual([2, expect.stringMatching(/is a (device|directory)/)]);
  });

  it('says that standard input is a directory', async () => {
    const { code, said } = await talkTo(one, line('< /')).finished;
    expect([code, said]).toEqual([2, expect.stringContaining('standard input is a directory')]);
  });
});

describe('rotate --stdin of several lines', () => {
  it('stores 48 KB byte for byte, refuses one byte more with the number, and changes nothing then', async () => {
    const text = Buffer.from(`${'first\r\n\n'}${randomBytes(LIMIT).toString('base64')}`.slice(0, LIMIT));
    const until = ['--expires', '2027-06-01'];
    expect((await give(text, 'anything', ...until)).code).toBe(0);
    expect(heldBy('WALK_ANYTHING')?.equals(text)).toBe(true);
    const { code, stderr } = await give(Buffer.concat([text, Buffer.from('x')]), 'anything', ...until);
    expect([code, stderr]).toEqual([2, expect.stringContaining('48 KB, which is 49152 bytes')]);
    expect(heldBy('WALK_ANYTHING')?.equals(text)).toBe(true);
    expect(await versionOf('anything')).toBe(1);
  });
});

describe.runIf(hasScript)('rotate --stdin of a certificate on a terminal', () => {
  it('names the file to read it from and the password, before anything is asked', async () => {
    const talk = talkOnTerminal(one, commandLine(one, 'rotate', 'tracked', '--stdin'));
    const { code, said } = await talk.finished;
    expect(code).toBe(2);
    expect(said).toContain('reseal rotate tracked --stdin < FILE');
    expect(said).toContain('--password-file FILE');
    expect(said).not.toContain('paste the token');
  });
});
