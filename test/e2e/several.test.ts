import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeCratesIoToken } from '../../src/sandbox/crates-io.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, PLACE, PROGRAM } from '../support/installed.ts';

const ENVIRONMENTS = ['release', 'staging', 'canary'] as const;

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** The example, whose credential goes to three environments. */
async function begin(): Promise<Installed> {
  const one = await installAndRecord();
  open.push(one);
  for (const environment of ENVIRONMENTS.slice(1)) one.sandbox.github.addEnvironment(PLACE.repo, environment);
  const { configPath } = one.installation;
  const line = `      - { repo: ${PLACE.repo}, environment: release, secret: ${PLACE.secret} }`;
  const lines = ENVIRONMENTS.map((name) => line.replace('environment: release', `environment: ${name}`));
  writeFileSync(configPath, readFileSync(configPath, 'utf8').replace(line, lines.join('\n')));
  return one;
}

function refuseStaging({ sandbox }: Installed): void {
  sandbox.github.fault({ method: 'PUT', path: /\/staging\//, kind: 'status', status: 403 });
}

/** Stored in `release` and `canary`, by the form. */
async function partial(
  one: Installed,
): Promise<{ steps: Record<string, unknown>[]; code: number; page: string }> {
  refuseStaging(one);
  const running = one.program.start('--json', 'rotate', 'crates-io');
  const address = await openedForm(running);
  const fields = { token: one.sandbox.offeredToken, expiration: '365d' };
  const { body } = await submitForm(address, await openPage(address), fields);
  const { code, stdout } = await running.finished;
  return { code, page: body, steps: stdout.split('\n').map((line) => JSON.parse(line)) };
}

async function pipe({ installation }: Installed, token: string, ...flags: readonly string[]) {
  const { configPath, dataDir } = installation;
  const args = ['--config', configPath, '--data-dir', dataDir, 'rotate', 'crates-io', '--stdin', ...flags];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => undefined).end(token);
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, said: Buffer.concat(said).toString() };
}

async function held({ program }: Installed): Promise<{ code: number; held: unknown; shown: string }> {
  const { code, stdout } = await program.run('--json', 'status');
  const { credentials } = JSON.parse(stdout) as {
    credentials: { version: number; destinations: { state: string; version: number | null }[] }[];
  };
  const shown = (await program.run('status')).stdout;
  return { code, held: credentials[0]?.destinations.map(({ state, version }) => [state, version]), shown };
}

function stored({ sandbox }: Installed): readonly (string | undefined)[] {
  return ENVIRONMENTS.map((environment) => {
    const found = sandbox.github.secret(PLACE.repo, environment, PLACE.secret);
    return found && Buffer.from(found.opened).toString();
  });
}

describe('rotate to three environments, of which one refuses', () => {
  it('ends with 4 as partial; steps, page and status say which place has it and what to do', async () => {
    const one = await begin();
    const { code, steps, page } = await partial(one);
    expect(code).toBe(4);
    expect(steps.at(-1)).toMatchObject({ step: 'result', outcome: 'partial', version: 2 });
    expect(steps.filter(({ step }) => step === 'verified').map(({ progress }) => progress)).toEqual([
      { done: 1, total: 3 },
      { done: 3, total: 3 },
    ]);
    expect(steps.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      step: 'stored',
      destination: `${PLACE.repo} › staging › ${PLACE.secret}`,
      progress: { done: 2, total: 3 },
    });
    for (const text of ['Stored at some destinations only', '--only-missing', 'staging'])
      expect(page).toContain(text);
    const token = one.sandbox.offeredToken;
    expect(stored(one)).toEqual([token, undefined, token]);
    const shown = await held(one);
    expect(shown).toMatchObject({
      code: 1,
      held: [
        ['verified', 2],
        ['never-stored', null],
        ['verified', 2],
      ],
    });
    expect(shown.shown).toContain('1 of 3 destinations do not hold version 2');
    expect(shown.shown).toContain('reseal rotate crates-io --only-missing');
  });
});

describe('rotate --only-missing', () => {
  it('takes the same token by the form, without asking for its expiry again', async () => {
    const one = await begin();
    await partial(one);
    const running = one.program.start('--json', 'rotate', 'crates-io', '--only-missing');
    const address = await openedForm(running);
    const page = await openPage(address);
    expect(page.body).not.toContain('name="expiration"');
    const { body } = await submitForm(address, page, { token: one.sandbox.offeredToken });
    expect(body).toContain('Stored and recorded');
    expect((await running.finished).code).toBe(0);
    const token = one.sandbox.offeredToken;
    expect(stored(one)).toEqual([token, token, token]);
    expect(await held(one)).toMatchObject({
      held: [
        ['verified', 2],
        ['verified', 2],
        ['verified', 2],
      ],
    });
  });

  it('D4: takes no other token, before its issuer sees it; then the right one; and none where the key is lost that recognises it', async () => {
    const one = await begin();
    await partial(one);
    const asked = one.sandbox.cratesIo.requests.length;
    const other = await pipe(one, fakeCratesIoToken(Buffer.alloc(64, 7)), '--only-missing');
    expect(other).toMatchObject({ code: 3, said: expect.stringContaining('not the token of version 2') });
    expect(one.sandbox.cratesIo.requests).toHaveLength(asked);
    const right = await pipe(one, one.sandbox.offeredToken, '--only-missing');
    expect(right.code).toBe(0);
    expect(right.said).toContain('paste the SAME token again, the one of version 2: any other is refused');
    expect(right.said).toContain(`has it   ${PLACE.repo} › release › ${PLACE.secret}`);
    expect(await pipe(one, one.sandbox.offeredToken, '--only-missing')).toMatchObject({
      code: 3,
      said: expect.stringContaining('nothing is missing'),
    });
    rmSync(join(one.installation.dataDir, 'fingerprint.key'));
    const lost = await pipe(one, one.sandbox.offeredToken, '--only-missing');
    expect(lost).toMatchObject({ code: 3, said: expect.stringContaining('its key is lost') });
    expect(lost.said).toContain('→ store a new one everywhere: reseal rotate crates-io');
  });
});

describe('rotate, with the token that is stored already', () => {
  it('D4: on the terminal: told place by place the first time; then refused with its version before its issuer sees it; nothing is recorded, and no reminder starts anew', async () => {
    const one = await begin();
    const first = await pipe(one, one.sandbox.offeredToken);
    expect(first.code).toBe(0);
    for (const line of [
      `precheck      3/3 will be created ${PLACE.repo} › canary`,
      `stored        2/3 created ${PLACE.repo} › staging`,
      `verified      3/3 updated_at moved ${PLACE.repo} › canary`,
    ])
      expect(first.said).toContain(line);
    const asked = one.sandbox.cratesIo.requests.length;
    const puts = one.sandbox.github.putCount();
    const { stdout: before } = await one.program.run('--json', 'status');
    const { code, said } = await pipe(one, one.sandbox.offeredToken);
    expect({ code, said }).toMatchObject({
      code: 3,
      said: expect.stringContaining('this is the token that is stored already, as version 2'),
    });
    expect([one.sandbox.cratesIo.requests.length, one.sandbox.github.putCount()]).toEqual([asked, puts]);
    const credentials = (text: string) => (JSON.parse(text) as { credentials: object[] }).credentials[0];
    expect(credentials((await one.program.run('--json', 'status')).stdout)).toMatchObject(
      credentials(before) ?? {},
    );
  });
});
