import { describe, expect, it } from 'vitest';
import { composeMessage } from '../../src/remind/compose.ts';
import { aMailContext, DESTINATION, daysFromNow, later, NOW } from '../support/builders.ts';
import type { Part } from '../support/mail.ts';
import { aCarried, aCredential, both, composeParts as compose, oneLine, visible } from '../support/mail.ts';

const named = (name: string, left: number): Part => ({ credential: aCredential(left, { name }) });
const renewed = (name: string): Part => ({
  credential: aCredential(300, { name }),
  reminder: { topic: 'rotated', leadDays: 0 },
});

describe('composeMessage', () => {
  describe('when a credential is about to expire', () => {
    it.each([
      ['which credential', 'crates-io expires in 10 days'],
      ['what it is', 'crates.io API token "widgets release": publishes the widgets crates'],
      ['exact expiry', '2026-12-03 09:30 UTC: 10 days left'],
      ['how the expiry is known', 'as entered by a person'],
      ['what breaks', 'the release stops at the publishing step'],
      ['where it lives', 'example/widgets › release › CARGO_REGISTRY_TOKEN'],
      ['who owns it', 'ada'],
      ['the step at the issuer', 'press Regenerate'],
      ['the trap of 90 days', 'it falls back to 90 days each time'],
      ['the old token', 'The old token stays alive until it is revoked'],
      ['the command', 'ssh -t release@host.example.org docker compose exec reseal reseal rotate crates-io'],
      ['the next mail', 'The next mail about it comes on 2026-11-27 09:00 UTC (7 days before it expires)'],
      ['how to be left in peace', 'until 2026-11-30 at the latest: ssh -t release@host.example.org docker'],
      ['that command', 'reseal reseal ack crates-io --until YYYY-MM-DD'],
      ['what it never does', 'It never asks for a token by mail'],
    ])('says %s, in text and in HTML', (_what, words) => {
      for (const part of both(compose())) expect(part).toContain(words);
    });

    it('says the same in both parts: every paragraph of the text is in the HTML', () => {
      const message = compose([{ reminder: { covers: [60, 30] } }]);
      const shown = visible(message.html);
      const paragraphs = message.text
        .replace(/^ +https:\S+$/gm, '')
        .split(/\n\s*\n|\n(?= {2}\d\. |\S+(?: \S+)? {2,})/)
        .map((paragraph) => oneLine(paragraph.replace(/^ *\d\. |^=+$|^-- $/gm, '')))
        .filter((paragraph) => paragraph !== '');
      expect(paragraphs.length).toBeGreaterThan(18);
      for (const paragraph of paragraphs) expect(shown).toContain(paragraph);
    });

    it('numbers the steps, and sets the commands apart', () => {
      const { text, html } = compose();
      const numbers = [...text.matchAll(/^ {2}(\d)\. /gm)].map(([, number]) => Number(number));
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(html.match(/<li /g)).toHaveLength(7);
      expect(html.match(/<div class="code"/g)).toHaveLength(3);
      expect(text).toMatch(/^ {5}ssh -t .* reseal rotate crates-io$/m);
    });

    it('keeps the text within 72 columns, and breaks neither a command nor a link', () => {
      const wide = compose([{ reminder: { covers: [60, 30] } }, named('b', 40)])
        .text.split('\n')
        .filter((line) => line.length > 72);
      expect(wide.length).toBeGreaterThan(3);
      for (const line of wide) expect(line).toMatch(/^ *(ssh -t \S.*|https:\S+)$/);
    });

    it('has a subject that says what, when and where', () => {
      expect(compose().subject).toBe(
        'crates-io expires in 10 days · CARGO_REGISTRY_TOKEN in example/widgets',
      );
    });

    it('says in the subject how many places there are', () => {
      const destinations = [DESTINATION, { ...DESTINATION, repo: 'example/other' }];
      const message = compose([{ credential: aCredential(10, { destinations }) }]);
      expect(message.subject).toContain('CARGO_REGISTRY_TOKEN in example/widgets and 1 more');
      for (const part of both(message)) expect(part).toContain('example/other › release');
    });

    it('says of a computed date that nobody confirmed it', () => {
      const expiry = { kind: 'known', at: daysFromNow(10), source: 'computed' } as const;
      const message = compose([{ credential: aCredential(10, {}, { expiry }) }]);
      for (const part of both(message)) expect(part).toContain('not confirmed at the issuer');
    });

    it('says so where it was stored unchecked', () => {
      const credential = aCredential(10, {}, { checked: 'unchecked' });
      for (const part of both(compose([{ credential }]))) expect(part).toContain('watch the next release');
      for (const part of both(compose())) expect(part).not.toContain('watch the next release');
    });

    it('names the command to record a date where there is nowhere to store it', () => {
      const credential = aCredential(10, { destinations: [], kind: 'certificate' });
      for (const part of both(compose([{ credential }]))) {
        expect(part).toContain('reseal record crates-io --expires YYYY-MM-DD');
        expect(part).not.toContain('rotate crates-io');
      }
    });

    it.each([
      ['missing', 'was not there when reseal last looked'],
      ['changed-elsewhere', 'was changed, and not by reseal'],
    ] as const)('says so where the secret is %s', (state, words) => {
      const destinations = [{ destination: DESTINATION, state, remoteUpdatedAt: undefined }];
      const message = compose([{ credential: aCredential(10, {}, {}, { destinations }) }]);
      for (const part of both(message)) expect(part).toContain(`CARGO_REGISTRY_TOKEN (${words})`);
    });
  });

  describe('when it has expired', () => {
    it('G12: says how long ago, and asks nobody to revoke what is dead', () => {
      const message = compose([{ credential: aCredential(-3.5), reminder: { leadDays: -3 } }]);
      expect(message.subject).toContain('crates-io expired 3 days ago');
      for (const part of both(message)) {
        expect(part).toContain('Expired 2026-11-19 21:30 UTC: 3 days ago');
        expect(part).not.toContain('until it is revoked');
        expect(part).toContain('until 2026-11-30 at the latest');
      }
    });

    it('goes on saying so where the date was only computed: the old one may still live', () => {
      const expiry = { kind: 'known', at: daysFromNow(-3), source: 'computed' } as const;
      const message = compose([{ credential: aCredential(-3, {}, { expiry }) }]);
      for (const part of both(message)) expect(part).toContain('until it is revoked');
    });
  });

  describe('when it speaks of several', () => {
    const message = compose([
      named('calm', 50),
      named('expired', -3),
      named('urgent', 1),
      renewed('renewed'),
      {
        credential: aCredential(0, { name: 'dateless' }, { expiry: { kind: 'never', source: 'entered' } }),
        reminder: { topic: 'standing', leadDays: 24_322 },
      },
    ]);

    it('puts the most urgent first, in all its parts, and what has no date last', () => {
      expect(message.subject).toBe('expired expired 2 days ago, and 3 more');
      const headlines = [
        'expired expired',
        'urgent expires',
        'calm expires',
        'renewed was renewed',
        'dateless: never',
      ];
      for (const part of both(message)) {
        const places = headlines.map((headline) => part.lastIndexOf(headline));
        expect(places).not.toContain(-1);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
      const names = message.items.map(({ credential }) => credential);
      expect(names).toEqual(['expired', 'urgent', 'calm', 'renewed', 'dateless']);
    });

    it('begins with all of it at a glance', () => {
      for (const part of both(message)) {
        expect(part).toMatch(
          /^4 reminders, most urgent first[=* ]+expired expired 2 days ago[* ]+urgent expires in 1 day[* ]+calm expires in 50 days/,
        );
        expect(part).toContain('and 1 without a date at the end');
      }
    });

    it('names the command of each', () => {
      for (const part of both(message)) {
        for (const name of ['calm', 'expired', 'urgent']) expect(part).toContain(`reseal rotate ${name}`);
      }
    });
  });

  describe('when there are more than ten', () => {
    const message = compose(Array.from({ length: 37 }, (_, index) => named(`crate-${index + 1}`, index)));

    it('tells of the ten most urgent in full, and of each other in a line', () => {
      expect(message.subject).toBe('crate-1 expires within 24 hours, and 36 more');
      expect(message.html.match(/>What to do</g)).toHaveLength(10);
      expect(message.text.match(/^What to do$/gm)).toHaveLength(10);
      for (const part of both(message)) {
        expect(part).toContain('rotate crate-10');
        expect(part).not.toContain('rotate crate-11');
        expect(part).toMatch(/And 27 more[=* ]+crate-11 expires in 10 days[* ]+crate-12 expires in 11 days/);
        expect(part).toContain('crate-37 expires in 36 days');
      }
      expect(message.items).toHaveLength(37);
      // Some mail programs cut a longer page off, and with it the least urgent and the footer.
      expect(Buffer.byteLength(message.html)).toBeLessThan(102_000);
    });
  });

  describe('when there are hundreds', () => {
    const names = Array.from({ length: 340 }, (_, index) => `crate-${String(index).padStart(3, '0')}`);
    const calendar: NonNullable<Parameters<typeof aMailContext>[0]>['calendar'] = (credentials) =>
      credentials.map(({ declaration }) => declaration.name).join(' ');
    const message = compose(
      names.map((name, index) => named(name, index + 1)).reverse(),
      aMailContext({ calendar }),
    );

    it('H4: tells of two hundred in a line, counts the rest, and says where they all are', () => {
      for (const part of both(message)) {
        expect(part).toContain('crate-209 expires in 210 days');
        expect(part).not.toContain('crate-210');
        expect(part).toMatch(/also about 130 less urgent ones,/);
        expect(part).toContain('reseal status');
      }
      expect(message.items).toHaveLength(340);
    });

    it('H4: attaches the hundred soonest', () => {
      expect(message.calendar?.split(' ')).toEqual(names.slice(0, 100));
    });
  });

  describe('as plain values', () => {
    it('holds one item of each reminder, with what to type and the page of the issuer', () => {
      expect(compose().items).toEqual([
        {
          credential: 'crates-io',
          topic: 'expiry',
          version: 1,
          headline: 'crates-io expires in 10 days',
          expiresAt: daysFromNow(10),
          daysLeft: 10,
          destinations: [DESTINATION],
          command: 'ssh -t release@host.example.org docker compose exec reseal reseal rotate crates-io',
          link: 'https://crates.io/settings/tokens',
        },
      ]);
    });
  });

  describe('when a calendar is wanted', () => {
    const calendar: NonNullable<Parameters<typeof aMailContext>[0]>['calendar'] = (credentials) =>
      credentials.map(({ declaration }) => declaration.name).join(' ');
    const context = aMailContext({ calendar });

    it('attaches one with the dates ahead that it speaks of, each credential once', () => {
      const parts = [named('a', 10), renewed('b'), named('gone', -2), { ...renewed('a'), ...named('a', 10) }];
      expect(compose(parts, context).calendar).toBe('a b');
    });

    it('attaches none where it speaks of none', () => {
      expect(compose([named('gone', -2)], context).calendar).toBeUndefined();
      expect(compose([named('a', 10)]).calendar).toBeUndefined();
    });
  });

  describe('when the reminder speaks of something that is not there', () => {
    it.each<[string, Part, string]>([
      [
        'no version',
        { credential: aCredential(1, {}, {}, { current: undefined }) },
        'is not the current one',
      ],
      ['another version', { reminder: { version: 7 } }, 'version 7 of "crates-io" is not the current one'],
      [
        'no date',
        { credential: aCredential(1, {}, { expiry: { kind: 'never', source: 'entered' } }) },
        'no expiry',
      ],
      ['a date after all', { reminder: { topic: 'standing' } }, 'the expiry of "crates-io" is known'],
      [
        'no trouble',
        { reminder: { topic: 'configuration', credential: '*' } },
        'nothing is known to be wrong',
      ],
    ])('throws, so that it is left out and told: %s', (_what, part, message) => {
      expect(() => compose([part])).toThrow(message);
    });

    it('throws where the credential itself is unknown', () => {
      for (const topic of ['expiry', 'standing', 'unconfirmed', 'changed', 'old-token'] as const) {
        expect(() => composeMessage([aCarried({ topic })], new Map(), aMailContext(), NOW)).toThrow(
          'nothing is known of "crates-io"',
        );
      }
    });
  });

  it('does not depend on when it was composed, but on the instant it is given', () => {
    expect(compose([{}], aMailContext(), later(0))).toEqual(compose());
    expect(compose([{}], aMailContext(), daysFromNow(1)).subject).toContain('expires in 9 days');
  });

  it('draws the time left as a part of the lifetime, within the bar', () => {
    const bars = [400, 365, 100, 0.5, -5].map((left) => {
      const { html } = compose([named('c', left)]);
      return /<td width="(\d+)%" class="(?:urgent|soon)-bar"/.exec(html)?.[1];
    });
    expect(bars).toEqual(['100', '100', '27', '1', '1']);
    expect(compose([renewed('c')]).html).not.toMatch(/<td width="\d+%"/);
  });
});
