import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Version } from '../src/domain/credential.ts';
import type { Seen } from '../src/github/answer.ts';
import type { OwnTokenWatch } from '../src/own-tokens.ts';
import { noteOwnToken, ownTokenWarning, watchOwnTokens } from '../src/own-tokens.ts';
import { sweep } from '../src/remind/sweep.ts';
import type { GitHubSandbox } from '../src/sandbox/github.ts';
import { planningOf } from '../src/sending.ts';
import type { TestApp } from './support/app.ts';
import { openTestApp } from './support/app.ts';
import { daysFromNow, later, MINUTE_MS, NOW } from './support/builders.ts';
import { makeFolder, rowsOf } from './support/database.ts';
import type { TestClock } from './support/stand-ins.ts';
import { SEALER, startTestGitHub, testClock } from './support/stand-ins.ts';

const HOUR = 60 * MINUTE_MS;
const DAY = 24 * HOUR;
const NAME = 'reseal-seal-token';
const PERSONAL = 'github_pat_11ABCDEFG0abcdefghijklmnopqrstuvwxyz0123456789';
const END = daysFromNow(90);

/** `2027-01-31 23:00:00 UTC`, as GitHub writes it for some tokens. */
function inUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2027-02-01 01:00:00 +0200`, as it writes it for others. */
function inOffset(at: Date): string {
  return `${later(2 * HOUR, at)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ')} +0200`;
}

type Header = string | ((now: Date) => string);

interface Scene extends TestApp {
  readonly clock: TestClock;
  readonly github: GitHubSandbox;
  readonly told: string[];
  readonly watch: OwnTokenWatch;
  /** So much later. */
  look(afterMs?: number): Promise<void>;
  /** GitHub takes this token, and says this of its expiry. */
  grant(token: string, expires?: Header): void;
  current(): Version | undefined;
}

async function openScene(
  expires?: Header,
  options: { readonly token?: string; readonly enterprise?: string; readonly asGitHubCom?: boolean } = {},
): Promise<Scene> {
  const clock = testClock(NOW);
  const { token = SEALER, enterprise } = options;
  const github = await startTestGitHub(clock.now, enterprise ? { enterpriseVersion: enterprise } : {});
  onTestFinished(() => github.close());
  const grant: Scene['grant'] = (of, header) =>
    github.addToken(of, { permissions: {}, ...(header === undefined ? {} : { expires: header }) });
  grant(token, expires);
  const redirected: typeof fetch = (input, init) =>
    fetch(String(input).replace('https://api.github.com', github.apiUrl), init);
  const test = openTestApp({
    apiUrl: options.asGitHubCom ? 'https://api.github.com' : github.apiUrl,
    clock,
    token,
    fetch: options.asGitHubCom ? redirected : fetch,
  });
  const told: string[] = [];
  const watch = watchOwnTokens(({ event }) => void told.push(event));
  return {
    ...test,
    clock,
    github,
    told,
    watch,
    grant,
    look: (afterMs = 0) => {
      clock.set(later(afterMs, clock.now()));
      return watch.look(test.app);
    },
    current: () => test.app.register.find(NAME)?.current,
  };
}

