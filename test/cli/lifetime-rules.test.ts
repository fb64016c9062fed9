import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, install } from '../support/installed.ts';

const NAME = 'apple-developer-membership';
const open: Installed[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** The shipped example, with one of its credentials as a key of nuget.org. */
async function withKey(): Promise<Installed> {
  const one = await install();
  open.push(one);
  const { configPath } = one.installation;
  const config = readFileSync(configPath, 'utf8').replace('kind: generic', 'kind: nuget-key');
  writeFileSync(configPath, config);
  await one.program.run('init');
  return one;
}

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly beyondRules: readonly {
    readonly since: string;
    readonly endsAt: string;
    readonly partial: boolean;
    readonly text: string;
  }[];
}

async function shownBy({ program }: Installed): Promise<Shown | undefined> {
  const { stdout } = await program.run('--json', 'status');
  const { credentials } = JSON.parse(stdout) as { credentials: readonly Shown[] };
  return credentials.find(({ name }) => name === NAME);
}

describe('a date beyond a rule of the issuer', () => {
  it('is recorded with a warning, and told by status with the page to look at', async () => {
    const one = await withKey();
    const made = dateOf(new Date(Math.max(daysAgo(2).getTime(), Date.parse('2026-08-17'))));
    const expires = dateOf(daysAgo(-300));
    const { code, stdout, stderr } = await one.program.run(
      'record',
      NAME,
      ...['--created', made, '--expires', expires],
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`version 1, expires ${expires}`);
    expect(stderr).toContain("nuget.org's rule of 2026-08-17 lets one live for at most 30 days");
    const status = await one.program.run('status');
    expect(status.code).toBe(1);
    expect(status.stdout).toContain(`issuer's rule  ${NAME}: nuget.org's rule of 2026-08-17`);
    expect(status.stdout).toContain('look at https://www.nuget.org/');
    expect(await shownBy(one)).toMatchObject({
      beyondRules: [
        { since: '2026-08-17', partial: false, text: expect.stringContaining(expires) as string },
      ],
    });
  });

  it('counts as expired where the rule has ended it, and says so at once', async () => {
    const one = await withKey();
    const { code, stderr } = await one.program.run(
      'record',
      NAME,
      ...['--created', '2026-05-01', '--expires', dateOf(daysAgo(-300))],
    );
    expect(stderr).toContain('those made before it ended on 2026-11-01');
    expect({ code, said: stderr.includes('by that rule it has ended: it counts as expired') }).toEqual({
      code: 1,
      said: true,
    });
    expect(await shownBy(one)).toMatchObject({
      state: 'expired',
      beyondRules: [{ endsAt: '2026-11-01T00:00:00Z' }],
    });
  });

  it('is not told of a date within the rule', async () => {
    const one = await withKey();
    const { code, stderr } = await one.program.run(
      'record',
      NAME,
      ...['--created', dateOf(new Date()), '--expires', dateOf(daysAgo(-25))],
    );
    expect({ code, said: stderr.includes('rule of') }).toEqual({ code: 0, said: false });
    expect(await shownBy(one)).toMatchObject({ beyondRules: [] });
  });
});
