import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysLeft } from '../../src/domain/expiry.ts';
import { credentialStatuses } from '../../src/register/status.ts';
import { dayNumber } from '../../src/remind/lead.ts';
import type { Topic } from '../../src/remind/reminder.ts';
import { expiresIn } from '../../src/remind/words.ts';
import {
  aMailContext,
  aStored,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  later,
  NOW,
  SEED,
} from '../support/builders.ts';
import type { Part } from '../support/mail.ts';
import { aCredential, both, composeParts as compose, visible } from '../support/mail.ts';

const TOPICS: readonly Topic[] = [
  'expiry',
  'rotated',
  'revoked',
  'leaked',
  'unconfirmed',
  'changed',
  'old-token',
  'standing',
  'configuration',
];

/** Everything that a mail can speak of, with `text` in every place that a person or a server fills. */
function everything(text = 'plain'): readonly [readonly Part[], ReturnType<typeof aMailContext>] {
  const destination = { repo: `example/${text}`, environment: text, secret: text };
  const declaration = {
    owner: text,
    purpose: text,
    nameAtIssuer: text,
    scopes: [text],
    destinations: [destination],
  };
  const parts = TOPICS.map((topic): Part => {
    const standing = topic === 'revoked' || topic === 'leaked' ? topic : 'good';
    const expiry =
      topic === 'standing' ? ({ kind: 'never', source: 'entered' } as const) : knownUntil(daysFromNow(10));
    const credential = aCredential(
      10,
      { ...declaration, name: `${topic} ${text}` },
      { standing, standingAt: NOW, expiry, createdAt: daysFromNow(-30) },
      {
        declared: false,
        destinations: [
          topic === 'changed'
            ? { destination, state: 'changed-elsewhere', remoteUpdatedAt: undefined, changedAt: NOW }
            : { destination, state: 'never-stored', remoteUpdatedAt: daysFromNow(-90) },
        ],
        unconfirmedSince: topic === 'unconfirmed' ? NOW : undefined,
        former:
          topic === 'old-token' || topic === 'expiry'
            ? [{ version: 0, expiry: knownUntil(daysFromNow(9)), standing: 'leaked', replacedAt: NOW }]
            : [],
      },
    );
    const leadDays = topic === 'changed' ? -dayNumber(NOW) : 0;
    return { credential, reminder: { topic, leadDays, covers: topic === 'expiry' ? [60, 30] : [] } };
  });
  const undelivered = [{ recipient: text, error: text, credentials: [`expiry ${text}`] }];
  const configurationTrouble = { since: NOW, detail: `${text}\n${text}` };
  return [
    parts,
    aMailContext({
      undelivered,
      configurationTrouble,
      settingsPage: () => 'https://github.com/example/widgets/settings/environments',
    }),
  ];
}

const EVIL = [
  'a\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>',
  `<img src=x onerror=alert(1)>"'&</td></table>`,
  '\u202Egnp.exe\u202C\u2066\u200F\u061C',
  '🦀👩‍💻'.repeat(300),
  'x'.repeat(16_000),
  `e${'\u0301'.repeat(2000)}`,
  'https://evil.test/act?token=1 http://127.0.0.1:8765/form',
  '\u0000\u001b[2J\uD800',
];

describe('what came from outside', () => {
  it.each(EVIL.map((text) => [JSON.stringify(text).slice(0, 40), text]))(
    'E19: is words and nothing else: %s',
    (_shown, text) => {
      const mail = compose(...everything(text));
      for (const { subject } of [
        mail,
        ...everything(text)[0].map((part) => compose([part], everything(text)[1])),
      ]) {
        expect(subject.length).toBeLessThanOrEqual(200);
        expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(subject.length).toBeGreaterThan(10);
      }
      expect(mail.text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(mail.html).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      // The markup is that of a mail in which nothing evil stands.
      const tags = (html: string) => html.match(/<[^>]*>/g)?.filter((tag) => !tag.startsWith('<br')).length;
      expect(tags(mail.html)).toBe(tags(compose(...everything()).html));
      for (const { headline } of mail.items) expect(headline).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    },
  );

  it('E19: leaves room for what matters in the subject', () => {
    const mail = compose([{ credential: aCredential(7, { name: 'n'.repeat(998) }) }]);
    expect(mail.subject).toContain('… expires in 7 days · CARGO_REGISTRY_TOKEN in example/widgets');
  });

  it('is shown as it is, where it is harmless', () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const mail = compose(
      [{ credential: aCredential(7, { purpose: evil, owner: evil, nameAtIssuer: evil }) }],
      aMailContext({ command: evil }),
    );
    expect(mail.html).not.toContain('<img');
    expect(mail.html).not.toContain("'&");
    expect(visible(mail.html)).toContain(`crates.io API token "${evil}": ${evil}`);
    expect(visible(mail.html)).toContain(`${evil} rotate crates-io`);
  });
});