describe('watchOwnTokens', () => {
  it.each([inUtc(END), inOffset(END)])(
    'records the expiry that GitHub tells, written as %s',
    async (header) => {
      const scene = await openScene(header);
      await scene.look();
      expect(scene.current()).toMatchObject({
        version: 1,
        expiry: { kind: 'known', at: END, source: 'observed' },
        createdAt: undefined,
        checked: 'live',
      });
    },
  );

  it('records it also from an Enterprise Server, which answers with 404', async () => {
    const scene = await openScene(inUtc(END), { enterprise: '3.18.0' });
    await scene.look();
    expect(scene.current()?.expiry).toMatchObject({ kind: 'known', at: END });
  });

  it('asks once a day, also across starts, and records no second version for the same date', async () => {
    const scene = await openScene(inUtc(END));
    await scene.look();
    const asked = scene.github.requests.length;
    await scene.look(23 * HOUR);
    await watchOwnTokens(() => undefined).look(scene.app);
    expect(scene.github.requests.length).toBe(asked);
    scene.grant(SEALER, inOffset(later(MINUTE_MS, END)));
    await scene.look(HOUR);
    expect(scene.github.requests.length).toBe(2 * asked);
    expect(scene.current()?.version).toBe(1);
  });

  it('asks again after a clock that was put back', async () => {
    const scene = await openScene(inUtc(END));
    await scene.look();
    scene.grant(SEALER, inUtc(daysFromNow(120)));
    await scene.look(-DAY);
    expect(scene.current()?.version).toBe(2);
  });

  it('asks at once when another token is put into the file, and records it as the next version', async () => {
    const scene = await openScene(inUtc(END));
    await scene.look();
    scene.grant('another-token-for-sealing', inUtc(daysFromNow(300)));
    scene.writeToken('another-token-for-sealing');
    await scene.look(MINUTE_MS);
    expect(scene.current()).toMatchObject({ version: 2, expiry: { at: daysFromNow(300) } });
  });

  it.each([
    ['never expires where github.com tells of no expiry of a personal token', PERSONAL, true, 'never'],
    ['has no date where it is not a personal one', SEALER, true, undefined],
    ['has no date where another server leaves the header out', PERSONAL, false, undefined],
  ] as const)('%s', async (_, token, asGitHubCom, kind) => {
    const scene = await openScene(undefined, { token, asGitHubCom });
    await scene.look();
    await scene.look(DAY);
    expect(scene.current()?.expiry.kind).toBe(kind);
    expect(rowsOf(scene.app.db, 'version')).toHaveLength(kind ? 1 : 0);
  });

  it('keeps what a person has entered where GitHub tells nothing', async () => {
    const scene = await openScene();
    const expiry = { kind: 'known', at: END, source: 'entered' } as const;
    scene.app.register.addVersion(
      NAME,
      { expiry, lifetimeDays: undefined, createdAt: undefined, checked: 'not-asked' },
      NOW,
    );
    await scene.look();
    expect(scene.current()).toMatchObject({ version: 1, expiry });
  });

  describe('when the header shows the time of the call', () => {
    const lying: Header = (now) => inOffset(now);

    it('I24: records nothing, and says so', async () => {
      const scene = await openScene(lying);
      await scene.look();
      expect([scene.current(), scene.told]).toEqual([undefined, ['own-token.expiry-unknown']]);
    });

    it('keeps what it said before', async () => {
      const scene = await openScene(inUtc(END));
      await scene.look();
      scene.grant(SEALER, lying);
      await scene.look(DAY);
      expect(scene.current()).toMatchObject({ version: 1, expiry: { at: END } });
    });
  });

  describe('B1: when GitHub does not take it any more', () => {
    /** Who is owed a mail that says so. */
    const alarmed = ({ app }: Scene): readonly string[] => {
      sweep(planningOf(app, () => undefined));
      return app.outbox
        .remindersOf(NAME, app.register.find(NAME)?.current?.version ?? 0)
        .filter(({ topic, urgent }) => topic === 'revoked' && urgent)
        .map(({ recipient }) => recipient)
        .sort();
    };

    it('counts as revoked from the second refusal on, ten minutes after the first, and everybody is told', async () => {
      const scene = await openScene(inUtc(END));
      await scene.look();
      scene.github.removeToken(SEALER);
      await scene.look(DAY);
      expect([scene.current()?.standing, scene.told]).toEqual(['good', ['own-token.refused']]);
      await scene.look(10 * MINUTE_MS - 1);
      expect(scene.told).toHaveLength(1);
      await scene.look(1);
      expect(scene.current()?.standing).toBe('revoked');
      expect(alarmed(scene)).toEqual(['ada@example.org', 'grace@example.org']);
    });

    it('counts so too where each look is a process of its own', async () => {
      const scene = await openScene(inUtc(END));
      const run = async (afterMs: number) => {
        scene.clock.set(later(afterMs, scene.clock.now()));
        await watchOwnTokens(() => undefined).look(scene.app);
      };
      await run(0);
      scene.github.removeToken(SEALER);
      await run(DAY);
      for (let minute = 0; minute < 10; minute++) await run(MINUTE_MS);
      expect(scene.current()?.standing).toBe('revoked');
    });

    it('tells of one that was never seen to work, too', async () => {
      const scene = await openScene();
      scene.github.removeToken(SEALER);
      await scene.look();
      await scene.look(10 * MINUTE_MS);
      expect(scene.current()).toMatchObject({ standing: 'revoked', expiry: { kind: 'unknown' } });
      expect(alarmed(scene)).toHaveLength(2);
    });

    it('is asked about hourly, and is good again once it is taken again', async () => {
      const scene = await openScene(inUtc(END));
      await scene.look();
      scene.github.removeToken(SEALER);
      await scene.look(DAY);
      await scene.look(10 * MINUTE_MS);
      const told = alarmed(scene).length;
      scene.grant(SEALER, inUtc(END));
      await scene.look(HOUR);
      expect(scene.current()).toMatchObject({ version: 1, standing: 'good' });
      expect(scene.app.history.list().map(({ type }) => type)).toContain('credential.restored');
      await scene.look(3 * DAY);
      expect(alarmed(scene)).toHaveLength(told);
    });

    it('begins anew with another token in the file, which becomes the next version', async () => {
      const scene = await openScene(inUtc(END));
      await scene.look();
      scene.github.removeToken(SEALER);
      await scene.look(DAY);
      await scene.look(10 * MINUTE_MS);
      scene.writeToken('a-token-that-is-mistyped');
      await scene.look(MINUTE_MS);
      expect(scene.current()?.standing).toBe('revoked');
      scene.grant('another-token-for-sealing', inUtc(daysFromNow(300)));
      scene.writeToken('another-token-for-sealing');
      await scene.look(MINUTE_MS);
      expect(scene.current()).toMatchObject({ version: 2, standing: 'good' });
    });
  });

  describe('when it cannot be asked about', () => {
    it('keeps what is known, and asks again in an hour', async () => {
      const scene = await openScene(inUtc(END));
      await scene.look();
      scene.github.fault({ path: /rate_limit/, kind: 'status', status: 503 });
      await scene.look(DAY);
      const asked = scene.github.requests.length;
      await scene.look(HOUR - 1);
      expect([scene.github.requests.length, scene.told]).toEqual([asked, ['own-token.unread']]);
      await scene.look(1);
      expect(scene.github.requests.length).toBe(asked + 2);
      expect(scene.current()).toMatchObject({ version: 1, standing: 'good' });
    });

    it('waits as long as GitHub asks for', async () => {
      const scene = await openScene(inUtc(END));
      const headers = { 'retry-after': '7200' };
      scene.github.fault({ path: /rate_limit/, kind: 'status', status: 429, headers });
      await scene.look();
      await scene.look(2 * HOUR - 1);
      expect(scene.github.requests).toHaveLength(1);
      await scene.look(1);
      expect(scene.current()?.version).toBe(1);
    });

    it('says so once for each reason', async () => {
      const scene = await openScene(inUtc(END));
      rmSync(scene.tokenFile);
      for (let hour = 0; hour < 5; hour++) await scene.look(HOUR);
      expect(scene.told).toEqual(['own-token.unread']);
    });

    it('asks as soon as the file is there', async () => {
      const scene = await openScene(inUtc(END));
      rmSync(scene.tokenFile);
      await scene.look();
      expect(scene.told).toEqual(['own-token.unread']);
      scene.writeToken(SEALER);
      await scene.look(MINUTE_MS);
      expect(scene.current()?.version).toBe(1);
    });
  });

  it('is reminded of at its lead times, like the rest: without it nothing can be stored', async () => {
    const scene = await openScene(inUtc(END));
    const leads = new Set<number>();
    for (let day = 0; day < 92; day++) {
      if (day === 90) scene.github.removeToken(SEALER);
      await scene.look(day === 0 ? 0 : DAY);
      sweep(planningOf(scene.app, () => undefined));
      for (const { leadDays, topic } of scene.app.outbox.remindersOf(NAME, 1))
        if (topic === 'expiry') leads.add(leadDays);
    }
    expect([...leads].sort((a, b) => b - a)).toEqual([21, 10, 5, 2, 1, 0]);
    await scene.look(10 * MINUTE_MS);
    expect(scene.current()?.standing).toBe('revoked');
  });

  it('is due at once where it is first seen with a week to live: nobody knows how long it has lived', async () => {
    const scene = await openScene(inUtc(daysFromNow(6.5)));
    await scene.look();
    sweep(planningOf(scene.app, () => undefined));
    const owed = scene.app.outbox.remindersOf(NAME, 1).filter(({ topic }) => topic === 'expiry');
    expect(owed.map(({ leadDays, recipient }) => [leadDays, recipient]).sort()).toEqual([
      [10, 'ada@example.org'],
      [10, 'grace@example.org'],
    ]);
  });

  it('keeps nothing of the token', async () => {
    const scene = await openScene(inUtc(END));
    await scene.look();
    const everything = ['own_token', 'version', 'credential', 'event'].map((table) =>
      rowsOf(scene.app.db, table),
    );
    expect(JSON.stringify(everything)).not.toContain(SEALER.slice(0, 12));
  });

  it('looks at each that is configured, and at none where there is none', async () => {
    const scene = await openScene(inUtc(END));
    const folder = makeFolder();
    const { app } = openTestApp({
      apiUrl: scene.github.apiUrl,
      clock: scene.clock,
      github: `seal: { token-file: ${scene.tokenFile}, owner: grace }, verify: { token-file: ${join(folder, 'none')} }`,
    });
    await scene.watch.look(app);
    expect(scene.told).toEqual(['own-token.unread']);
    expect(
      app.register.list().map(({ declaration: { name, owner }, current }) => [name, owner, current?.version]),
    ).toEqual([
      ['reseal-seal-token', 'grace', 1],
      ['reseal-verify-token', '*', undefined],
    ]);
    const none = openTestApp({ apiUrl: scene.github.apiUrl, clock: scene.clock, token: undefined });
    await scene.watch.look(none.app);
    expect(none.app.declared).toEqual([]);
  });
});

