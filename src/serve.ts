import { readdirSync } from 'node:fs';
import type { App } from './app.ts';
import { describeError } from './domain/error.ts';
import type { Report } from './remind/sweep.ts';
import { lastVerifications, probeWritable, rotationCounts } from './sqlite/figures.ts';
import { lastBeat } from './sqlite/installation.ts';
import type { Answer } from './web/answer.ts';
import { addressIn, isSameAddress } from './web/feed.ts';
import { liveAnswer, readyAnswer } from './web/health.ts';
import type { Figures } from './web/metrics.ts';
import type { PageServer } from './web/server.ts';
import { startPage } from './web/server.ts';

// What the loopback page answers, by path. What draws is loaded when it is first asked for.

/**
 * Opens the page where the configuration says.
 *
 * @param app as it is now: a configuration that is loaded anew is seen by the next request
 * @throws AppError conflict, invalid_config, unavailable when it cannot listen there
 */
export function openPage(
  app: () => App,
  { bind, port }: App['config']['web'],
  log: Report,
): Promise<PageServer> {
  let isForeignTold = false;
  return startPage({
    bind,
    port,
    answer: (path) => answer(app(), path),
    onError: (error) => log({ event: 'page.request-failed', detail: describeError(error) }),
    onForeign: (host) => {
      if (isForeignTold) return;
      isForeignTold = true;
      log({
        event: 'page.refused',
        detail: `a request for the host ${clean(host)}, which is not this machine`,
      });
    },
  });
}

async function answer(app: App, path: string): Promise<Answer | undefined> {
  switch (path) {
    case '/':
      return pageAnswer(app);
    case '/healthz':
      return liveAnswer(app.world.version);
    case '/readyz':
      return readyAnswer({
        now: app.world.now(),
        goodCycleAt: lastBeat(app.db, 'good-cycle'),
        unwritable: reasonNotToWrite(app),
        circuits: app.outbox.circuits(),
      });
    case '/metrics':
      return metricsAnswer(app);
    default:
      return calendarAnswer(app, path);
  }
}

async function pageAnswer(app: App): Promise<Answer> {
  const { readOverview } = await import('./overview.ts');
  const { renderPage } = await import('./web/page.ts');
  const { STYLE } = await import('./web/style.ts');
  return {
    status: 200,
    type: 'text/html',
    body: renderPage(readOverview(app, app.world.now())),
    style: STYLE,
  };
}

async function metricsAnswer(app: App): Promise<Answer> {
  const { readOverview } = await import('./overview.ts');
  const { renderMetrics } = await import('./web/metrics.ts');
  const body = renderMetrics(readOverview(app, app.world.now()), readFigures(app));
  return { status: 200, type: 'text/plain; version=0.0.4', body };
}

/** A wrong address is answered like any other path that there is not. */
async function calendarAnswer(app: App, path: string): Promise<Answer | undefined> {
  const asked = addressIn(path);
  if (asked === undefined) return undefined;
  const { readCalendar, readFeedAddress } = await import('./calendar-feed.ts');
  const expected = readFeedAddress(app.places);
  if (expected === undefined || !isSameAddress(expected, asked)) return undefined;
  return { status: 200, type: 'text/calendar', body: (await readCalendar(app)).text };
}

function reasonNotToWrite({ db }: App): string | undefined {
  try {
    probeWritable(db);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function readFigures({ db, config }: App): Figures {
  const rotations = rotationCounts(db);
  const verified = lastVerifications(db);
  const { user, system } = process.cpuUsage();
  return {
    rotations: {
      recorded: rotations.get('recorded') ?? 0,
      rejected: rotations.get('rejected') ?? 0,
      abandoned: rotations.get('abandoned') ?? 0,
      failed: rotations.get('failed') ?? 0,
    },
    unconfirmed: rotations.get('unconfirmed') ?? 0,
    findings: config.pipelines.flatMap(({ name }) => {
      const last = verified.get(name);
      return last ? [{ pipeline: name, summary: last.summary }] : [];
    }),
    process: {
      residentBytes: process.memoryUsage.rss(),
      openDescriptors: countDescriptors(),
      cpuSeconds: (user + system) / 1e6,
      startedAt: new Date(performance.timeOrigin),
    },
  };
}

/** Of Linux (proc(5)); other systems do not tell. */
function countDescriptors(): number | undefined {
  try {
    // One of them is the folder itself.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

/** What came in a Host line goes to a log: no control characters, no more than a name's worth. */
function clean(text: string): string {
  const printable = text.replace(/[^\x21-\x7e]/g, '?');
  return `"${printable.length > 60 ? `${printable.slice(0, 60)}…` : printable}"`;
}
