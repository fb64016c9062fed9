import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LAUNCHER = resolve('tools/run.mjs');
const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const PACKAGE = `node-${PLATFORM}`;
/** No Node is this new, so that every one that runs the tests is too old. */
const WANTED = '>=9999';
const PINNED = '9999.1.0';

const { satisfies } = (await import(pathToFileURL(LAUNCHER).href)) as {
  satisfies(version: string, range: string): boolean;
};
const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reseal-launcher-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  launcher: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcess {
  return spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

function script(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, body);
  return file;
}

describe('satisfies', () => {
  const table: readonly [version: string, inside: boolean][] = [
    ['v18.20.8', false],
    ['v20.20.2', false],
    ['v21.99.0', false],
    ['v22.0.0', false],
    ['v22.17.9', false],
    ['v22.18.0', true],
    ['v22.23.3', true],
    ['v23.11.0', false],
    ['v24.0.0', false],
    ['v24.10.9', false],
    ['v24.11.0', true],
    ['v24.21.0', true],
    ['v25.9.0', false],
    ['v26.0.0', true],
    ['v26.10.0', true],
    ['v27.0.0-nightly20270101', true],
    ['v100.0.0', true],
  ];

  describe('when given the range of package.json', () => {
    it.each(table)('returns for %s: %s', (version, inside) => {
      expect(satisfies(version, engines.node)).toBe(inside);
    });
  });

  describe('when a part names a minor or a patch', () => {
    it('returns whether the version is not below it', () => {
      expect(satisfies('v22.18.1', '^22.18.2')).toBe(false);
      expect(satisfies('v22.18.2', '^22.18.2')).toBe(true);
      expect(satisfies('v26.0.9', '>=26.1')).toBe(false);
      expect(satisfies('v27.0.0', '>=26.1')).toBe(true);
    });
  });

  describe('when the range is written in a way that it does not read', () => {
    it.each(['*', '~22.18', '22.x', '>=22 <27', ''])('throws rather than guess: "%s"', (range) => {
      expect(() => satisfies('v24.21.0', range)).toThrow('not a range');
    });
  });
});

describe('the launcher', () => {
  describe('when the running Node will do', () => {
    it('runs a script with it, with its arguments and its output as they are', async () => {
      const file = script(
        'echo.mjs',
        'console.log(JSON.stringify([process.execPath, ...process.argv.slice(2)]))',
      );
      const { code, stdout, stderr } = await ended(start(LAUNCHER, [file, '--a', 'b c', '']));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual([process.execPath, '--a', 'b c', '']);
    });

    it('runs TypeScript', async () => {
      const file = script('typed.ts', 'const answer: number = 42; console.log(answer);');
      expect((await ended(start(LAUNCHER, [file]))).stdout).toBe('42\n');
    });

    it.each([0, 1, 2, 70])('returns the exit code of the script: %i', async (code) => {
      const file = script('exit.mjs', `process.exit(${code})`);
      expect((await ended(start(LAUNCHER, [file]))).code).toBe(code);
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('returns 128 and the number when %s ended the script', async (signal, code) => {
      const file = script(
        'killed.mjs',
        `process.kill(process.pid, '${signal}'); setTimeout(() => {}, 60_000);`,
      );
      expect((await ended(start(LAUNCHER, [file]))).code).toBe(code);
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      'passes %s on once, and waits for the script to end',
      async (signal) => {
        const file = script(
          'waits.mjs',
          `let count = 0;
         process.on('${signal}', () => { count += 1; setTimeout(() => { console.log('got', count); process.exit(7); }, 200); });
         setInterval(() => {}, 1000);
         console.log('ready');`,
        );
        const child = start(LAUNCHER, [file]);
        child.stdout?.once('data', () => child.kill(signal));
        expect(await ended(child)).toMatchObject({ code: 7, stdout: 'ready\ngot 1\n' });
      },
    );
  });

  describe('when no script is named', () => {
    it('returns 1 and says how it is called', async () => {
      expect(await ended(start(LAUNCHER, []))).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^usage: /),
      });
    });
  });
});

