/** `unknown`: it could not be learned, and the text says why. It is never shown as fine. */
export type Outcome = 'ok' | 'problem' | 'unknown';

/** What one check says of one subject. */
export interface Remark {
  /** What it is about, such as a file's name in the configuration. */
  readonly subject: string;
  readonly outcome: Outcome;
  /** In words, with no full stop. */
  readonly text: string;
  /** What to do next, as it is to be typed where it can be; of `ok` an advice, where there is one. */
  readonly next?: string | undefined;
}

export interface Line extends Remark {
  /** Id of the check. */
  readonly check: string;
}

export function ok(subject: string, text: string, next?: string): Remark {
  return { subject, outcome: 'ok', text, next };
}

export function problem(subject: string, text: string, next: string): Remark {
  return { subject, outcome: 'problem', text, next };
}

export function unknown(subject: string, text: string, next?: string): Remark {
  return { subject, outcome: 'unknown', text, next };
}

/** `1 file`, `2 files` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A path as a shell takes it. */
export function shellQuote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
