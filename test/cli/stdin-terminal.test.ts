import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, secretOf, statusOf } from '../support/installed.ts';
import type { Talk, TalkOptions } from '../support/talk.ts';
import { commandLine, hasScript, talkOnTerminal } from '../support/talk.ts';

const LIMIT = 49_152;
const PROMPT = 'it is not shown';
const CTRL_C = '\x03';
/** Makes minutes of milliseconds. */
const HASTY = pathToFileURL(join(import.meta.dirname, '../support/hasty.mjs')).href;
/** What a shell on the same terminal would find to run afterwards. */
const LEFT = `IFS= read -r -t 1 -N 500 left; echo "LEFT=[$left]"`;

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function installed(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}

/** A credential whose tokens may be of any form. */
async function installedGeneric(): Promise<Installed> {
  const one = await installed();
  const { configPath } = one.installation;
  const text = readFileSync(configPath, 'utf8').replace('kind: crates-io-token', 'kind: generic');
  writeFileSync(configPath, text.replace(/^ *(name-at-issuer|scopes): .*\n/gm, ''));
  return one;
}

function onTerminal(one: Installed, options: TalkOptions & { readonly after?: string } = {}): Talk {
  return talkOnTerminal(one, commandLine(one, 'rotate', 'crates-io', '--stdin'), options);
}

function stored(one: Installed): string {
  return Buffer.from(secretOf(one).opened).toString();
}

async function expectUntouched(one: Installed): Promise<void> {
  expect(stored(one)).toBe(one.sandbox.oldToken);
  const { status } = await statusOf(one);
  expect(status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
}

async function lastEvent({ program }: Installed): Promise<string | undefined> {
  const { stdout } = await program.run('--json', 'history', 'crates-io');
  return (JSON.parse(stdout) as { events: { type: string }[] }).events.at(-1)?.type;
}

describe.skipIf(!hasScript)('rotate --stdin on a terminal (needs script of util-linux)', () => {
  describe('when a token is pasted', () => {
    it.each([
      ['and Enter pressed', (token: string) => `${token}\r`],
      ['between marks, and Enter pressed', (token: string) => `\x1b[200~${token}\x1b[201~\r`],
      ['between marks, with its line end', (token: string) => `\x1b[200~${token}\r\x1b[201~`],
    ])('stores it without echo (%s)', async (_, paste) => {
      const one = await installed();
      const token = one.sandbox.offeredToken;
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(paste(token));
      const { code, said } = await talk.finished;
      expect({ code, shown: said.includes(token.slice(3, 15)) }).toEqual({ code: 0, shown: false });
      expect(stored(one)).toBe(token);
    });

    it('asks the terminal to mark pastes before it asks for one, and no longer when it has it', async () => {
      const one = await installed();
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(CTRL_C);
      const { said } = await talk.finished;
      expect(said).toMatch(/\x1b\[\?2004h.*it is not shown.*\x1b\[\?2004l/s);
    });
  });

  describe('when something is pasted before anybody was asked', () => {
    it('throws it away and says so, since the terminal has shown it and may have cut it off', async () => {
      const one = await installedGeneric();
      const held = one.sandbox.github.fault({ method: 'GET', kind: 'hold' });
      const asked = one.sandbox.github.when({ method: 'GET' });
      const talk = onTerminal(one);
      await asked;
      talk.child.stdin?.write(`${'y'.repeat(6_000)}END\r`);
      held.release();
      await talk.heard('what was typed before this was thrown away');
      await talk.heard(PROMPT);
      talk.child.stdin?.write('the one that was asked for\r');
      expect((await talk.finished).code).toBe(0);
      expect(stored(one)).toBe('the one that was asked for');
    });
  });

  describe('when several lines are pasted', () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, index) => `SECRETLINE${index}${'x'.repeat(50)}\r`).join('');
    const PEM = (count: number) => `-----BEGIN CERTIFICATE-----\r${lines(count)}-----END CERTIFICATE-----\r`;

    it.each([
      ['in one read', PEM(5)],
      // A terminal hands over 4 KB at the most.
      ['in many reads', PEM(600)],
      ['in many reads, between marks', `\x1b[200~${PEM(600)}\x1b[201~`],
    ])('refuses them with 2, and leaves the shell none of them (%s)', async (_, paste) => {
      const one = await installedGeneric();
      const talk = onTerminal(one, { after: LEFT });
      await talk.heard(PROMPT);
      talk.child.stdin?.write(paste);
      const { code, said } = await talk.finished;
      expect({
        code,
        why: said.includes('more than one line'),
        next: said.includes('--stdin < FILE'),
      }).toEqual({
        code: 2,
        why: true,
        next: true,
      });
      expect([said.includes('LEFT=[]'), said.includes('SECRETLINE')]).toEqual([true, false]);
      await expectUntouched(one);
      expect(await lastEvent(one)).toBe('rotation.rejected');
    });

    it('leaves the shell none of them after Ctrl-C either', async () => {
      const one = await installedGeneric();
      const talk = onTerminal(one, { after: LEFT });
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`half${CTRL_C}${PEM(600)}`);
      const { code, said } = await talk.finished;
      expect([code, said.includes('LEFT=[]'), said.includes('SECRETLINE')]).toEqual([130, true, false]);
      await expectUntouched(one);
    });
  });

  describe('when a key comes that is no text', () => {
    it.each([
      ['an arrow', '\x1b[D'],
      ['Ctrl-W', '\x17'],
      ['Ctrl-Z', '\x1a'],
    ])('refuses %s with words, and stores nothing', async (_, key) => {
      const one = await installedGeneric();
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`secret${key}\r`);
      const { code, said } = await talk.finished;
      expect({ code, why: said.includes('a key that is no text') }).toEqual({ code: 2, why: true });
      await expectUntouched(one);
    });
  });

  describe('when keys take back what was typed', () => {
    it('stores what is left', async () => {
      const one = await installed();
      const token = one.sandbox.offeredToken;
      const talk = onTerminal(one);
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`wrong\x15${token}xé\x7f\b\r`);
      expect((await talk.finished).code).toBe(0);
      expect(stored(one)).toBe(token);
    });
  });

  describe('when Ctrl-C is pressed', () => {
    it('is abandoned with 130, and the terminal echoes again', async () => {
      const one = await installed();
      const talk = onTerminal(one, { after: 'stty -a' });
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
      const talk = onTerminal(one, { after: LEFT });
      await talk.heard(PROMPT);
      talk.child.stdin?.write(`cio${'a'.repeat(LIMIT)}\r`);
      const { code, said } = await talk.finished;
      expect({ code, why: said.includes('larger than GitHub stores'), shown: said.includes('aaaa') }).toEqual(
        { code: 2, why: true, shown: false },
      );
      await expectUntouched(one);
    });
  });

  describe('when nobody types for half an hour', () => {
    it('is abandoned with 3, and the terminal echoes again', async () => {
      const one = await installed();
      const talk = onTerminal(one, { after: 'stty -a', env: { NODE_OPTIONS: `--import=${HASTY}` } });
      const { code, said } = await talk.finished;
      expect({ code, why: said.includes('the time was over'), echo: / echo /.test(said) }).toEqual({
        code: 3,
        why: true,
        echo: true,
      });
      expect(await lastEvent(one)).toBe('rotation.abandoned');
    });
  });
});
