import { openUsedApp } from '../../app.ts';
import { formatForPeople, formatInstant, parseInstant } from '../../domain/calendar.ts';
import { AppError } from '../../domain/error.ts';
import { acknowledgeUntil } from '../../remind/acknowledge.ts';
import type { Run } from '../command.ts';
import { textOption } from '../command.ts';
import { findStored } from '../find-stored.ts';

/** Quiet until a date, which is bounded. */
export const run: Run = async ({ world, places, out }, given) => {
  const app = await openUsedApp(places, world);
  try {
    const credential = findStored(app, given.arguments[0] ?? '');
    const { name } = credential.declaration;
    const asked = textOption(given, 'until');
    if (asked === undefined) {
      throw new AppError('invalid_input', 'nothing says until when', { hints: ['add --until 2027-06-01'] });
    }
    const until = parseInstant(asked);
    const holds = acknowledgeUntil(credential, until, world.now());
    app.register.acknowledge(name, holds, world.now());
    if (out.json) {
      out.resultJson({ schemaVersion: 1, name, acknowledgedUntil: formatInstant(holds) });
    } else {
      out.result(`${name}: quiet until ${formatForPeople(holds)}`);
      if (holds < until)
        out.hint(
          'not as long as asked: no later than three days before expiry, and seven days at a time after it',
        );
    }
    return 0;
  } finally {
    app.close();
  }
};
