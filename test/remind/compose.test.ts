import { describe, expect, it } from 'vitest';
import { UNKNOWN_EXPIRY } from '../../src/domain/expiry.ts';
import { credentialStatuses } from '../../src/register/status.ts';
import { composeMessage } from '../../src/remind/compose.ts';
import { expiresIn } from '../../src/remind/content.ts';
import type { Reminded, ReminderKey } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aMailContext,
  aReminded,
  aReminder,
  aStored,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  later,
  NOW,
} from '../support/builders.ts';

interface Part {
  readonly credential?: Reminded;
  readonly reminder?: Partial<ReminderKey>;
  readonly covers?: readonly number[];
}

function compose(parts: readonly Part[] = [{}], now: Date = NOW, context = aMailContext()) {
  const credentials = parts.map(({ credential }) => credential ?? aReminded());
  const reminders = parts.map(({ reminder, covers }, index) => ({
    ...aReminder({ credential: credentials[index]?.declaration.name ?? '', leadDays: 14, ...reminder }),
    covers: covers ?? [],
  }));
  const known = new Map(credentials.map((credential) => [credential.declaration.name, credential]));
  return composeMessage(reminders, known, context, now);
}

/** The words that a mail program shows of the HTML part, on one line. */
function visible(html: string): string {
  return oneLine(
    html
      .replace(/<style>.*?<\/style>/s, '')
      .replace(/<title>.*?<\/title>/s, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replace(/&nbsp;/g, ' '),
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function both(message: { readonly text: string; readonly html: string }): readonly [string, string] {
  return [oneLine(message.text), visible(message.html)];
}

const named = (name: string, left: number) =>
  aReminded({
    declaration: aDeclaration({ name }),
    current: aVersion({ expiry: knownUntil(daysFromNow(left)) }),
  });

describe('composeMessage', () => {
  describe('when a credential is about to expire', () => {
    it.each([
      ['which credential', 'crates-io expires in 10 days'],
      ['what it is', 'crates.io API token "widgets release": publishes the widgets crates'],
      ['exact expiry', '2026-12-03 09:30 UTC'],
      ['how the expiry is known', 'as entered by a person'],
      ['what breaks', 'the release stops at the publishing step'],
      ['where it lives', 'example/widgets › release › CARGO_REGISTRY_TOKEN'],
      ['who owns it', 'ada'],
      ['the step at the issuer', 'press Regenerate'],
      ['the trap of 90 days', 'it falls back to 90 days each time'],
      ['the old token', 'The old token stays alive until it is revoked'],
      ['the command', 'ssh -t release@host.example.org docker compose exec reseal reseal rotate crates-io'],
      ['the next mail', 'The next mail about it comes on 2026-11-27 09:00 UTC (7 days before it expires)'],
      ['what it never does', 'It never asks for a token by mail'],
    ])('says %s, in text and in HTML', (_what, words) => {
      for (const part of both(compose())) expect(part).toContain(words);
    });

    it('says the same in both parts: every line of the text is in the HTML', () => {
      const message = compose([{ covers: [60, 30] }]);
      const shown = visible(message.html);
      const lines = message.text
        .split('\n')
        .map((line) => oneLine(line.replace(/^ *\d\. /, '')))
        .filter((line) => !/^(=*|-*|--|https:.*)$/.test(line));
      expect(lines.length).toBeGreaterThan(12);
      for (const line of lines) expect(shown).toContain(line.replace(/^reseal keeps the dates.*/, ''));
    });

    it('numbers the steps, and sets the one command apart', () => {
      const { text, html } = compose();
      const numbers = [...text.matchAll(/^ {2}(\d)\. /gm)].map(([, number]) => Number(number));
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(html.match(/<li /g)).toHaveLength(7);
      expect(html.match(/<div class="code"/g)).toHaveLength(1);
      expect(text).toMatch(/^ {5}ssh -t .* reseal rotate crates-io$/m);
    });

    it('has a subject that says what, when and where', () => {
      expect(compose().subject).toBe(
        'crates-io expires in 10 days · CARGO_REGISTRY_TOKEN in example/widgets',
      );
    });

    it('says in the subject how many places there are', () => {
      const destinations = [DESTINATION, { ...DESTINATION, repo: 'example/other' }];
      const credential = aReminded({ declaration: aDeclaration({ destinations }) });
      const message = compose([{ credential }]);
      expect(message.subject).toContain('CARGO_REGISTRY_TOKEN in example/widgets and 1 more');
      for (const part of both(message)) expect(part).toContain('example/other › release');
    });

    it('says of a computed date that nobody confirmed it', () => {
      const expiry = { kind: 'known', at: daysFromNow(10), source: 'computed' } as const;
      const message = compose([{ credential: aReminded({ current: aVersion({ expiry }) }) }]);
      for (const part of both(message)) expect(part).toContain('not confirmed at the issuer');
    });

    it('says so where it was stored unchecked', () => {
      const credential = aReminded({ current: aVersion({ checked: 'unchecked' }) });
      for (const part of both(compose([{ credential }]))) expect(part).toContain('watch the next release');
      for (const part of both(compose())) expect(part).not.toContain('watch the next release');
    });

    it('names the command to record a date where there is nowhere to store it', () => {
      const credential = aReminded({ declaration: aDeclaration({ destinations: [], kind: 'certificate' }) });
      for (const part of both(compose([{ credential }]))) {
        expect(part).toContain('reseal record crates-io --expires YYYY-MM-DD');
        expect(part).not.toContain('rotate crates-io');
      }
    });
  });

  describe('when earlier reminders were missed', () => {
    it('says which, widest first', () => {
      for (const part of both(compose([{ covers: [14, 60, 30] }]))) {
        expect(part).toContain('the earlier reminders (60, 30, 14 days before) that did not go out');
      }
    });

    it('says nothing of it where none was', () => {
      for (const part of both(compose())) expect(part).not.toContain('did not go out');
    });
  });

  describe('when it speaks of several', () => {
    const message = compose([
      { credential: named('calm', 50) },
      { credential: named('expired', -3) },
      { credential: named('urgent', 1) },
      { credential: named('renewed', 300), reminder: { topic: 'rotated', leadDays: 0 } },
    ]);

    it('puts the most urgent first, in all its parts', () => {
      expect(message.subject).toBe('expired expired 3 days ago, and 3 more');
      const headlines = ['expired expired', 'urgent expires', 'calm expires', 'renewed was renewed'];
      for (const part of both(message)) {
        const places = headlines.map((headline) => part.indexOf(headline));
        expect(places).not.toContain(-1);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
    });

    it('names the command of each', () => {
      for (const part of both(message)) {
        for (const name of ['calm', 'expired', 'urgent']) expect(part).toContain(`reseal rotate ${name}`);
      }
    });
  });

  describe('when a token was renewed', () => {
    const renewed = aReminded({ current: aVersion({ version: 2, expiry: knownUntil('2027-11-23') }) });
    const notice = compose([
      { credential: renewed, reminder: { topic: 'rotated', version: 2, leadDays: 0 } },
    ]);

    it('says so, with the new expiry', () => {
      expect(notice.subject).toContain('crates-io was renewed: version 2, expires 2027-11-23');
      for (const part of both(notice)) expect(part).toContain('version 2, expires 2027-11-23');
    });

    it('says what it cannot know, and that the old one still works', () => {
      for (const part of both(notice)) {
        expect(part).toContain('GitHub shows that a write landed, never which value.');
        expect(part).toContain('The old token stays alive until it is revoked');
        expect(part).not.toContain('reseal rotate');
      }
    });
  });

  describe('for whoever reads it in a mail program', () => {
    it('fetches nothing and runs nothing', () => {
      const { html } = compose([{ covers: [60] }]);
      expect(html).not.toMatch(/<(img|script|iframe|object|embed|link|form|input|video|audio|svg|base)\b/i);
      expect(html).not.toMatch(/\b(src|srcset|background|action|poster|on[a-z]+)\s*=/i);
      expect(html).not.toMatch(/url\(|@import|@font-face|expression\(|javascript:/i);
    });

    it("links only to the issuer's and the destination's settings pages: never an action", () => {
      const message = compose([
        {},
        {
          credential: aReminded({ declaration: aDeclaration({ name: 'b' }) }),
          reminder: { topic: 'rotated' },
        },
      ]);
      const allowed = [
        'https://crates.io/settings/tokens',
        'https://github.com/example/widgets/settings/environments',
      ];
      const hrefs = [...message.html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
      expect(new Set(hrefs)).toEqual(new Set(allowed));
      const written = [...message.text.matchAll(/\w+:\/\/\S+/g)].map(([link]) => link);
      expect(new Set(written)).toEqual(new Set(allowed));
    });

    it('keeps what came from outside from being markup', () => {
      const evil = '<img src=x onerror=alert(1)>"\'&';
      const declaration = aDeclaration({ purpose: evil, owner: evil, nameAtIssuer: evil });
      const message = compose(
        [{ credential: aReminded({ declaration }) }],
        NOW,
        aMailContext({ command: evil }),
      );
      expect(message.html).not.toContain('<img');
      expect(message.html).not.toContain("'&");
      expect(visible(message.html)).toContain(evil);
    });
  });

  describe('when the reminder speaks of something that is not there', () => {
    it('throws, so that it is left out and told', () => {
      expect(() => compose([{ credential: aReminded({ current: undefined }) }])).toThrow('no version');
      expect(() =>
        composeMessage([{ ...aReminder(), covers: [] }], new Map(), aMailContext(), NOW),
      ).toThrow();
      expect(() => compose([{ reminder: { topic: 'standing' } }])).toThrow('no words');
    });
  });

  describe('at every instant', () => {
    it.each([
      ['2026-12-03T09:30:00Z', 10],
      ['2026-12-03T09:29:59Z', 9],
      ['2026-11-24T09:30:00Z', 1],
      ['2026-11-24T09:29:59Z', 0],
      ['2026-11-23T09:30:00Z', 0],
      ['2026-11-23T09:29:59Z', -1],
      ['2026-11-20T09:30:00Z', -3],
    ])('I22: an expiry at %s has the same %i days left in status, subject, text and HTML', (at, left) => {
      const stored = aStored({ current: aVersion({ expiry: knownUntil(at) }) });
      const sources = { nextReminderAt: () => undefined, unsettled: () => undefined };
      const [status] = credentialStatuses([stored.declaration], [stored], sources, NOW);
      expect(status?.daysLeft).toBe(left);
      const message = compose([{ credential: stored }]);
      expect(message.subject).toContain(`crates-io ${expiresIn(left)}`);
      for (const part of both(message)) expect(part).toContain(`crates-io ${expiresIn(left)}`);
    });

    it('draws the time left as a part of the lifetime, within the bar', () => {
      const bars = [400, 365, 100, 0.5, -5].map((left) => {
        const message = compose([{ credential: named('c', left) }]);
        return /<td width="(\d+)%" style/.exec(message.html)?.[1];
      });
      expect(bars).toEqual(['100', '100', '27', '1', '1']);
      const notice = compose([{ reminder: { topic: 'rotated' } }]);
      expect(notice.html).not.toMatch(/<td width="\d+%" style/);
    });
  });

  it('does not depend on when it was composed, but on the instant it is given', () => {
    expect(compose([{}], later(0))).toEqual(compose([{}], NOW));
    expect(compose([{}], daysFromNow(1)).subject).toContain('expires in 9 days');
  });

  it('needs no date to tell of a renewal', () => {
    const credential = aReminded({ current: aVersion({ expiry: UNKNOWN_EXPIRY }) });
    const message = compose([{ credential, reminder: { topic: 'rotated' } }]);
    for (const part of both(message)) expect(part).toContain('Expires not known');
  });
});

describe('expiresIn', () => {
  it.each([
    [10, 'expires in 10 days'],
    [2, 'expires in 2 days'],
    [1, 'expires in 1 day'],
    [0, 'expires within 24 hours'],
    [-1, 'has expired'],
    [-2, 'expired 2 days ago'],
  ])('says of %i: %s', (left, words) => expect(expiresIn(left)).toBe(words));
});
