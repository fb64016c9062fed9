import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../src/sandbox/http.ts';
import type { Finished } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { findLeaks } from '../support/canary.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf } from '../support/installed.ts';

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
  it('is kept nowhere and leaves the process only sealed, and once to its issuer', async () => {
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

describe('findLeaks', () => {
  it.each(['base64', 'hex', 'utf16le'] as const)(
    'finds a token in %s, whatever stands before it',
    (encoding) => {
      const token = 'cioA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6';
      for (const before of ['', 'a', 'ab']) {
        const sink =
          encoding === 'utf16le'
            ? Buffer.from(before + token, encoding)
            : Buffer.from(Buffer.from(before + token).toString(encoding));
        expect(findLeaks(token, new Map([['sink', sink]])).length).toBeGreaterThan(0);
      }
    },
  );
});