describe('for whoever reads it in a mail program', () => {
  it('fetches nothing and runs nothing', () => {
    const { html } = compose(...everything());
    expect(html).not.toMatch(
      /<(img|script|iframe|object|embed|link|form|input|button|video|audio|svg|base)\b/i,
    );
    expect(html).not.toMatch(/\b(src|srcset|background|action|poster|on[a-z]+)\s*=/i);
    expect(html).not.toMatch(/url\(|@import|@font-face|expression\(|javascript:/i);
  });

  it('TM7: no link but to the issuer and the destination', () => {
    const allowed = [
      'https://crates.io/settings/tokens',
      'https://github.com/example/widgets/settings/environments',
    ];
    for (const text of ['plain', 'https://evil.test/act http://127.0.0.1:8765/x mailto:x@evil.test//']) {
      const mail = compose(...everything(text));
      const hrefs = [...mail.html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
      expect(new Set(hrefs)).toEqual(new Set(allowed));
      const written = [...mail.text.matchAll(/\w+:\/\/\S+/g), ...visible(mail.html).matchAll(/\w+:\/\/\S+/g)];
      expect(new Set(written.map(([link]) => link))).toEqual(new Set(allowed));
      for (const { link } of mail.items) expect([undefined, ...allowed]).toContain(link);
    }
  });
});

describe('days left', () => {
  it.each([
    ['2026-12-03T09:30:00Z', 10],
    ['2026-12-03T09:29:59Z', 9],
    ['2026-11-24T09:30:00Z', 1],
    ['2026-11-24T09:29:59Z', 0],
    ['2026-11-23T09:30:00Z', 0],
    ['2026-11-23T09:29:59Z', -1],
    ['2026-11-20T09:30:00Z', -3],
    ['2028-02-29T00:00:00Z', 462],
    ['2026-12-31T23:59:59Z', 38],
  ])(
    'G5, I22: an expiry at %s has the same %i days left in status, subject, text, HTML and item',
    (at, left) => {
      const credential = aStored({ current: aVersion({ expiry: knownUntil(at) }) });
      const sources = {
        nextReminderAt: () => undefined,
        unsettled: () => undefined,
        baseline: () => undefined,
        livesOn: () => true,
      };
      const [status] = credentialStatuses([credential.declaration], [credential], sources, NOW);
      expect(status?.daysLeft).toBe(left);
      const message = compose([{ credential }]);
      expect(message.items[0]?.daysLeft).toBe(left);
      expect(message.subject).toContain(`crates-io ${expiresIn(left)}`);
      for (const part of both(message)) expect(part).toContain(`crates-io ${expiresIn(left)}`);
    },
  );

  it('I22: are the same whole number in subject, text, HTML and item at every instant', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -400 * 86_400_000, max: 800 * 86_400_000 }),
        fc.integer({ min: 0, max: 90 * 86_400_000 }),
        (away, after) => {
          const expiry = knownUntil(later(away));
          const now = later(after);
          const left = daysLeft(expiry, now) ?? Number.NaN;
          const message = compose([{ credential: aCredential(0, {}, { expiry }) }], aMailContext(), now);
          expect(message.items[0]?.daysLeft).toBe(left);
          expect(message.subject).toContain(`crates-io ${expiresIn(left)} ·`);
          for (const part of both(message)) {
            expect(part).toContain(`crates-io ${expiresIn(left)}`);
            // Whatever number of days left it names, it is this one.
            const named = [...part.matchAll(/(\d+) (?:of \d+ )?days? left/g)].map(([, days]) => Number(days));
            expect(new Set(named)).toEqual(new Set(left > 0 ? [left] : []));
          }
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });
});

it('has a place for every destination of a long list', () => {
  const destinations = Array.from({ length: 40 }, (_, index) => ({
    ...DESTINATION,
    repo: `example/repo-${index}`,
  }));
  const mail = compose([{ credential: aCredential(7, { destinations }) }]);
  expect(mail.subject).toContain('and 39 more');
  for (const part of both(mail)) expect(part).toContain('example/repo-39 › release › CARGO_REGISTRY_TOKEN');
});
