import { createServer } from 'node:net';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { App } from '../../src/app.ts';
import { readCalendar, renewFeedAddress } from '../../src/calendar-feed.ts';
import { keepPage } from '../../src/kept-page.ts';
import { openPage } from '../../src/serve.ts';
import { listTroubles, recordBeat } from '../../src/sqlite/installation.ts';
import { feedPath, makeAddress } from '../../src/web/feed.ts';
import { originOf } from '../../src/web/guard.ts';
import type { PageServer } from '../../src/web/server.ts';
import { openTestApp } from '../support/app.ts';
import { daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { accepts, exchange, requestText } from '../support/raw-http.ts';
import type { TestClock } from '../support/stand-ins.ts';
import { freePort, testClock } from '../support/stand-ins.ts';
import { readMetrics } from './read-metrics.ts';

function anApp(clock: TestClock = testClock()): App {
  const credentials = ['crates-io: { kind: crates-io-token, owner: ada, lifetime: 365d }'];
  const { app } = openTestApp({ apiUrl: 'http://127.0.0.1:1', clock, credentials });
  const version = { lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' } as const;
  app.register.addVersion('crates-io', { ...version, expiry: knownUntil(daysFromNow(10)) }, NOW);
  return app;
}

interface Opened extends PageServer {
  readonly events: { event: string; detail?: string }[];
}

async function openFor(app: App): Promise<Opened> {
  const events: Opened['events'] = [];
  const server = await openPage(
    () => app,
    { bind: '127.0.0.1', port: 0 },
    (event) => events.push(event),
  );
  onTestFinished(() => server.close());
  return { ...server, events };
}

async function get({ port }: PageServer, path: string, host = `127.0.0.1:${port}`) {
  const answer = await exchange(port, requestText(`GET ${path} HTTP/1.1`, [['Host', host]]));
  const type = answer.headers.find(([name]) => name === 'Content-Type')?.[1];
  return { status: answer.status, type, body: Buffer.from(answer.body, 'latin1').toString() };
}

describe('what the page answers', () => {
  it('is the state of the installation at /', async () => {
    const answer = await get(await openFor(anApp()), '/');
    expect(answer).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    expect(answer.body).toContain('crates-io');
    expect(answer.body).not.toMatch(/<script|javascript:| on[a-z]+=/i);
  });

  it('is that it lives at /healthz, also where no round was ever good', async () => {
    expect(await get(await openFor(anApp()), '/healthz')).toMatchObject({
      status: 200,
      type: 'application/json; charset=utf-8',
    });
  });

  it('H12: is at /readyz whether a round was good lately', async () => {
    const app = anApp();
    const page = await openFor(app);
    expect(await get(page, '/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('the last good round was never'),
    });
    recordBeat(app.db, 'good-cycle', NOW, 'host');
    expect(await get(page, '/readyz')).toMatchObject({ status: 200 });
  });

  it('H12: is at /readyz that the database cannot be written, or the mail server not be reached', async () => {
    const app = anApp();
    const page = await openFor(app);
    recordBeat(app.db, 'good-cycle', NOW, 'host');
    const circuit = { channel: 'mail', fault: 'unreachable', reason: 'nobody answers', failures: 1 } as const;
    app.outbox.openCircuit({ ...circuit, since: NOW, nextTryAt: NOW });
    const other = new Sqlite(app.db.connection.name);
    other.exec('BEGIN IMMEDIATE');
    const { status, body } = await get(page, '/readyz');
    other.close();
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({
      ready: false,
      reasons: [expect.stringContaining('in use by another command'), 'mail: nobody answers'],
    });
  });

  it('is at /metrics what a scraper reads', async () => {
    const { status, type, body } = await get(await openFor(anApp()), '/metrics');
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    const families = readMetrics(body);
    expect(families.get('reseal_credential_expiry_seconds')?.samples).toEqual([
      { labels: { name: 'crates-io', kind: 'crates-io-token' }, value: 864_000 },
    ]);
    expect(families.get('process_resident_memory_bytes')?.samples[0]?.value).toBeGreaterThan(10_000_000);
    expect(families.get('process_open_fds')?.samples[0]?.value).toBeGreaterThan(2);
  });

  it('TM2: is a constant without content for a foreign Host, told once in the log', async () => {
    const page = await openFor(anApp());
    for (const path of ['/', '/metrics', '/readyz', '/healthz'])
      expect(await get(page, path, 'rebind.evil.example\xff')).toMatchObject({
        status: 421,
        body: 'Not available.\n',
      });
    const detail = 'a request for the host "rebind.evil.example?", which is not this machine';
    expect(page.events).toEqual([{ event: 'page.refused', detail }]);
  });

  it('is a constant 500 where the database fails, and the reason is in the log', async () => {
    const app = anApp();
    const page = await openFor(app);
    app.db.connection.exec('ALTER TABLE credential RENAME TO lost');
    expect(await get(page, '/')).toMatchObject({ status: 500, body: 'Not available.\n' });
    expect(page.events).toEqual([{ event: 'page.request-failed', detail: expect.any(String) }]);
    expect((await get(page, '/healthz')).status).toBe(200);
  });
});

describe('the calendar feed', () => {
  it('is at its address, the same as the command prints, and at no other', async () => {
    const app = anApp();
    const page = await openFor(app);
    const guess = feedPath(makeAddress(Buffer.alloc(32)));
    expect((await get(page, guess)).status).toBe(404);
    const path = feedPath(renewFeedAddress(app.places, { randomBytes: (size) => Buffer.alloc(size, 9) }));
    const answer = await get(page, path);
    expect(answer).toMatchObject({ status: 200, type: 'text/calendar; charset=utf-8' });
    expect(answer.body).toBe((await readCalendar(app)).text);
    expect(answer.body).toContain('SUMMARY:crates-io expires');
    const missing = await get(page, '/no/such');
    for (const wrong of [guess, `${path}x`, path.toUpperCase(), '/calendar/', '/calendar/.ics'])
      expect(await get(page, wrong)).toEqual(missing);
  });

  it('ends at the address before when another is made', async () => {
    const app = anApp();
    const page = await openFor(app);
    const make = (fill: number) =>
      feedPath(renewFeedAddress(app.places, { randomBytes: (size) => Buffer.alloc(size, fill) }));
    const [before, after] = [make(1), make(2)];
    expect([(await get(page, before)).status, (await get(page, after)).status]).toEqual([404, 200]);
  });
});

describe('the daemon’s page', () => {
  /** Resolves with the next event of this name. */
  function listen() {
    const events: { event: string; detail?: string }[] = [];
    const waiting = new Map<string, (detail: string) => void>();
    return {
      events,
      log: (event: { event: string; detail?: string }) => {
        events.push(event);
        waiting.get(event.event)?.(event.detail ?? '');
      },
      next: (event: string) => new Promise<string>((resolve) => waiting.set(event, resolve)),
    };
  }

  const at = (app: App, port: number): App => ({
    ...app,
    config: { ...app.config, web: { bind: '127.0.0.1', port } },
  });

  it('is opened once, follows the configuration to another port, and ends', async () => {
    const [first, second] = [await freePort(), await freePort()];
    let app = at(anApp(), first);
    const { events, log, next } = listen();
    const page = keepPage(() => app, log);
    const opened = next('page.opened');
    void page.keep();
    expect(await opened).toBe(`${originOf({ bind: '127.0.0.1', port: first })}/`);
    void page.keep();
    app = at(app, second);
    const moved = next('page.opened');
    void page.keep();
    await moved;
    expect([await accepts(first), await accepts(second)]).toEqual([false, true]);
    await page.close();
    void page.keep();
    expect([await accepts(second), events.length]).toEqual([false, 2]);
  });

  it('is done without where the port is taken: told once, a trouble when it lasts, and opened when it is free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const clock = testClock();
    const app = at(anApp(clock), port);
    const { events, log, next } = listen();
    const page = keepPage(() => app, log);
    const failed = next('page.failed');
    void page.keep();
    expect(await failed).toBe(
      `port ${port} on 127.0.0.1 is in use, so that there is no page: choose another with web.port`,
    );
    expect(listTroubles(app.db)).toEqual([]);
    clock.set(new Date(NOW.getTime() + 120_000));
    await until(() => {
      void page.keep();
      return listTroubles(app.db).length > 0;
    });
    expect(listTroubles(app.db)).toMatchObject([
      { name: 'page', detail: expect.stringContaining(`port ${port}`) },
    ]);
    await new Promise((resolve) => other.close(resolve));
    const opened = next('page.opened');
    await until(() => {
      void page.keep();
      return events.some(({ event }) => event === 'page.opened');
    });
    await opened;
    expect(listTroubles(app.db)).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(['page.failed', 'page.opened']);
    await page.close();
  });

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }
});
