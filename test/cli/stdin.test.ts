import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, PROGRAM, secretOf, statusOf } from '../support/installed.ts';

const LIMIT = 49_152;
const PROMPT = 'it is not shown';
const CTRL_C = '\x03';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function installed(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}

interface Talk {
  readonly child: ChildProcess;
  /** Resolves when the program has said this. */
  heard(text: string): Promise<void>;
  readonly finished: Promise<{ code: number | null; said: string }>;
}

function commandLine({ installation }: Installed): string[] {
  const { configPath, dataDir } = installation;
  return [
    process.execPath,
    PROGRAM,
    '--config',
    configPath,
    '--data-dir',
    dataDir,
    'rotate',
    'crates-io',
    '--stdin',
  ];
}

function follow(child: ChildProcess): Talk {
  let said = '';
  let listeners: (() => void)[] = [];
  const onData = (chunk: Buffer) => {
    said += chunk.toString('latin1');
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', onData);
  child.stderr?.on('data', onData);
  child.stdin?.on('error', () => undefined);
  return {
    child,
    heard: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (said.includes(text)) resolve();
        };
        listeners = [...listeners, look];
        look();
      }),
    finished: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, said }));
    }),
  };
}

function onPipe(one: Installed, stdin: 'pipe' | number = 'pipe'): Talk {
  const [command = '', ...args] = commandLine(one);
  return follow(
    spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'], env: { ...process.env, ...one.environment } }),
  );
}

const SCRIPT = 'script';
const hasScript = spawnSync(SCRIPT, ['--version']).status === 0;

/** On a pseudo-terminal, which passes on what is typed and what is shown. */
function onTerminal(one: Installed, after = 'true'): Talk {
  const line = commandLine(one)
    .map((part) => `'${part}'`)
    .join(' ');
  return follow(
    spawn(SCRIPT, ['-qec', `${line}; code=$?; ${after}; exit $code`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...one.environment },
    }),
  );
}

async function expectUntouched(one: Installed): Promise<void> {
  expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.oldToken);
  const { status } = await statusOf(one);
  expect(status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
}

async function lastEvent({ program }: Installed): Promise<string | undefined> {
  const { stdout } = await program.run('--json', 'history', 'crates-io');
  return (JSON.parse(stdout) as { events: { type: string }[] }).events.at(-1)?.type;
}

describe('rotate --stdin through a pipe', () => {
  describe('when a token comes, with or without a line end', () => {
    it.each(['\n', '\r\n', ''])('stores it and says nothing of it', async (end) => {
      const one = await installed();
      const token = one.sandbox.offeredToken;
      const talk = onPipe(one);
      talk.child.stdin?.end(token + end);
      const { code, said } = await talk.finished;
      expect({ code, shown: said.includes(token.slice(3, 15)) }).toEqual({ code: 0, shown: false });
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(token);
    });
  });

  describe('when nothing comes, or more than one line', () => {
    it.each(['', '\n', 'cioOne\ncioTwo\n'])('is refused with 3, and nothing is stored', async (text) => {
      const one = await installed();
      const talk = onPipe(one);
      talk.child.stdin?.end(text);
      expect((await talk.finished).code).toBe(3);
      await expectUntouched(one);
    });
  });

  describe('when more than 48 KB come', () => {
    it('is refused with 2, and nothing is stored or left open', async () => {
      const one = await installed();
      const talk = onPipe(one);
      talk.child.stdin?.end(`cio${'a'.repeat(LIMIT)}`);
      const { code, said } = await talk.finished;
      expect({ code, why: said.includes('larger than GitHub stores') }).toEqual({ code: 2, why: true });
      await expectUntouched(one);
      expect(await lastEvent(one)).toBe('rotation.rejected');
    });
  });

  describe('when it cannot be read', () => {
    it('is refused with 2, not reported as a bug', async () => {
      const one = await installed();
      const { code, said } = await onPipe(one, openSync('/dev/null', 'w')).finished;
      expect({ code, why: said.includes('standard input') }).toEqual({ code: 2, why: true });
      expect(await lastEvent(one)).toBe('rotation.rejected');
    });
  });

  describe('when a signal comes before the token', () => {
    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 143],
    ] as const)('is abandoned by %s and ends with %d', async (signal, expected) => {
      const one = await installed();
      const talk = onPipe(one);
      await talk.heard('goes to');
      talk.child.kill(signal);
      expect((await talk.finished).code).toBe(expected);
      await expectUntouched(one);
      expect(await lastEvent(one)).toBe('rotation.abandoned');
    });
  });

  describe('when a signal comes while the token is being stored', () => {
    it.each(['SIGINT', 'SIGHUP'] as const)('waits for the end of it after %s', async (signal) => {
      const one = await installed();
      const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
      const arrived = one.sandbox.github.when({ method: 'PUT', stage: 'arrived' });
      const talk = onPipe(one);
      talk.child.stdin?.end(one.sandbox.offeredToken);
      await arrived;
      talk.child.kill(signal);
      await talk.heard('waiting for the end of it');
      held.release();
      const { code, said } = await talk.finished;
      expect({ code, recorded: said.includes('recorded as version 2') }).toEqual({ code: 0, recorded: true });
    });
  });
});

describe.skipIf(!hasScript)('rotate --stdin on a terminal (needs script of bsdutils)', () => {
  describe('when a token is pasted', () => {
    it('stores it without echo, also with more lines behind it', async () => {
      const one = await installed();
      const token = one.sandbox.offeredToken;
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`${token}\rsecond line\r`);
      const { code, said } = await talk.finished;
      expect({ code, shown: said.includes(token.slice(3, 15)) || said.includes('second') }).toEqual({
        code: 0,
        shown: false,
      });
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(token);
    });
  });

  describe('when keys take back what was typed', () => {
    it('stores what is left', async () => {
      const one = await installed();
      const token = one.sandbox.offeredToken;
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`wrong\x15${token}xy\x7f\b\r`);
      expect((await talk.finished).code).toBe(0);
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(token);
    });
  });

  describe('when Ctrl-C is pressed', () => {
    it('is abandoned with 130, and the terminal echoes again', async () => {
      const one = await installed();
      const talk = onTerminal(one, 'stty -a');
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`cioHalf${CTRL_C}`);
      const { code, said } = await talk.finished;
      expect({ code, echo: / echo /.test(said), shown: said.includes('cioHalf') }).toEqual({
        code: 130,
        echo: true,
        shown: false,
      });
      await expectUntouched(one);
      expect(await lastEvent(one)).toBe('rotation.abandoned');
    });
  });

  describe('when more than 48 KB are pasted', () => {
    it('is refused with 2 and not cut off, and nothing is stored', async () => {
      const one = await installed();
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`cio${'a'.repeat(LIMIT)}\r`);
      const { code, said } = await talk.finished;
      expect({ code, why: said.includes('larger than GitHub stores'), shown: said.includes('aaaa') }).toEqual(
        { code: 2, why: true, shown: false },
      );
      await expectUntouched(one);
    });
  });
});