describe('noteOwnToken', () => {
  const seen = (header: string | undefined, ms: number): Seen => ({
    status: 200,
    header,
    serverTime: later(ms),
  });

  it('records what answers over at least two seconds have shown alike', async () => {
    const scene = await openScene();
    await noteOwnToken(scene.app, 'seal', [seen(inUtc(END), 0), seen(inUtc(END), 2_000)]);
    expect(scene.current()).toMatchObject({ version: 1, expiry: { at: END, source: 'observed' } });
  });

  it.each([
    ['none', []],
    ['one', [seen(inUtc(END), 0)]],
    [
      'some of one second, which could not show that it moves',
      [seen(inUtc(END), 0), seen(inUtc(END), 1_000)],
    ],
    ['some that move', [seen(inUtc(END), 0), seen(inUtc(later(2_000, END)), 2_000)]],
    ['some without it', [seen(undefined, 0), seen(undefined, 2_000)]],
  ])('records nothing of answers that are %s', async (_, answers) => {
    const scene = await openScene();
    await noteOwnToken(scene.app, 'seal', answers);
    expect(scene.current()).toBeUndefined();
  });
});

describe('ownTokenWarning', () => {
  it.each([
    [14.5, 'expires in 14 days'],
    [1, 'expires in 1 day:'],
    [0.5, 'expires in 0 days'],
    [-1, 'should have expired by now'],
    [15, undefined],
  ])('returns, %s days before the end, "%s"', async (days, words) => {
    const scene = await openScene(inUtc(END));
    await scene.look();
    const warning = ownTokenWarning(scene.app, later(-days * DAY, END));
    if (words === undefined) expect(warning).toBeUndefined();
    else expect(warning).toContain(`the GitHub token that reseal seals with ${words}`);
  });

  it('returns nothing where no date is known', async () => {
    const scene = await openScene();
    expect(ownTokenWarning(scene.app, NOW)).toBeUndefined();
  });
});
