import { afterEach, describe, expect, it } from 'vitest';
import type { Installed } from '../support/installed.ts';
import { dateOf, daysAgo, install, PLACE, secretOf } from '../support/installed.ts';

const open: Installed[] = [];
/** The secret was written 358 days ago, and the token is recorded as made `days` ago. */
async function recorded(days: number): Promise<Installed> {
  const one = await install();
  open.push(one);
  await one.program.run('init');
  await one.program.run('record', 'crates-io', '--created', dateOf(daysAgo(days)), '--lifetime', '365d');
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

interface Status {
  readonly credentials: readonly {
    readonly baseline: string | null;
    readonly destinations: readonly { readonly state: string; readonly remoteUpdatedAt: string | null }[];
  }[];
}

async function first({ program }: Installed) {
  const { credentials } = JSON.parse((await program.run('--json', 'status')).stdout) as Status;
  return credentials[0];
}

describe('the first adoption', () => {
  it('keeps what GitHub shows of the secret as the baseline at the next sweep, and writes nothing', async () => {
    const one = await recorded(358);
    expect((await first(one))?.destinations[0]).toMatchObject({
      state: 'never-stored',
      remoteUpdatedAt: null,
    });
    const { stderr } = await one.program.run('daemon', '--once');
    expect(stderr).toContain('baseline.kept');
    const updatedAt = secretOf(one).updatedAt.toISOString().replace('.000Z', 'Z');
    expect(await first(one)).toMatchObject({
      baseline: null,
      destinations: [{ state: 'never-stored', remoteUpdatedAt: updatedAt }],
    });
    expect(one.sandbox.github.putCount()).toBe(0);
    expect((await one.program.run('daemon', '--once')).stderr).not.toContain('baseline');
  });

  it('warns where it differs from the recorded creation by more than a day: in the log, in `status`, in the mail', async () => {
    const one = await recorded(361);
    const { stderr } = await one.program.run('daemon', '--once');
    expect(stderr).toContain('baseline.differs');
    const day = dateOf(daysAgo(358));
    expect((await first(one))?.baseline).toContain(`was last written on ${day}`);
    const status = await one.program.run('status');
    expect({ code: status.code, said: status.stdout.includes('check the date') }).toEqual({
      code: 1,
      said: true,
    });
    const [mail] = await one.sandbox.mail.waitForMessages(1);
    expect(mail?.text).toContain(day);
  });

  it('says that the secret is missing where GitHub has none', async () => {
    const one = await recorded(358);
    one.sandbox.github.removeSecret({
      repository: PLACE.repo,
      environment: PLACE.environment,
      name: PLACE.secret,
    });
    expect((await one.program.run('daemon', '--once')).stderr).toContain('baseline.missing');
    expect((await first(one))?.destinations[0]).toMatchObject({ state: 'missing' });
  });

  it('leaves it unknown where GitHub cannot be read, and loses no mail by it', async () => {
    const one = await recorded(358);
    one.sandbox.github.fault({ method: 'GET', path: /secrets/, kind: 'status', status: 500, times: 20 });
    expect((await one.program.run('daemon', '--once')).stderr).toContain('baseline.unread');
    expect((await first(one))?.destinations[0]).toMatchObject({
      state: 'never-stored',
      remoteUpdatedAt: null,
    });
    expect((await one.sandbox.mail.waitForMessages(2)).length).toBe(2);
  });
});
