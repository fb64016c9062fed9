import type { App } from './app.ts';
import { describeError, isAppError } from './domain/error.ts';
import type { Report } from './remind/sweep.ts';
import { endTrouble, listTroubles, recordTrouble } from './sqlite/installation.ts';
import type { PageServer } from './web/server.ts';

/** The daemon's page, which comes and goes with the configuration and never stops the daemon. */
export interface KeptPage {
  /**
   * Opens it where the configuration says; asked again, it only compares. What it could not open is tried again.
   *
   * @returns when it is open, or could not be opened; never rejects
   */
  keep(): Promise<void>;
  close(): Promise<void>;
}

/** So that a person is asked: nobody is reminded by the page, but whoever looks for it should learn why it is not there. */
const TROUBLE = 'page';

/** A process that gives way to this one may hold the port for as long as its last mail takes. */
const PATIENCE_MS = 120_000;

/** @param app as it is now */
export function keepPage(app: () => App, log: Report): KeptPage {
  let open: { readonly server: PageServer; readonly wanted: string } | undefined;
  let turning: Promise<void> | undefined;
  let isAsked = false;
  let isOver = false;
  const absence = watchAbsence(app, log);

  const turn = async () => {
    const { web } = app().config;
    const wanted = `${web.bind} ${web.port}`;
    if (isOver || open?.wanted === wanted) return;
    const before = open?.server;
    open = undefined;
    await before?.close();
    const { openPage } = await import('./serve.ts');
    open = { server: await openPage(app, web, log), wanted };
    const { originOf } = await import('./web/guard.ts');
    log({ event: 'page.opened', detail: `${originOf(open.server)}/` });
    absence.ended();
  };

  /** Again where it was asked for meanwhile: by then, the configuration may be another. */
  const turns = async () => {
    while (isAsked) {
      isAsked = false;
      await turn().catch(absence.noticed);
    }
    turning = undefined;
  };

  return {
    keep: () => {
      isAsked = true;
      turning ??= turns();
      return turning;
    },
    close: async () => {
      isOver = true;
      await turning;
      await open?.server.close();
      open = undefined;
    },
  };
}

/** Tells each reason once, at once in the log, and to whoever looks at the state when it lasts. Never throws. */
function watchAbsence(app: () => App, log: Report) {
  let since: Date | undefined;
  let told: string | undefined;
  const quietly = (work: () => void) => {
    try {
      work();
    } catch {
      // A database that is busy or full is told by the round.
    }
  };
  return {
    noticed: (error: unknown) => {
      const reason = describeError(error);
      const [hint] = isAppError(error) ? error.hints : [];
      const detail = hint ? `${reason}: ${hint}` : reason;
      if (detail !== told) log({ event: 'page.failed', detail });
      told = detail;
      const now = app().world.now();
      since ??= now;
      if (now.getTime() - since.getTime() < PATIENCE_MS) return;
      quietly(() => recordTrouble(app().db, TROUBLE, detail, now));
    },
    ended: () => {
      since = undefined;
      told = undefined;
      quietly(() => endPageTrouble(app().db));
    },
  };
}

/** Each start of the daemon judges anew. */
export function endPageTrouble(db: App['db']): void {
  if (listTroubles(db).some(({ name }) => name === TROUBLE)) endTrouble(db, TROUBLE);
}
