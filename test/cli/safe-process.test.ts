import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitNodeOptions } from '../../src/cli/safe-process.ts';
import type { Installed } from '../support/installed.ts';
import { install } from '../support/installed.ts';
import { commandLine, talkTo } from '../support/talk.ts';

let one: Installed;
/** Where it is started: Node and V8 leave files there. */
let cwd: string;
beforeAll(async () => {
  one = await install();
  cwd = mkdtempSync(join(tmpdir(), 'reseal-safe-'));
  writeFileSync(join(cwd, 'node.json'), '{}');
});
afterAll(async () => {
  rmSync(cwd, { recursive: true, force: true });
  await one[Symbol.asyncDispose]();
});

/** Runs it with these in NODE_OPTIONS, and these as options of Node itself. */
async function run(nodeOptions: string, options: readonly string[] = []) {
  const [node = '', ...rest] = commandLine(one, 'version');
  const talk = talkTo(one, [node, ...options, ...rest], { cwd, env: { NODE_OPTIONS: nodeOptions } });
  const ended = await talk.finished;
  // Of --perf-basic-prof.
  rmSync(`/tmp/perf-${talk.child.pid}.map`, { force: true });
  return ended;
}

const REFUSED = { code: 2, said: expect.stringContaining('lets others read this process') };

describe('splitNodeOptions', () => {
  it.each([
    ['', []],
    ['  --a   --b=1 ', ['--a', '--b=1']],
    ['"--ins\\pect=0"', ['--inspect=0']],
    ['--ins"pect"=0 --c', ['--inspect=0', '--c']],
    ['"--title=a b" --c', ['--title=a b', '--c']],
    ['"--title=\\"x\\\\" --c', ['--title="x\\', '--c']],
    ['--a\\b', ['--a\\b']],
    ['"--unclosed', ['--unclosed']],
  ])('takes %j apart as Node does', (text, options) => {
    expect(splitNodeOptions(text)).toEqual(options);
  });
});

describe('H10: a process that others could read', () => {
  it.each([
    '"--ins\\pect=127.0.0.1:0"',
    '--ins"pect"=127.0.0.1:0',
    '--trace-event-categories=node.http',
    '--perf-basic-prof',
    '--perf_basic_prof_only_functions',
    '--perf-prof',
    '--cpu_prof',
  ])('is refused with NODE_OPTIONS=%s', async (options) => {
    expect(await run(options)).toMatchObject(REFUSED);
  });

  it.each([
    '--prof',
    '--logfile=x',
    '--log-code',
    '--experimental-network-inspection',
    '--experimental-config-file=node.json',
  ])('is refused with %s', async (option) => {
    expect(await run('', [option])).toMatchObject(REFUSED);
  });

  it('is refused with NODE_DEBUG, by which Node prints what it reads and sends', async () => {
    const talk = talkTo(one, commandLine(one, 'version'), { cwd, env: { NODE_DEBUG: 'stream' } });
    expect(await talk.finished).toMatchObject({
      code: 2,
      said: expect.stringContaining('NODE_DEBUG makes Node print'),
    });
  });

  it('is refused with an inspector that no option opened', async () => {
    const preload = "data:text/javascript,import inspector from 'node:inspector';inspector.open(0)";
    expect(await run('', ['--import', preload])).toMatchObject({
      code: 2,
      said: expect.stringContaining("Node's inspector is open"),
    });
  });

  it.each(['--title=--inspect', '--report-exclude-env', '--max-old-space-size=200'])(
    'runs with %s',
    async (options) => {
      expect(await run(options)).toEqual({ code: 0, said: expect.stringMatching(/^reseal [\d.]+\n$/) });
    },
  );
});
