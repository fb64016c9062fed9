import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, install, openedForm, PLACE, secretOf, statusOf } from '../support/installed.ts';

const READY = ['gh', 'openssl'].every((name) => spawnSync(name, ['version']).status === 0);

let folder: string;
let tls: { key: string; cert: string };
const open: Installed[] = [];

/** One certificate that is its own authority, for the names under which both clients reach the stand-in. */
function makeCertificate(): void {
  folder = mkdtempSync(join(tmpdir(), 'reseal-gh-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const make = [
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-days',
    '2',
  ];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...make, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
  tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function begin(env: Readonly<Record<string, string>> = { NODE_EXTRA_CA_CERTS: join(folder, 'cert') }) {
  const one = await install({ tls, enterpriseVersion: '3.19.0' }, env);
  open.push(one);
  await one.program.run('init');
  await one.program.run('record', 'crates-io', '--created', dateOf(daysAgo(358)), '--lifetime', '365d');
  return one;
}

/** GitHub's own command line, by another author in another language. @param input its standard input */
function gh({ sandbox }: Installed, args: readonly string[], input = ''): Promise<string> {
  const host = `localhost:${new URL(sandbox.github.apiUrl).port}`;
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GH_CONFIG_DIR: folder,
    GH_HOST: host,
    GH_ENTERPRISE_TOKEN: sandbox.sealToken,
    SSL_CERT_FILE: join(folder, 'cert'),
    GH_NO_UPDATE_NOTIFIER: '1',
    GH_PROMPT_DISABLED: '1',
    NO_COLOR: '1',
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'gh',
      [...args, '-R', `${host}/${PLACE.repo}`],
      { env },
      (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)),
    );
    child.stdin?.end(input);
  });
}

async function rotate(one: Installed): Promise<number> {
  const running = one.program.start('--json', 'rotate', 'crates-io');
  const address = await openedForm(running);
  await submitForm(address, await openPage(address), { token: one.sandbox.offeredToken, expiration: '365d' });
  return (await running.finished).code;
}

const held = (one: Installed) => Buffer.from(secretOf(one).opened).toString();

describe.skipIf(!READY)('gh as a second client over TLS (needs gh and openssl)', () => {
  beforeAll(makeCertificate);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  });

  it('lists what reseal stored, and both boxes open', async () => {
    const one = await begin();
    expect(await rotate(one)).toBe(0);
    expect(held(one)).toBe(one.sandbox.offeredToken);
    expect(await gh(one, ['secret', 'list', '--env', PLACE.environment])).toMatch(
      new RegExp(`^${PLACE.secret}\\s`),
    );
    await gh(one, ['secret', 'set', PLACE.secret, '--env', PLACE.environment], 'set by gh\n');
    expect(held(one)).toBe('set by gh');
  });

  it('B25: what it sets is noticed as changed elsewhere, and not overwritten', async () => {
    const one = await begin();
    await one.program.run('daemon', '--once');
    await gh(one, ['secret', 'set', PLACE.secret, '--env', PLACE.environment], 'set by gh\n');
    await one.program.run('daemon', '--once');
    const { code, status } = await statusOf(one);
    expect(code).toBe(1);
    expect(status.credentials[0]).toMatchObject({
      state: 'unknown',
      destinations: [{ state: 'changed-elsewhere' }],
    });
    expect(held(one)).toBe('set by gh');
  });

  it('B18: without that authority reseal sends nothing, and says which variable names it', async () => {
    const one = await begin({});
    const { code, stderr } = await one.program.run('rotate', 'crates-io');
    expect(code).toBe(3);
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    expect(one.sandbox.github.putCount()).toBe(0);
  });
});
