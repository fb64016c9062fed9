/** A field of a line: a text for people, or a count. */
export type Field = 'credential' | 'delaySeconds' | 'detail' | 'message';

/** What each event may carry besides its name. What is not listed here is dropped, and named in `dropped`. */
export const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  'daemon.started': ['detail'],
  'daemon.stopped': ['detail'],
  cycle: ['detail'],
  'cycle.failed': ['detail'],
  'config.loaded': [],
  'config.refused': ['detail'],
  'clock.refused': ['detail'],
  'clock.agrees': ['detail'],
  'heartbeat.failed': ['detail'],
  'plan.failed': ['detail'],
  ...family('mail', ['message', 'detail', 'delaySeconds'], ['sent', 'pending', 'ambiguous', 'dead']),
  ...family('mail', ['message', 'detail'], ['split', 'stale', 'not-rendered']),
  'mail.not-configured': ['detail'],
  'mail.failed': ['detail'],
  'mail.works-again': [],
  'webhook.failed': ['detail'],
  'webhook.works-again': [],
  ...family('own-token', ['detail'], ['unread', 'refused', 'expiry-unknown']),
  ...family('baseline', ['detail'], ['unread', 'kept', 'differs-unconfirmed', 'missing-failed']),
  ...family('destination', ['detail'], ['unread', 'not-configured', 'verified', 'unconfirmed', 'missing']),
  ...family('destination', ['detail'], ['changed-elsewhere', 'never-stored', 'unknown']),
  'pipeline.unread': ['detail'],
  ...family('history', ['detail'], ['holds', 'broken', 'check.failed']),
  ...family('storage', ['detail'], ['held', 'check.failed', 'mail.failed', 'note.failed']),
  ...family('page', ['detail'], ['opened', 'failed', 'request-failed', 'refused']),
  ...family('rotation', ['credential', 'detail'], ['unread', 'recorded']),
  ...family('rotation', ['credential'], ['abandoned', 'unconfirmed', 'failed']),
};

function family(of: string, fields: readonly Field[], events: readonly string[]) {
  return Object.fromEntries(events.map((event) => [`${of}.${event}`, fields]));
}
