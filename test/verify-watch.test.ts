import { describe, expect, it } from 'vitest';
import type { App } from '../src/app.ts';
import { AppError } from '../src/domain/error.ts';
import { openFindingStore, toldFindings } from '../src/findings.ts';
import { deliverDue } from '../src/remind/deliver.ts';
import { sweep } from '../src/remind/sweep.ts';
import { planningOf } from '../src/sending.ts';
import { findingCounts } from '../src/sqlite/findings.ts';
import type { Finding } from '../src/verify/finding.ts';
import { openVerifyWatch } from '../src/verify-watch.ts';
import { openTestApp } from './support/app.ts';
import { aMailContext, later, NOW } from './support/builders.ts';
import { rowsOf } from './support/database.ts';
import { aFinding } from './support/findings.ts';
import { aPipeline } from './support/pipeline-facts.ts';
import { ACCEPTED, aChannel, REFUSED } from './support/round.ts';
import { testClock } from './support/stand-ins.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FAILING = aFinding({ outcome: 'fail', severity: 'high' });

type Answer = readonly Finding[] | Error;

/** An installation with these pipelines, whose verification answers in turn, the last answer again and again. */
function open(names: readonly string[] = ['widgets'], answers: readonly Answer[] = [[aFinding()]]) {
  const clock = testClock(NOW);
  const { app: bare } = openTestApp({ apiUrl: 'http://127.0.0.1:1', clock, token: undefined });
  const pipelines = names.map((name) => aPipeline({ name, repo: `example/${name}` }));
  const app: App = { ...bare, config: { ...bare.config, pipelines } };
  const asked: string[] = [];
  const events: string[] = [];
  const report = ({ event, detail }: { event: string; detail?: string }) =>
    void events.push(`${event} ${detail ?? ''}`);
  const start = () => openVerifyWatch(report);
  let watch = start();
  const look = (afterMs = 0, of: App = app) => {
    clock.set(later(afterMs, clock.now()));
    return watch.look(of, async ({ name }) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
      asked.push(name);
      if (answer instanceof Error) throw answer;
      return answer;
    });
  };
  const restart = () => {
    watch = start();
  };
  return { app, clock, asked, events, look, restart, store: openFindingStore(app) };
}

const unavailable = new AppError('unavailable', 'GitHub did not answer');

