import { createHash } from 'node:crypto';

// For text that is acted upon without being parsed again: SQLite does not see a changed letter, and it would be somebody else's address.

const CHARACTERS = 16;

/** The text with its checksum in front, as it is kept. */
export function withChecksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, CHARACTERS) + text;
}

/** The text that was kept; undefined: there is none, or it is not what was kept. */
export function checkedText(kept: string | undefined): string | undefined {
  const text = kept?.slice(CHARACTERS);
  return text !== undefined && kept === withChecksum(text) ? text : undefined;
}
