import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../src/sandbox/http.ts';
import type { Finished } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { ENCODINGS, findLeaks, shapesOf } from '../support/canary.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf } from '../support/installed.ts';
import { SINKS } from '../support/sinks.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

function filesOf(folder: string, into: Map<string, Buffer>): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    try {
      into.set(`file ${name}`, readFileSync(join(folder, name)));
    } catch {
      // A folder, or the side file of a lock that has just gone.
    }
  }
}

/** Arguments and environment of a live process, as any tool on the machine could read them. */
function processOf(pid: number | undefined, into: Map<string, Buffer>): void {
  for (const part of ['cmdline', 'environ']) into.set(`/proc/${part}`, readFileSync(`/proc/${pid}/${part}`));
}

function withoutBodyToGitHub(request: RecordedRequest): Buffer {
  return Buffer.concat([
    Buffer.from(`${request.method} ${request.path}\n${request.rawHeaders.join('\n')}\n`),
    request.body,
  ]);
}

describe('a pasted token', () => {
  it('I15: is kept nowhere and leaves the process only sealed, and once to its issuer', async () => {
    const one = await installAndRecord();
    open.push(one);
    const token = one.sandbox.offeredToken;
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    const sinks = new Map<string, Buffer>();

    // A refused paste first: a live-looking token of another kind, and this one with a hidden character in it.
    const page = await openPage(address);
    const foreign = `npm_${'Q7x'.repeat(12)}`;
    const first = await submitForm(address, page, { token: foreign, expiration: '365d' });
    const second = await submitForm(address, first, { token: `${token}\u200b`, expiration: '365d' });

    // Held at the PUT, the process is looked at while it has the token.
    const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
    const arrived = one.sandbox.github.when({ method: 'PUT', stage: 'arrived' });
    const answer = submitForm(address, second, { token, expiration: '365d' });
    await arrived;
    processOf(running.child.pid, sinks);
    filesOf(one.installation.dataDir, sinks);
    held.release();
    const done = await answer;
    const rotated = await running.finished;

    const runs: Record<string, Finished> = {
      rotate: rotated,
      status: await one.program.run('status'),
      daemon: await one.program.run('daemon', '--once'),
      history: await one.program.run('history'),
    };
    for (const [name, { stdout, stderr }] of Object.entries(runs))
      sinks.set(`output of ${name}`, Buffer.from(stdout + stderr));
    [first, second, done].forEach(({ body }, index) => {
      sinks.set(`page ${index}`, Buffer.from(body));
    });
    filesOf(one.installation.folder, sinks);
    one.sandbox.github.requests.forEach((request, index) => {
      sinks.set(`request ${index} to GitHub`, withoutBodyToGitHub(request));
    });
    one.sandbox.mail.messages.forEach(({ raw }, index) => {
      sinks.set(`mail ${index}`, raw);
    });

    expect(rotated.code).toBe(0);
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(token);
    expect(sinks.size).toBeGreaterThan(15);
    expect(findLeaks(token, sinks)).toEqual([]);
    expect(findLeaks(foreign.slice(4), sinks)).toEqual([]);
  });

  it('goes to its issuer in one request, in the Authorization header alone', async () => {
    const one = await installAndRecord();
    open.push(one);
    const token = one.sandbox.offeredToken;
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    await submitForm(address, await openPage(address), { token, expiration: '365d' });
    await running.finished;
    const [asked, ...more] = one.sandbox.cratesIo.requests;
    expect(more).toEqual([]);
    expect(asked?.headers['authorization']).toBe(token);
    const rest = (asked?.rawHeaders ?? []).filter(
      (_, index, all) => all[index - 1]?.toLowerCase() !== 'authorization',
    );
    expect(
      findLeaks(
        token,
        new Map([['the rest', Buffer.from(`${asked?.path} ${rest.join(' ')}${asked?.body}`)]]),
      ),
    ).toEqual([]);
  });
});

describe('the search that ends every test of the built program', () => {
  const canary = `cio${'A1b2C3d4E5f6G7h8'.repeat(2)}`;

  it('looks into 18 sinks for 14 encodings', async () => {
    const one = await installAndRecord();
    open.push(one);
    await one.program.run('daemon', '--once');
    const sinks = one.sinks();
    expect([...sinks.keys()]).toEqual(SINKS);
    expect([SINKS.length, ENCODINGS.length]).toEqual([18, 14]);
    const mustHold = [
      'standard error',
      'database',
      'command lines',
      'environments',
      'mails',
      'history',
      'backup',
    ];
    expect(mustHold.filter((sink) => !sinks.get(sink as (typeof SINKS)[number])?.length)).toEqual([]);
  });

  it.each([
    ['log files', 'daemon.log'],
    ['rollback journal', 'data/reseal.db-journal'],
    ['temporary files', 'tmp/a/b'],
    ['temporary files', 'data/anything'],
    ['core files and reports', 'data/core.17'],
    ['core files and reports', 'report.20261125.1.0.json'],
    ['home and caches', 'home/.bash_history'],
  ] as const)('finds it in %s (%s)', async (sink, file) => {
    const one = await installAndRecord();
    open.push(one);
    const path = join(one.installation.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `x${canary}`);
    expect(findLeaks(canary, one.sinks())).toContain(`${sink}: raw`);
  });

  it('finds it in command lines and in what is printed', async () => {
    const one = await installAndRecord();
    open.push(one);
    await one.program.run('status', canary);
    expect(findLeaks(canary, one.sinks())).toEqual(
      expect.arrayContaining(['command lines: raw', 'command lines: any 12 characters']),
    );
  });

  it.each(ENCODINGS)('knows %s, whatever stands before it', (encoding) => {
    for (const shape of shapesOf(canary).get(encoding) ?? []) {
      const sinks = new Map([['sink', Buffer.concat([Buffer.from('ab'), shape, Buffer.from('c')])]]);
      expect(findLeaks(canary, sinks)).toContain(`sink: ${encoding}`);
    }
  });

  it.each(['base64', 'hex', 'utf16le'] as const)('finds it in a longer text in %s', (encoding) => {
    for (const before of ['', 'a', 'ab']) {
      const text = before + canary;
      const bytes =
        encoding === 'utf16le'
          ? Buffer.from(text, encoding)
          : Buffer.from(Buffer.from(text).toString(encoding));
      expect(findLeaks(canary, new Map([['sink', bytes]])).length).toBeGreaterThan(0);
    }
  });
});
