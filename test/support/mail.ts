import type { Declaration, Version } from '../../src/domain/credential.ts';
import type { Composed, MailContext } from '../../src/remind/compose.ts';
import { composeMessage } from '../../src/remind/compose.ts';
import type { Carried, Reminded } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aMailContext,
  aReminded,
  aReminder,
  aVersion,
  daysFromNow,
  knownUntil,
  NOW,
} from './builders.ts';

/** A year-long token of which `left` days are left. */
export function aCredential(
  left: number,
  declaration: Partial<Declaration> = {},
  version: Partial<Version> = {},
  overrides: Partial<Reminded> = {},
): Reminded {
  return aReminded({
    declaration: aDeclaration(declaration),
    current: aVersion({ expiry: knownUntil(daysFromNow(left)), ...version }),
    ...overrides,
  });
}

/** One reminder with the credential that it speaks of. */
export interface Part {
  readonly credential?: Reminded;
  readonly reminder?: Partial<Carried>;
}

export function aCarried(overrides: Partial<Carried> = {}): Carried {
  return { ...aReminder(), covers: [], ...overrides };
}

export function composeParts(
  parts: readonly Part[] = [{}],
  context: MailContext = aMailContext(),
  now: Date = NOW,
): Composed {
  const whole = parts.map(({ credential = aCredential(10), reminder }) => ({ credential, reminder }));
  const reminders = whole.map(({ credential, reminder }) =>
    aCarried({
      credential: credential.declaration.name,
      version: credential.current?.version ?? 0,
      ...reminder,
    }),
  );
  const known = new Map(whole.map(({ credential }) => [credential.declaration.name, credential]));
  return composeMessage(reminders, known, context, now);
}

/** The words that a mail program shows of the HTML part, on one line. */
export function visible(html: string): string {
  return oneLine(
    html
      .replace(/<style>.*?<\/style>/s, '')
      .replace(/<title>.*?<\/title>/s, '')
      .replace(/<\/?(a|strong|span)\b[^>]*>/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replace(/&nbsp;/g, ' '),
  );
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Both parts of a mail as a reader sees them, each on one line. */
export function both(message: { readonly text: string; readonly html: string }): readonly [string, string] {
  return [oneLine(message.text), visible(message.html)];
}