describe('the launcher under a Node that is too old', () => {
  const installed = () => join(folder, '.tools/node/node_modules', PACKAGE, 'bin/node');
  const calls = () =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];

  /** Stands in for npm: notes its arguments, and installs a "Node" that says it is the pinned version. */
  function npm(before = ''): Record<string, string> {
    const file = script(
      'npm-stub.mjs',
      `import fs from 'node:fs';
       import { dirname, join } from 'node:path';
       const args = process.argv.slice(2);
       const prefix = args[args.indexOf('--prefix') + 1];
       fs.appendFileSync(${JSON.stringify(join(folder, 'calls'))}, args.filter((arg) => arg !== prefix).join(' ') + '\\n');
       const { version } = JSON.parse(fs.readFileSync(join(prefix, 'package-lock.json'))).packages[${JSON.stringify(`node_modules/${PACKAGE}`)}];
       const node = join(prefix, 'node_modules', ${JSON.stringify(PACKAGE)}, 'bin/node');
       ${before}
       fs.mkdirSync(dirname(node), { recursive: true });
       fs.writeFileSync(node, '#!/bin/sh\\nif [ "$1" = -p ]; then echo v' + version + '; else exec ' + ${JSON.stringify(process.execPath)} + ' "$@"; fi\\n');
       fs.chmodSync(node, 0o755);
       console.log('added 1 package');`,
    );
    return { npm_execpath: file };
  }

  function project(dependencies: Record<string, string> = { [PACKAGE]: PINNED }): string {
    mkdirSync(join(folder, 'tools/node'), { recursive: true });
    copyFileSync(LAUNCHER, join(folder, 'tools/run.mjs'));
    script('package.json', JSON.stringify({ engines: { node: WANTED } }));
    script('tools/node/package.json', JSON.stringify({ optionalDependencies: dependencies }));
    const packages = Object.entries(dependencies).map(([name, version]) => [
      `node_modules/${name}`,
      { version },
    ]);
    script('tools/node/package-lock.json', JSON.stringify({ packages: Object.fromEntries(packages) }));
    script('path.mjs', "console.log(process.env.PATH.split(':')[0])");
    return join(folder, 'tools/run.mjs');
  }

  /** A "Node" as an interrupted installation, another machine or an older pin would leave it. */
  function leaveBehind(body: string, mode = 0o755): void {
    mkdirSync(dirname(installed()), { recursive: true });
    writeFileSync(installed(), body);
    chmodSync(installed(), mode);
  }

  const launch = (environment: Record<string, string>, name = 'path.mjs', ...args: string[]) =>
    ended(start(project(), [join(folder, name), ...args], environment));

  describe('when none was installed yet', () => {
    it('installs one by the lock, says so in one line of stderr, and runs the script with it first in PATH', async () => {
      const { code, stdout, stderr } = await launch(npm());
      expect(code).toBe(0);
      expect(stdout).toBe(`${dirname(installed())}\n`);
      expect(stderr).toBe(
        `This is Node ${process.version}, and >=9999 is needed: installing Node 9999.1.0 into .tools/node, for this folder only.\n`,
      );
      expect(calls()).toEqual(['ci --prefix --ignore-scripts --include=optional --loglevel=error']);
      expect(readdirSync(join(folder, '.tools'))).toEqual(['node']);
    });

    it('returns the exit code of the script', async () => {
      script('exit.mjs', 'process.exit(Number(process.argv[2]))');
      expect((await launch(npm(), 'exit.mjs', '9')).code).toBe(9);
    });

    it('installs once for two that start together, and both run', async () => {
      const environment = npm('await new Promise((done) => setTimeout(done, 300));');
      const launcher = project();
      const both = [1, 2].map(() => ended(start(launcher, [join(folder, 'path.mjs')], environment)));
      for (const { code, stdout } of await Promise.all(both)) {
        expect({ code, stdout }).toEqual({ code: 0, stdout: `${dirname(installed())}\n` });
      }
      expect(readdirSync(join(folder, '.tools'))).toEqual(['node']);
    });
  });

  describe('when the pinned one is there', () => {
    it('runs it without a word and without npm', async () => {
      await launch(npm());
      const second = await launch(npm('process.exit(1);'));
      expect(second).toMatchObject({ code: 0, stderr: '' });
      expect(calls()).toHaveLength(1);
    });
  });

  describe('when what is there cannot be trusted', () => {
    it.each([
      ['a file cut short', () => leaveBehind('')],
      ['one that does not start', () => leaveBehind('\u007fELF of another machine')],
      ['one that may not be executed', () => leaveBehind('#!/bin/sh\necho v9999.1.0\n', 0o644)],
      ['one of an earlier pin', () => leaveBehind('#!/bin/sh\necho v9998.0.0\n')],
      ['a folder without it', () => mkdirSync(join(folder, '.tools/node/node_modules'), { recursive: true })],
    ])('replaces %s', async (_, prepare) => {
      prepare();
      const { code, stdout } = await launch(npm());
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${dirname(installed())}\n` });
      expect(readdirSync(join(folder, '.tools'))).toEqual(['node']);
    });
  });

  describe('when the installation does not come to its end', () => {
    it('returns 1 and says what to install, and leaves nothing behind', async () => {
      const { code, stderr } = await launch(npm('process.exit(1);'));
      expect(code).toBe(1);
      expect(stderr).toContain('npm ended with 1): install Node >=9999 yourself');
      expect(readdirSync(join(folder, '.tools'))).toEqual([]);
    });

    it('returns 1 when npm ends well without it, as it does without a network', async () => {
      const { code, stderr } = await launch(npm('process.exit(0);'));
      expect(code).toBe(1);
      expect(stderr).toContain('npm could not fetch it: is there a network?): install Node >=9999 yourself');
      expect(readdirSync(join(folder, '.tools'))).toEqual([]);
    });

    it('does not keep one that does not start on this machine', async () => {
      const { code, stderr } = await launch(
        npm("fs.mkdirSync(dirname(node), { recursive: true }); fs.writeFileSync(node, ''); process.exit(0);"),
      );
      expect(code).toBe(1);
      expect(stderr).toContain('the one fetched does not start here');
      expect(readdirSync(join(folder, '.tools'))).toEqual([]);
    });

    it('stops on a signal with nothing left behind, and the next one installs', async () => {
      const environment = npm(
        "fs.mkdirSync(dirname(node), { recursive: true }); fs.writeFileSync(node, ''); await new Promise((done) => setTimeout(done, 60_000));",
      );
      const child = start(project(), [join(folder, 'path.mjs')], environment);
      const end = ended(child);
      await expect.poll(calls, { timeout: 10_000 }).toHaveLength(1);
      child.kill('SIGTERM');
      expect((await end).code).toBe(143);
      expect(readdirSync(join(folder, '.tools'))).toEqual([]);
      expect((await launch(npm())).code).toBe(0);
    });

    it('never trusts what a kill left behind', async () => {
      const environment = npm(
        "fs.mkdirSync(dirname(node), { recursive: true }); fs.writeFileSync(node, ''); await new Promise((done) => setTimeout(done, 500));",
      );
      const child = start(project(), [join(folder, 'path.mjs')], environment);
      const end = ended(child);
      await expect.poll(calls, { timeout: 10_000 }).toHaveLength(1);
      child.kill('SIGKILL');
      await end;
      expect(existsSync(join(folder, '.tools/node'))).toBe(false);
      expect((await launch(npm())).stdout).toBe(`${dirname(installed())}\n`);
    });
  });

  describe('when there is no package for this machine', () => {
    it('returns 1 and names what to install in one sentence', async () => {
      const launcher = project({ 'node-plan9-mips': '9999.1.0' });
      const { code, stderr } = await ended(start(launcher, [join(folder, 'path.mjs')], npm()));
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`none is packaged for ${PLATFORM}.*install Node >=9999 yourself`));
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(calls()).toEqual([]);
    });
  });

  describe('when another package manager runs it', () => {
    it('runs npm from PATH all the same', async () => {
      const { npm_execpath: stub = '' } = npm();
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'npm'), `#!/bin/sh\nexec ${process.execPath} ${stub} "$@"\n`, { mode: 0o755 });
      const { code } = await launch({
        npm_execpath: '/somewhere/pnpm.cjs',
        PATH: `${bin}:${process.env['PATH']}`,
      });
      expect({ code, calls: calls().length }).toEqual({ code: 0, calls: 1 });
    });
  });
});
