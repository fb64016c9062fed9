import { pino } from 'pino';
import { lineOf } from './log-line.ts';
import type { Report } from './remind/sweep.ts';

/** Takes whole lines, each with its line break. */
export interface LogStream {
  write(line: string): void;
}

/**
 * One JSON line an event: `level` (30 info, 40 warn), `time` (RFC 3339), the fields that the event may carry, and `msg`, its name.
 * A log that cannot be written is no reason to stop.
 */
export function openLog(stream: LogStream = standardError()): Report {
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return (given) => {
    const { level, event, fields } = lineOf(given);
    logger[level](fields, event);
  };
}

/** What waits for a disk that is full; beyond it lines are dropped. */
const MOST_WAITING = 65_536;

/** Written before the next step is taken: whoever kills the process finds in the log what it had come to. */
function standardError(): LogStream {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MOST_WAITING });
  destination.on('error', () => undefined);
  return destination;
}
