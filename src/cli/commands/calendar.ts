import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { readCalendar, readFeedAddress, renewFeedAddress } from '../../calendar-feed.ts';
import { AppError } from '../../domain/error.ts';
import { feedPath } from '../../web/feed.ts';
import { originOf } from '../../web/guard.ts';
import type { Context, Run } from '../command.ts';

/** Shows, and changes nothing but the address of the feed. */
export const run: Run = async (context, given) => {
  const { world, places } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, false);
    const app = openApp(db, config, places, world);
    const isNew = given.options['newAddress'] === true;
    return isNew || given.options['address'] === true
      ? printAddress(context, app, isNew)
      : await print(context, app);
  } finally {
    db.close();
  }
};

async function print({ out }: Context, app: App): Promise<number> {
  const { text: calendar, count } = await readCalendar(app);
  if (out.json) out.resultJson({ schemaVersion: 1, calendar });
  // Its lines end with CRLF; the last end is the output's own.
  else out.result(calendar.replace(/\n$/, ''));
  if (count === 0) out.talk('no credential with a known expiry is recorded: the calendar is empty');
  return 0;
}

/** Made when it is first asked for: until then, nothing is served. */
function printAddress({ out, places, world }: Context, app: App, isNew: boolean): number {
  const { web } = app.config;
  if (web.port === 0)
    throw new AppError('invalid_config', 'the page has another port at each start, since web.port is 0', {
      hints: ['set web.port, such as 8766: a calendar that is subscribed to needs an address that stays'],
    });
  const before = readFeedAddress(places);
  const secret = isNew || before === undefined ? makeAddress(app, before !== undefined) : before;
  const address = `${originOf(web)}${feedPath(secret)}`;
  if (out.json) out.resultJson({ schemaVersion: 1, address });
  else out.result(address);
  out.talk('whoever has this address, and reaches the port, can read every expiry; the daemon serves it');
  if (isNew && before !== undefined) out.talk('the address before is served no more');
  return 0;

  function makeAddress({ history }: App, isAnother: boolean): string {
    const made = renewFeedAddress(places, world);
    const result = isAnother ? 'another address was made' : 'an address was made';
    // Never the address itself: the history is shown.
    history.append({ type: 'calendar.address', subject: 'calendar', result }, world.now());
    return made;
  }
}
