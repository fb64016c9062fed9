import { createHash } from 'node:crypto';
import type { ReminderKey } from './reminder.ts';

/** Who sends: part of every Message-ID. */
export interface Identity {
  /** Random, made once. */
  readonly installId: string;
  /** Domain of the sender's address. */
  readonly domain: string;
}

/**
 * The Message-ID (RFC 5322 §3.6.4) of a message that carries these reminders: the same for the same set, whenever and by
 * whomever it is computed, and without a name, an address or a date inside.
 */
export function messageIdOf(reminders: readonly ReminderKey[], { installId, domain }: Identity): string {
  const keys = reminders.map(keyText).sort();
  const hash = createHash('sha256').update(field(installId));
  for (const key of keys) hash.update(field(key));
  return `<${hash.digest('hex').slice(0, 32)}@${domain}>`;
}

function keyText({ credential, version, topic, leadDays, channel, recipient }: ReminderKey): string {
  return [credential, String(version), topic, String(leadDays), channel, recipient].map(field).join('');
}

/** Preceded by its length, so that no two sets of keys read alike. */
function field(text: string): string {
  return `${text.length}:${text}`;
}
