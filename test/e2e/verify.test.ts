import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Finding, Summary } from '../../src/verify/finding.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, PLACE } from '../support/installed.ts';

const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** The shipped example with its whole pipeline, compliant until something is changed. */
async function begin(): Promise<Installed> {
  const one = await installAndRecord({ pipeline: true });
  open.push(one);
  return one;
}

interface Verified {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly summary: Summary;
}

async function verify({ program }: Installed, ...more: readonly string[]): Promise<Verified> {
  const { code, stdout } = await program.run('--json', 'verify', ...more);
  return { code: code ?? -1, ...(JSON.parse(stdout) as Omit<Verified, 'code'>) };
}

const failing = ({ findings }: Verified) => findings.filter(({ outcome }) => outcome === 'fail');

/** A day has gone by, as far as verifying is concerned. */
async function nextDay({ installation, program, sandbox }: Installed): Promise<readonly string[]> {
  const before = sandbox.mail.messages.length;
  const db = openDatabase(join(installation.dataDir, 'reseal.db'), 'use', () => new Date());
  db.connection.exec("UPDATE verification SET look_at = '2020-01-01T00:00:00.000Z'");
  db.close();
  await program.run('daemon', '--once');
  const mails = (await sandbox.mail.waitForMessages(sandbox.mail.messages.length)).slice(before);
  return mails.map(({ subject }) => subject ?? '');
}

describe('verify', () => {
  it('answers for every declared line: on a compliant pipeline nothing fails, nothing is unknown, and it ends with 0', async () => {
    const one = await begin();
    const { code, findings, summary } = await verify(one);
    expect([code, summary.fail, summary.unknown]).toEqual([0, 0, 0]);
    expect(summary.pass).toBeGreaterThan(80);
    expect(findings).toHaveLength(Object.values(summary).reduce((sum, count) => sum + count, 0));
    const { code: statusCode, stdout } = await one.program.run('--json', 'status');
    expect(JSON.parse(stdout)).toMatchObject({ findings: { fail: 0, unknown: 0 } });
    expect(statusCode).toBe(1); // the credential itself is due
  });

  it('names what is wrong by its rule, with what to do, and ends with 1', async () => {
    const one = await begin();
    one.sandbox.github.setEnvironment(PLACE.repo, PLACE.environment, { reviewers: [] });
    const verified = await verify(one);
    expect(verified.code).toBe(1);
    expect(failing(verified)).toMatchObject([
      { rule: 'environment-reviewers', subject: 'release', severity: 'high', section: 4 },
    ]);
    const { stdout } = await one.program.run('verify');
    expect(stdout).toMatch(/^rust_sqlite\tfail\tenvironment-reviewers\trelease\t/m);
  });

  it('looks at one rule alone, and remembers nothing of it', async () => {
    const one = await begin();
    const { findings } = await verify(one, '--rule', 'branch-check');
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['branch-check']));
    expect(findings).toHaveLength(14);
    const { stdout } = await one.program.run('--json', 'status');
    expect(JSON.parse(stdout)).toMatchObject({ findings: { fail: null, unknown: null } });
  });

  it('refuses a rule and a pipeline that there are not, and names those that there are', async () => {
    const one = await begin();
    const rule = await one.program.run('verify', '--rule', 'nonsense');
    expect([rule.code, rule.stderr]).toEqual([2, expect.stringContaining('environment-reviewers')]);
    const pipeline = await one.program.run('verify', 'nonsense');
    expect([pipeline.code, pipeline.stderr]).toEqual([2, expect.stringContaining('rust_sqlite')]);
  });

  it('changes nothing outside: it only ever reads', async () => {
    const one = await begin();
    await verify(one);
    const { github, cratesIo, pipeline } = one.sandbox;
    const services = [github, cratesIo, ...(pipeline ? [pipeline.npm, pipeline.pypi] : [])];
    const methods = services.flatMap(({ requests }) => requests.map(({ method }) => method));
    expect(new Set(methods)).toEqual(new Set(['GET']));
    expect(services).toHaveLength(4);
  });
});

describe('the daemon', () => {
  it('verifies daily, mails a new failure once, and nothing of what stays as it is; the history has it with its recovery', async () => {
    const one = await begin();
    const { github } = one.sandbox;
    await one.program.run('daemon', '--once');
    expect((await nextDay(one)).filter((subject) => subject.includes('rust_sqlite'))).toEqual([]);
    github.setEnvironment(PLACE.repo, PLACE.environment, { reviewers: [] });
    const failed = await nextDay(one);
    expect(failed).toEqual([expect.stringMatching(/rust_sqlite/)]);
    const mails = await one.sandbox.mail.waitForMessages(one.sandbox.mail.messages.length);
    const text = mails.at(-1)?.text?.replace(/\s+/g, ' ');
    expect(text).toContain('Are the required reviewers exactly the declared ones?');
    expect(await nextDay(one)).toEqual([]);
    github.setEnvironment(PLACE.repo, PLACE.environment, { reviewers: ['joaoh82'] });
    await nextDay(one);
    const { stdout } = await one.program.run('--json', 'history');
    const types = (JSON.parse(stdout) as { events: { type: string }[] }).events.map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('verify.'))).toEqual(['verify.failed', 'verify.recovered']);
  });
});

describe('runbook', () => {
  it('writes the declared pipeline as Markdown and as a page, with today’s outcomes once it was verified', async () => {
    const one = await begin();
    await verify(one);
    const markdown = await one.program.run('runbook');
    expect(markdown.code).toBe(0);
    for (const exact of ['CRATES_IO_TOKEN', 'release.yml', 'rust (ubuntu-latest)', '@joaoh82/sqlrite-wasm'])
      expect(markdown.stdout).toContain(exact);
    const page = await one.program.run('runbook', 'rust_sqlite', '--html');
    expect([page.code, page.stdout.slice(0, 15)]).toEqual([0, '<!doctype html>']);
  });
});
