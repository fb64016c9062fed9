import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { openPage } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, statusOf } from '../support/installed.ts';
import { commandLine, hasScript, talkOnTerminal, talkTo } from '../support/talk.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function installed(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}

/** What the program says, to the end of it or until a form is open. */
async function addressOf(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) if (line.startsWith('http://')) return line;
  throw new Error('no form was opened');
}

describe('rotate --quiet', () => {
  it('says no step, and all that protects the token: destination, hosts, code, warnings', async () => {
    const one = await installed();
    const running = one.program.start('--quiet', 'rotate', 'crates-io');
    const address = await addressOf(running.lines);
    const { body } = await openPage(address);
    await fetch(new URL('/wrong', address)).catch(() => undefined);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    const [, matching = 'none'] = /<code>([A-Z0-9]{6})<\/code>/.exec(body) ?? [];
    expect(code).toBe(130);
    for (const words of ['goes to  ', 'not api.github.com', 'not at crates.io', matching])
      expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^precheck /m);
  });

  it('says how it ended, and what to do next', async () => {
    const one = await installed();
    const token = one.sandbox.offeredToken;
    const { code, stdout, stderr } = await one.program.feed(
      token,
      '--quiet',
      'rotate',
      'crates-io',
      '--stdin',
    ).finished;
    expect([code, stdout]).toEqual([0, expect.stringContaining('recorded as version 2')]);
    expect(stderr).toContain('reseal confirm crates-io --old-revoked');
    expect(stderr).not.toMatch(/^(submitted|checked|intended|stored|verified) /m);
  });
});

describe('rotate --check-scopes', () => {
  it('says what it costs before it asks, and what the token may do afterwards', async () => {
    const one = await installAndRecord({ pipeline: true });
    open.push(one);
    // Of its own, since it is sent there once for each question.
    const token = `cio${randomBytes(16).toString('hex')}`;
    one.sandbox.cratesIo.addToken(token, { scopes: ['publish-update'] });
    one.leaks.canary('the token whose scopes are asked', token);
    one.leaks.meant('crates.io requests', token);
    const running = one.program.feed(token, 'rotate', 'crates-io', '--stdin', '--check-scopes');
    const { code, stdout, stderr } = await running.finished;
    expect([code, stdout]).toEqual([0, expect.stringContaining('recorded as version 2')]);
    expect(stderr.indexOf('up to two uploads that hold no crate')).toBeGreaterThan(0);
    expect(stderr.indexOf('up to two uploads')).toBeLessThan(stderr.indexOf('submitted'));
    expect(stderr).toContain('publish-update');
  });

  it('is refused without a declared crate, and nothing is asked', async () => {
    const one = await installed();
    const running = one.program.feed('anything', 'rotate', 'crates-io', '--stdin', '--check-scopes');
    const { code, stderr } = await running.finished;
    expect([code, stderr]).toEqual([2, expect.stringContaining('the configuration declares none')]);
    expect(one.sandbox.cratesIo.requests).toEqual([]);
  });
});

describe('a second rotate', () => {
  it('names the process that holds it, and how to end that where its terminal is gone', async () => {
    const one = await installed();
    const first = one.program.start('--json', 'rotate', 'crates-io');
    await openedForm(first);
    const { code, stderr } = await one.program.run('rotate', 'crates-io', '--port', '0');
    expect([code, stderr]).toEqual([3, expect.stringContaining(`\`kill ${first.child.pid}\``)]);
    first.child.kill('SIGTERM');
    expect((await first.finished).code).toBe(143);
    expect((await statusOf(one)).status.credentials[0]?.unsettled).toBeNull();
  });
});

describe('a form whose address cannot be printed', () => {
  it('is closed with a clear error, instead of waiting for nobody', async () => {
    const one = await installed();
    const full = openSync('/dev/full', 'w');
    const talk = talkTo(one, commandLine(one, 'rotate', 'crates-io'), { stdio: ['ignore', full, 'pipe'] });
    const { code, said } = await talk.finished;
    expect([code, said]).toEqual([3, expect.stringContaining('ENOSPC')]);
    expect((await statusOf(one)).status.credentials[0]?.unsettled).toBeNull();
  });
});

describe('a port that no browser goes to', () => {
  it.each([
    ['--port', '10080'],
    ['--public-port', '6667'],
  ])('is refused with words as %s %s', async (option, port) => {
    const one = await installed();
    const { code, stderr } = await one.program.run('rotate', 'crates-io', option, port);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`${option} ${port} is a port that browsers refuse`),
    ]);
    expect(one.sandbox.github.putCount()).toBe(0);
  });

  it.each([
    ['port', 'form.port 6000'],
    ['public-port', 'form.public-port 6000'],
  ])('is refused with words as form.%s, and stands in nobody’s way with another', async (option, words) => {
    const one = await installed();
    const { configPath } = one.installation;
    const text = readFileSync(configPath, 'utf8');
    writeFileSync(configPath, text.replace(/^form: .*$/m, `form: { ${option}: 6000 }`));
    const { code, stderr } = await one.program.run('rotate', 'crates-io');
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    const running = one.program.start('--json', 'rotate', 'crates-io', '--port', '0');
    expect(await openedForm(running)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
  });
});

describe('what is left over when everything is told', () => {
  it('does not keep the process, as a proxy does that closes its tunnels: Node opens them anew for ever', async () => {
    const one = await installed();
    const env = { NODE_OPTIONS: '--import=data:text/javascript,setInterval(Date.now,1000)' };
    const { code, said } = await talkTo(one, commandLine(one, '--json', 'status'), { env }).finished;
    expect([code, JSON.parse(said)]).toEqual([1, expect.objectContaining({ schemaVersion: 1 })]);
  });
});

describe('Ctrl-\\', () => {
  it.each([
    ['at the form', 'without a browser'],
    ['while GitHub is asked, before that', undefined],
  ])('ends it as SIGTERM does, so that nothing of its memory becomes a core file (%s)', async (_, words) => {
    const one = await installed();
    const asked = one.sandbox.github.when({ method: 'GET' });
    const held = words ? undefined : one.sandbox.github.fault({ method: 'GET', kind: 'hold' });
    const [command = '', ...args] = commandLine(one, 'rotate', 'crates-io');
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...one.environment },
    });
    const ended = new Promise<unknown>((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code)),
    );
    if (words) for await (const chunk of child.stderr) if (String(chunk).includes(words)) break;
    await asked;
    child.kill('SIGQUIT');
    expect(await ended).toBe(words ? 143 : 'SIGTERM');
    held?.release();
  });
});

describe.skipIf(!hasScript)('one Ctrl-C under timeout --foreground (needs script of util-linux)', () => {
  it('counts once, while the token is on its way', async () => {
    const one = await installed();
    const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
    const arrived = one.sandbox.github.when({ method: 'PUT' });
    const line = ['timeout', '--foreground', '60', ...commandLine(one, 'rotate', 'crates-io', '--stdin')];
    const talk = talkOnTerminal(one, line);
    await talk.heard('it is not shown');
    talk.child.stdin?.write(`${one.sandbox.offeredToken}\r`);
    await arrived;
    talk.child.stdin?.write('\x03');
    await talk.heard('waiting for the end of it');
    held.release();
    const { said } = await talk.finished;
    expect(said).toContain('recorded as version 2');
    expect(said).not.toContain('stopped at once');
  });
});
