import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openProgram } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, PLACE, PROGRAM, secretOf, statusOf } from '../support/installed.ts';
import { outsideAddress, publish, setForm } from '../support/published.ts';
import { accepts } from '../support/raw-http.ts';
import { freePort } from '../support/stand-ins.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  closing.push(() => one[Symbol.asyncDispose]());
  return one;
}

async function store(one: Installed, address: string): Promise<string> {
  const fields = { token: one.sandbox.offeredToken, expiration: '365d' };
  return (await submitForm(address, await openPage(address), fields)).body;
}

/** A second credential, whose secret is to be created in the same environment. */
function declareAnother({ installation: { configPath } }: Installed): void {
  const [place, other] = [`secret: ${PLACE.secret} }\n`, `secret: OTHER_TOKEN }\n`];
  const text = readFileSync(configPath, 'utf8');
  const destination = `{ repo: ${PLACE.repo}, environment: ${PLACE.environment}, ${other}`;
  const entry = `\n  another:\n    kind: crates-io-token\n    owner: joao\n    lifetime: 90d\n    destinations:\n      - ${destination}`;
  writeFileSync(configPath, text.replace(place, `${place}${entry}`), { mode: 0o600 });
}

describe('the form of the built program', () => {
  describe('when nobody ever opens it', () => {
    it('D8: ends with 3 when its time is over, says that nothing was stored, and the port refuses', async () => {
      const one = await begin();
      const before = secretOf(one).updatedAt;
      const preload = join(import.meta.dirname, '../support/hasty.mjs');
      const hasty = openProgram(PROGRAM, one.installation, { NODE_OPTIONS: `--import=${preload}` });
      const { code, stdout, stderr } = await hasty.run('rotate', 'crates-io');
      expect({ code, result: stdout.split('\n').slice(-2) }).toEqual({
        code: 3,
        result: ['crates-io: abandoned; nothing was stored', '  the form was never opened'],
      });
      const [address = ''] = /http:\S+/.exec(stdout) ?? [];
      const port = Number(new URL(address).port);
      expect(await accepts(port)).toBe(false);
      expect(stderr).toContain(`ssh -N -L ${port}:127.0.0.1:${port} THIS-HOST`);
      expect(stderr).toContain('add --stdin');
      const { status } = await statusOf(one);
      expect(status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
      expect(secretOf(one).updatedAt).toEqual(before);
    });
  });

  describe('when it is submitted many times at once', () => {
    it('D9, I18: stores once: one PUT, one result, and every other one is told', async () => {
      const one = await begin();
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      const page = await openPage(address);
      const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
      const arrived = one.sandbox.github.when({ method: 'PUT', stage: 'arrived' });
      const fields = { token: one.sandbox.offeredToken, expiration: '365d' };
      const all = Array.from({ length: 12 }, () => submitForm(address, page, fields));
      let told = 0;
      const others = new Promise<void>((resolve) => {
        for (const one of all) void one.then(() => ++told === all.length - 1 && resolve());
      });
      await Promise.all([arrived, others]);
      held.release();
      const answers = await Promise.all(all);
      expect(answers.map(({ status }) => status).sort()).toEqual([
        200,
        ...Array(4).fill(409),
        ...Array(7).fill(429),
      ]);
      expect(answers.find(({ status }) => status === 200)?.body).toContain('Stored and recorded');
      expect((await running.finished).code).toBe(0);
      expect(one.sandbox.github.putCount()).toBe(1);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, state: 'ok' });
    });
  });

  describe('when it is open already', () => {
    it('D10: is refused a second time with who holds it, and the first goes on', async () => {
      const one = await begin();
      const first = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(first);
      const { code, stdout, stderr } = await one.program.run('rotate', 'crates-io');
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain(`is open already (process ${first.child.pid} on `);
      expect(stderr).toMatch(/since \d\d:\d\d UTC\)/);
      expect(await store(one, address)).toContain('Stored and recorded');
      expect((await first.finished).code).toBe(0);
    });
  });

  describe('when its port is taken', () => {
    it('D16, D10: says by whose form, prints no address, and that form goes on', async () => {
      const one = await begin();
      declareAnother(one);
      const port = await freePort();
      const first = one.program.start('--json', 'rotate', 'crates-io', '--port', String(port));
      const address = await openedForm(first);
      const { code, stdout, stderr } = await one.program.run('rotate', 'another', '--port', String(port));
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain(
        `port ${port} on 127.0.0.1 is in use; the form of "crates-io" is open (process ${first.child.pid} on`,
      );
      expect(stderr).toContain('--port');
      expect(await store(one, address)).toContain('Stored and recorded');
      expect((await first.finished).code).toBe(0);
    });

    it('D16: says so where it is taken by something else', async () => {
      const one = await begin();
      const server: Server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closing.push(() => server.close());
      const bound = server.address();
      const port = typeof bound === 'object' && bound ? bound.port : 0;
      const { code, stdout, stderr } = await one.program.run('rotate', 'crates-io', '--port', String(port));
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use\n`));
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 1, unsettled: null });
    });
  });

  describe('when it is reached through a published port', () => {
    it('D19: works under that port alone, for a peer that is not of the loopback', async () => {
      const one = await begin();
      const port = await freePort();
      const outside = outsideAddress();
      const published = await publish(outside, port);
      closing.push(() => published.close());
      setForm(one, `bind: ${outside}, port: ${port}, public-port: ${published.port}`);
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      expect(new URL(address).host).toBe(`127.0.0.1:${published.port}`);
      expect(await store(one, address)).toContain('Stored and recorded');
      expect((await running.finished).code).toBe(0);
    });
  });
});