describe('the watch over pipelines', () => {
  it('verifies each daily, and once', async () => {
    const { look, asked } = open();
    await look();
    await look(HOUR);
    await look(22 * HOUR);
    expect(asked).toEqual(['widgets']);
    await look(3 * HOUR);
    expect(asked).toEqual(['widgets', 'widgets']);
  });

  it('remembers over a restart when that was', async () => {
    const { look, asked, restart } = open();
    await look();
    restart();
    await look(HOUR);
    expect(asked).toHaveLength(1);
  });

  it('takes a few a round, and says that more are waiting', async () => {
    const { look, asked } = open(['a', 'b', 'c', 'd', 'e']);
    expect([await look(), await look(), await look(), await look()]).toEqual([true, true, false, false]);
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('does nothing where no pipeline is declared', async () => {
    const { app, look } = open([]);
    expect(await look()).toBe(false);
    expect(findingCounts(app.db)).toEqual({ fail: null, unknown: null });
  });

  it('looks again after a clock that was ahead has been put back', async () => {
    const { look, asked } = open();
    await look(400 * DAY);
    await look(-400 * DAY);
    expect(asked).toHaveLength(2);
  });

  it('closes what has left the configuration', async () => {
    const { app, look, store } = open(['widgets'], [[FAILING]]);
    await look();
    await look(1, { ...app, config: { ...app.config, pipelines: [] } });
    expect(store.list('widgets')).toEqual([]);
    expect(findingCounts(app.db)).toEqual({ fail: 0, unknown: 0 });
  });
});

describe('when a pipeline cannot be verified', () => {
  it('asks again in an hour', async () => {
    const { look, asked, events, app } = open(['widgets'], [unavailable, [aFinding()]]);
    await look();
    await look(59 * 60_000);
    expect(asked).toHaveLength(1);
    // Nothing is known of it, and nothing is said to be fine.
    expect(findingCounts(app.db)).toEqual({ fail: 0, unknown: 1 });
    await look(60_000);
    expect(asked).toHaveLength(2);
    expect(events).toEqual(['pipeline.unread widgets: GitHub did not answer']);
  });

  it('takes all that was seen of it for unknown, and no failure for recovered', async () => {
    const good = aFinding({ subject: 'staging' });
    const { look, app, store } = open(['widgets'], [[FAILING, good], unavailable, [FAILING, good]]);
    await look();
    await look(25 * HOUR);
    expect(findingCounts(app.db)).toEqual({ fail: 1, unknown: 2 });
    expect(store.list('widgets')).toMatchObject([
      { outcome: 'unknown', observed: 'GitHub did not answer' },
      { outcome: 'unknown' },
    ]);
    await look(HOUR);
    expect(findingCounts(app.db)).toEqual({ fail: 1, unknown: 0 });
    expect(rowsOf(app.db, 'reminder').map(({ version }) => version)).toEqual([1, 1]);
  });

  it('H14: tells that once, a day later', async () => {
    const { look, app } = open(['widgets'], [[aFinding()], unavailable]);
    await look();
    for (let hour = 0; hour < 72; hour++) await look(HOUR);
    const told = app.history.list().filter(({ type }) => type.startsWith('verify.'));
    expect(told.map(({ type }) => type)).toEqual(['verify.blind']);
    expect(rowsOf(app.db, 'reminder')).toHaveLength(2);
  });

  it.each([
    ['the token is refused', new AppError('unauthorized', 'no')],
    ['the service asks to wait', new AppError('limited', 'later', { retryAfterMs: 2 * HOUR })],
  ])('asks about no other for that long where %s', async (_what, error) => {
    const { look, asked } = open(['a', 'b'], [error, [aFinding()]]);
    expect(await look()).toBe(false);
    await look(30 * 60_000);
    expect(asked).toEqual(['a']);
    await look(90 * 60_000);
    await look();
    expect(asked.sort()).toEqual(['a', 'a', 'b']);
  });

  it('goes on with the others where it is that one alone, and gives up after three', async () => {
    const { look, asked } = open(['a', 'b', 'c', 'd', 'e'], [unavailable]);
    await look();
    await look();
    await look();
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('lets a bug through', async () => {
    const { look } = open(['a'], [new TypeError('a bug')]);
    await expect(look()).rejects.toThrow('a bug');
  });
});

describe('what was found', () => {
  /** A round of the relay at this instant. */
  async function send({ app, clock }: ReturnType<typeof open>, channel = aChannel(ACCEPTED)) {
    sweep(planningOf(app, () => undefined));
    const findings = toldFindings(app, () => 'Does the environment ask for a reviewer?');
    await deliverDue({
      outbox: app.outbox,
      find: app.register.find,
      context: () =>
        aMailContext({
          findings,
          undelivered: app.outbox
            .waiting()
            .filter(({ state }) => state === 'dead')
            .map(({ recipient, reminders }) => ({
              recipient,
              error: 'no such user',
              credentials: reminders.map(({ credential }) => credential),
            })),
        }),
      identity: app.identity,
      channels: new Map([['mail', channel.channel]]),
      epoch: 'run',
      now: clock.now,
      report: () => undefined,
      stopping: () => false,
      unwritten: [],
    });
    return channel.mails.map(({ recipient, payload }) => `${recipient} ${payload.split('\n')[0]}`);
  }

  it('is mailed once to everybody whom it concerns, and its end', async () => {
    const good = aFinding({ observed: 'ada approves' });
    const scene = open(['widgets'], [[FAILING], [FAILING], [good], [good]]);
    const all: string[] = [];
    for (let hour = 0; hour < 5 * 24; hour += 6) {
      await scene.look(hour === 0 ? 0 : 6 * HOUR);
      all.push(...(await send(scene)));
    }
    expect(all.map((line) => line.replace(/<.*?> \S+ /, ''))).toEqual([
      'ada@example.org widgets: 1 new finding · release: nobody has to approve',
      'grace@example.org widgets: 1 new finding · release: nobody has to approve',
      'ada@example.org widgets: 1 recovered · release: ada approves',
      'grace@example.org widgets: 1 recovered · release: ada approves',
    ]);
    expect(scene.app.outbox.counts()).toMatchObject({ pending: 0, sent: 4, dead: 0 });
  });

  it.each([
    ['the token is refused', new AppError('unauthorized', 'GitHub does not take the token')],
    ['a permission is missing', new AppError('forbidden', 'GitHub asks for actions:read')],
    ['GitHub asks to wait', new AppError('limited', 'GitHub limits this token', { retryAfterMs: 2 * HOUR })],
    ['the repository is not shown', new AppError('not_found', 'GitHub shows no such repository')],
    ['GitHub does not answer', unavailable],
  ])(
    'H14: is said to be out of sight, since when and why, where %s for four days, and never to have changed',
    async (_what, error) => {
      const good = aFinding({ observed: 'ada approves' });
      const scene = open(['widgets'], [[good], error]);
      const channel = aChannel(ACCEPTED);
      const all: string[] = [];
      for (let hour = 0; hour < 4 * 24; hour += 3) {
        await scene.look(hour === 0 ? 0 : 3 * HOUR);
        all.push(...(await send(scene, channel)));
      }
      expect([...new Set(all)].map((line) => line.replace(/<.*?> \S+ /, ''))).toEqual([
        expect.stringMatching(/^ada@example.org widgets: 1 out of sight · release/),
        expect.stringMatching(/^grace@example.org widgets: 1 out of sight · release/),
      ]);
      for (const { payload } of channel.mails) {
        const text = payload.replace(/\s+/g, ' ');
        expect(text).toContain(`Because ${error.message}`);
        // The first daily look that saw nothing.
        expect(text).toContain('Since 2026-11-24 12:30 UTC');
        expect(text).toContain('nothing was wrong with it at 2026-11-23 09:30 UTC');
        expect(text).not.toMatch(/changed|new finding|recovered|worse/);
      }
      expect(findingCounts(scene.app.db)).toEqual({ fail: 0, unknown: 1 });
    },
  );

  it.each([
    ['nothing of it can be asked', unavailable, 'GitHub did not answer'],
    [
      'each answer is that it must not be read',
      [aFinding({ outcome: 'unknown', observed: 'GitHub asks for actions:read' })],
      'GitHub asks for actions:read',
    ],
  ])(
    'H14: is said to be out of sight since the first look where it was never seen, once, and its end (%s)',
    async (_what, answer, because) => {
      const good = aFinding({ observed: 'ada approves' });
      const blind: Answer[] = Array.from({ length: 200 }, () => answer);
      const scene = open(['widgets'], blind);
      const channel = aChannel(ACCEPTED);
      const days = async (count: number) => {
        for (let hour = 0; hour < count * 24; hour += 3) {
          await scene.look(3 * HOUR);
          await send(scene, channel);
        }
        return channel.mails.splice(0).map(({ recipient, payload }) => ({
          subject: payload.split('\n')[0]?.replace(/<.*?> \S+ /, ''),
          recipient,
          text: payload.replace(/\s+/g, ' '),
        }));
      };
      await scene.look();
      const told = await days(4);
      expect(told.map(({ recipient }) => recipient)).toEqual(['ada@example.org', 'grace@example.org']);
      for (const { subject, text } of told) {
        expect(subject).toContain('widgets: 1 out of sight');
        for (const words of [
          `Because ${because}`,
          'Since 2026-11-23 09:30 UTC',
          'never: it could not be read since it was first looked at',
        ])
          expect(text).toContain(words);
        expect(text).not.toMatch(/changed|new finding|recovered|worse/);
      }
      expect(findingCounts(scene.app.db)).toEqual({ fail: 0, unknown: 1 });
      blind.fill([good]);
      const settled = await days(3);
      expect(settled.map(({ recipient }) => recipient)).toEqual(['ada@example.org', 'grace@example.org']);
      for (const { subject, text } of settled) {
        expect(subject).toContain('widgets: 1 in sight again');
        expect(text).toContain('Unread from 2026-11-23 09:30 UTC to 2026-11-2');
      }
      expect(findingCounts(scene.app.db)).toEqual({ fail: 0, unknown: 0 });
      expect(scene.store.list('widgets')).toMatchObject([{ rule: good.rule, outcome: 'pass' }]);
    },
  );

  it('reaches somebody else where the mail to its owner is given up', async () => {
    const scene = open(['widgets'], [[FAILING]]);
    const { app, look, store } = scene;
    // Only ada owns it.
    store.record({ name: 'widgets', repo: 'example/widgets' }, [FAILING], NOW);
    app.db.connection.exec(
      "DELETE FROM reminder WHERE recipient <> (SELECT id FROM recipient WHERE address = 'ada@example.org')",
    );
    for (let hour = 0; hour < 12; hour++) {
      scene.clock.set(later(hour * HOUR));
      await send(scene, aChannel(REFUSED));
    }
    expect(app.outbox.counts().dead).toBe(1);
    await look();
    await look();
    const channel = aChannel(ACCEPTED);
    expect(await send(scene, channel)).toEqual([
      expect.stringMatching(/^grace@example.org .* widgets: 1 new finding/),
    ]);
    expect(channel.mails[0]?.payload).toContain('Mail about it to ada@example.org could not be delivered.');
    await look(HOUR);
    expect(await send(scene)).toEqual([]);
  });
});
