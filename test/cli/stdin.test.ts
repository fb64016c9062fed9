import { openSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, secretOf, statusOf } from '../support/installed.ts';
import type { Talk, TalkOptions } from '../support/talk.ts';
import { commandLine, talkTo } from '../support/talk.ts';

const LIMIT = 49_152;
/** Makes minutes of milliseconds. */
const HASTY = pathToFileURL(join(import.meta.dirname, '../support/hasty.mjs')).href;

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function installed(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}

function onPipe(one: Installed, options?: TalkOptions): Talk {
  return talkTo(one, commandLine(one, 'rotate', 'crates-io', '--stdin'), options);
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
      const { code, said } = await onPipe(one, { stdio: [openSync('/dev/null', 'w'), 'pipe', 'pipe'] })
        .finished;
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

  describe('when nothing comes for half an hour', () => {
    it('is abandoned with 3, and others can rotate again', async () => {
      const one = await installed();
      const { code, said } = await onPipe(one, { env: { NODE_OPTIONS: `--import=${HASTY}` } }).finished;
      expect({ code, why: said.includes('the time was over') }).toEqual({ code: 3, why: true });
      await expectUntouched(one);
      expect(await lastEvent(one)).toBe('rotation.abandoned');
      const again = onPipe(one);
      again.child.stdin?.end(one.sandbox.offeredToken);
      expect((await again.finished).code).toBe(0);
    });
  });

  describe('when a signal comes while the issuer is asked', () => {
    it.each([
      ['SIGINT', 130],
      ['SIGQUIT', 143],
    ] as const)(
      'is abandoned by %s at once with %d, and nothing is stored afterwards',
      async (signal, expected) => {
        const one = await installed();
        const held = one.sandbox.cratesIo.fault({ kind: 'hold' });
        const asked = one.sandbox.cratesIo.when({});
        const talk = onPipe(one);
        talk.child.stdin?.end(one.sandbox.offeredToken);
        await asked;
        talk.child.kill(signal);
        const { code, said } = await talk.finished;
        held.release();
        expect({ code, why: said.includes('before anything was written') }).toEqual({
          code: expected,
          why: true,
        });
        await expectUntouched(one);
        expect([await lastEvent(one), one.sandbox.github.putCount()]).toEqual(['rotation.abandoned', 0]);
      },
    );
  });
});
