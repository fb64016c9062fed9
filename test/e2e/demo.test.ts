import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { PROGRAM } from '../support/installed.ts';

let demo: ChildProcess | undefined;
afterEach(() => {
  demo?.kill('SIGKILL');
});

/** Starts the demo and answers what it has said so far, once it has said `until`. */
function startDemo(env = process.env): {
  said: (until: RegExp) => Promise<string>;
  ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, [PROGRAM, 'demo'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  demo = child;
  let text = '';
  const waiting: { until: RegExp; resolve: (text: string) => void }[] = [];
  const collect = (chunk: Buffer) => {
    text += chunk;
    for (const { until, resolve } of waiting) if (until.test(text)) resolve(text);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return {
    said: (until) =>
      new Promise((resolve) => {
        if (until.test(text)) resolve(text);
        else waiting.push({ until, resolve });
      }),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
}

function find(pattern: RegExp, text: string): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`the demo did not say ${pattern}`);
  return found;
}

describe('demo', () => {
  it('shows where form, mail and secrets are, offers a token, and proves what the box opens to', async () => {
    const { said, ended } = startDemo();
    const text = await said(/\nhttp:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\n/);
    const address = find(/\n(http:\/\/127\.0\.0\.1:\d+\/[\w-]{43})\n/, text);
    const page = find(/mail and secrets {2,}(\S+)/, text);
    const token = find(/a fake token to paste {2,}(\S+)/, text);

    const before = await openPage(page);
    expect(before.body).toContain('the old token, from before the rotation');
    expect(before.body).toMatch(/crates-io expires in \d days · CRATES_IO_TOKEN in joaoh82\/rust_sqlite/);
    expect((await openPage(`${page}mail/0/html`)).body).toContain('reseal rotate crates-io');
    expect((await openPage(`${page}mail/0/text`)).body).toContain('What to do');

    const done = await submitForm(address, await openPage(address), { token, expiration: '365d' });
    expect(done.status).toBe(200);
    const after = await openPage(page);
    expect(after.body).toContain('the token that the demo offered for pasting');
    expect(after.body).not.toContain(token);

    await said(/press Ctrl-C to end the demo/);
    demo?.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reseal-test-'));
    const { said, ended } = startDemo({ ...process.env, TMPDIR: folder });
    await said(/without a browser/);
    expect(readdirSync(folder)).toHaveLength(1);
    demo?.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
    rmdirSync(folder);
  });
});
