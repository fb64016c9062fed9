import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import {
  dateOf,
  daysAgo,
  installAndRecord,
  openedForm,
  PROGRAM,
  secretOf,
  statusOf,
} from '../support/installed.ts';

const open: Installed[] = [];
async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

describe('demo --auto', () => {
  it('proves the whole job on the shipped example', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'demo', '--auto'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const said = Buffer.concat(lines).toString();
    expect({ code, proven: said.match(/^proven/gm)?.length }).toEqual({ code: 0, proven: 8 });
  });
});

describe('it remembers and reminds', () => {
  it('mails owner and second owner at the seven-day lead time: what, when, how known, where, how to renew, what to type', async () => {
    const { program, sandbox } = await begin();
    expect((await program.run('daemon', '--once')).code).toBe(0);
    const mails = await sandbox.mail.waitForMessages(2);
    expect(mails.map(({ recipients }) => recipients)).toEqual(
      expect.arrayContaining([['joao@example.org'], ['backup@example.org']]),
    );
    const [mail] = mails;
    expect(mail?.subject).toBe('crates-io expires in 6 days · CRATES_IO_TOKEN in joaoh82/rust_sqlite');
    const expiry = dateOf(daysAgo(-7));
    for (const part of [mail?.text, mail?.html]) {
      const text = part?.replace(/\s+/g, ' ');
      expect(text).toContain(expiry);
      expect(text).toContain('computed from the creation date');
      expect(text).toContain('joaoh82/rust_sqlite › release › CRATES_IO_TOKEN');
      expect(text).toContain('the release stops at the publishing step');
      expect(text).toContain('https://crates.io/settings/tokens');
      expect(text).toContain('it falls back to 90 days');
      expect(text).toContain('The old token stays alive until it is revoked');
      expect(text).toContain('docker compose exec reseal reseal rotate crates-io');
      expect(text).toMatch(/next mail about it comes on \d{4}-\d\d-\d\d/);
    }
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('sends each reminder once, however often the daemon comes round', async () => {
    const one = await begin();
    for (let round = 0; round < 3; round++) await one.program.run('daemon', '--once');
    expect(one.sandbox.mail.messages.length).toBe(2);
    expect((await statusOf(one)).status.deliveries).toMatchObject({ sent: 2, pending: 0 });
  });

  it('marks a mail as sent only after the server’s 250, and tries again after a refusal', async () => {
    const one = await begin();
    one.sandbox.mail.fault({ at: 'dot', action: 'reply', code: 451, times: 2 });
    await one.program.run('daemon', '--once');
    expect((await statusOf(one)).status.deliveries).toMatchObject({ sent: 0, pending: 2 });
  });
});

describe('it rotates', () => {
  it('from form to record: version 2, the box opens to what was pasted, old reminders gone, one notice', async () => {
    const one = await begin();
    await one.program.run('daemon', '--once');
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    await submitForm(address, await openPage(address), {
      token: one.sandbox.offeredToken,
      expiration: '365d',
    });
    const { code, stdout } = await running.finished;
    const steps = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { step: string; outcome: string; version?: number });
    expect(code).toBe(0);
    expect(steps.map(({ step }) => step)).toEqual([
      'precheck',
      'form',
      'submitted',
      'checked',
      'intended',
      'stored',
      'verified',
      'result',
    ]);
    expect(steps.at(-1)).toMatchObject({ outcome: 'recorded', version: 2 });
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
    await one.program.run('daemon', '--once');
    await one.program.run('daemon', '--once');
    const notices = (await one.sandbox.mail.waitForMessages(4)).slice(2);
    expect(
      notices.map(({ subject, recipients }) => [recipients[0], subject?.includes('was renewed: version 2')]),
    ).toEqual(
      expect.arrayContaining([
        ['joao@example.org', true],
        ['backup@example.org', true],
      ]),
    );
    expect((await statusOf(one)).status.credentials[0]).toMatchObject({
      version: 2,
      state: 'ok',
      expirySource: 'entered',
      destinations: [{ state: 'verified' }],
    });
  });

  it('with --stdin and no stated expiry, records it as computed and says so', async () => {
    const one = await begin();
    const { code, stdout } = await pipe(
      one,
      ['--json', 'rotate', 'crates-io', '--stdin'],
      `${one.sandbox.offeredToken}\n`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      outcome: 'recorded',
      expirySource: 'computed',
      expiresAt: expect.stringContaining(dateOf(daysAgo(-365))),
    });
    expect(secretOf(one).opened.length).toBe(35);
  });

  it.each([
    ['of the wrong kind', () => `npm_${'x'.repeat(36)}`, 'this is an npm token'],
    [
      'with a hidden character',
      (token: string) => `${token.slice(0, 9)}\u00a0${token.slice(9)}`,
      'hidden character at position 10',
    ],
    ['that crates.io does not know', () => `cio${'Z'.repeat(32)}`, 'crates.io does not know this token'],
  ])(
    'refuses a token %s in the form, which stays usable, and updated_at has not moved',
    async (_, make, reason) => {
      const one = await begin();
      const before = secretOf(one).updatedAt;
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      const text = make(one.sandbox.offeredToken);
      const refused = await submitForm(address, await openPage(address), { token: text, expiration: '365d' });
      expect({
        status: refused.status,
        said: refused.body.includes(reason),
        shown: refused.body.includes(text),
      }).toEqual({
        status: 422,
        said: true,
        shown: false,
      });
      expect(secretOf(one).updatedAt).toEqual(before);
      const again = await submitForm(address, refused, {
        token: one.sandbox.offeredToken,
        expiration: '365d',
      });
      expect(again.status).toBe(200);
      expect((await running.finished).code).toBe(0);
    },
  );

  it('asks for a deliberate second step when crates.io cannot be asked', async () => {
    const one = await begin();
    one.sandbox.cratesIo.fault({ kind: 'status', status: 503, times: 2 });
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    const fields = { token: one.sandbox.offeredToken, expiration: '365d' };
    const first = await submitForm(address, await openPage(address), fields);
    expect({ status: first.status, puts: one.sandbox.github.putCount() }).toEqual({ status: 422, puts: 0 });
    const second = await submitForm(address, first, { ...fields, unchecked: 'yes' });
    expect(second.status).toBe(200);
    const { stdout } = await running.finished;
    expect(stdout).toContain('"step":"checked","credential":"crates-io","outcome":"unchecked"');
  });

  it('says before the form opens that GitHub cannot be reached, with 3', async () => {
    const one = await begin();
    await one.sandbox.github.close();
    const { code, stdout, stderr } = await one.program.run('rotate', 'crates-io');
    expect({ code, stdout, said: stderr.includes('cannot reach GitHub') }).toEqual({
      code: 3,
      stdout: '',
      said: true,
    });
  });

  it('needs exactly environments:write and metadata:read, and names what a token lacks', async () => {
    const one = await begin();
    one.sandbox.github.addToken(one.sandbox.sealToken, { permissions: { metadata: 'read' } });
    const { code, stderr } = await one.program.run('rotate', 'crates-io');
    expect({ code, named: stderr.includes('environments:read') }).toEqual({ code: 3, named: true });
  });
});

function pipe(
  one: Installed,
  args: readonly string[],
  input: string,
): Promise<{ code: number; stdout: string }> {
  const { configPath, dataDir } = one.installation;
  const child = spawn(process.execPath, [PROGRAM, '--config', configPath, '--data-dir', dataDir, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...one.environment },
  });
  child.stdin.end(input);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code: code ?? -1, stdout: Buffer.concat(chunks).toString() })),
  );
}
