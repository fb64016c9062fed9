import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Composed } from '../../src/remind/compose.ts';
import { dayNumber } from '../../src/remind/lead.ts';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import { aMailContext, DESTINATION, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { aCredential, composeParts } from '../support/mail.ts';

const LONG = {
  repo: 'an-organisation-with-a-long-name/a-repository-with-an-even-longer-name-than-that',
  environment: 'production-release-environment',
  secret: 'A_SECRET_WHOSE_NAME_GOES_ON_AND_ON_FOR_MORE_THAN_ONE_LINE',
};
const context = aMailContext({
  undelivered: [{ recipient: 'grace@example.org', error: '550 no such user', credentials: ['crates-io'] }],
  outages: [{ beganAt: daysFromNow(-45), endedAt: daysFromNow(-1) }],
});

const CHANGED = {
  destination: DESTINATION,
  state: 'changed-elsewhere',
  remoteUpdatedAt: daysFromNow(-200),
  changedAt: NOW,
} as const;
/** Replaced, and alive at its issuer. */
const OLD = { version: 1, expiry: knownUntil(daysFromNow(80)), standing: 'leaked', replacedAt: NOW } as const;

const MAILS: readonly (readonly [string, Composed])[] = [
  ['an expiry', composeParts([{ reminder: { covers: [60, 30] } }], context)],
  ['a renewal', composeParts([{ credential: aCredential(300), reminder: { topic: 'rotated' } }])],
  [
    'what waits for a person',
    composeParts([
      {
        credential: aCredential(300, {}, { version: 2 }, { destinations: [CHANGED], former: [OLD] }),
        reminder: { topic: 'old-token', leadDays: -1 },
      },
      {
        credential: aCredential(7, {}, { version: 2 }, { destinations: [CHANGED], former: [OLD] }),
        reminder: { leadDays: 7 },
      },
    ]),
  ],
  [
    'everything at once',
    composeParts(
      [
        { credential: aCredential(-3, { destinations: [DESTINATION, LONG], nameAtIssuer: 'w'.repeat(200) }) },
        { credential: aCredential(20, { name: 'a'.repeat(64), kind: 'generic' }) },
        {
          credential: aCredential(9, { name: 'leak' }, { standing: 'leaked', standingAt: NOW }),
          reminder: { topic: 'leaked', leadDays: 0 },
        },
        {
          credential: aCredential(9, { name: 'half' }, {}, { unconfirmedSince: NOW }),
          reminder: { topic: 'unconfirmed' },
        },
        {
          credential: aCredential(
            9,
            { name: 'foreign', destinations: [LONG] },
            {},
            { destinations: [{ ...CHANGED, destination: LONG }] },
          ),
          reminder: { topic: 'changed', version: 0, leadDays: -dayNumber(NOW) },
        },
        { credential: aCredential(300, { name: 'new' }), reminder: { topic: 'rotated' } },
        {
          credential: aCredential(
            9,
            { name: 'dateless' },
            { expiry: { kind: 'unknown', source: 'unknown' } },
          ),
          reminder: { topic: 'standing' },
        },
        { reminder: { topic: 'configuration', credential: '*' } },
        ...Array.from({ length: 18 }, (_, index) => ({
          credential: aCredential(30 + index, { name: `crate-${index}` }),
        })),
      ],
      aMailContext({ ...context, configurationTrouble: { since: NOW, detail: `12:7 ${'x'.repeat(150)}` } }),
    ),
  ],
  [
    "the month's list",
    composeParts([
      { credential: aCredential(9, {}, {}, { current: undefined }), reminder: { topic: 'standing' } },
    ]),
  ],
];

let browser: Browser;
const requests: string[] = [];

async function show(mail: Composed, options: BrowserContextOptions): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  page.on('request', (request) => requests.push(request.url()));
  await page.setContent(mail.html, { waitUntil: 'load' });
  return page;
}

async function violations(page: Page): Promise<readonly string[]> {
  const result = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}

/** Of the colour that a reader sees behind the whole page, 0 (black) … 255. */
function brightness(page: Page): Promise<number> {
  return page.evaluate(
    `getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3`,
  );
}

describe.skipIf(!hasChromium)('a mail in a browser (needs Chromium)', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((each) => each.close()));
    requests.length = 0;
  });
  afterAll(() => browser.close());

  describe.each(MAILS)('when it tells of %s', (_what, mail) => {
    it.each(['light', 'dark'] as const)('can be read by everybody in the %s scheme', async (colorScheme) => {
      const page = await show(mail, { viewport: { width: 640, height: 800 }, colorScheme });
      expect(await violations(page)).toEqual([]);
      const light = await brightness(page);
      expect(colorScheme === 'dark' ? light < 60 : light > 200).toBe(true);
    });

    it('needs no scrolling sideways, on a telephone or beside a list of mails', async () => {
      const page = await show(mail, {});
      for (const width of [320, 360, 640]) {
        await page.setViewportSize({ width, height: 700 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
    });

    it('TM7: asks nobody for anything: no request leaves the page', async () => {
      await show(mail, {});
      expect(requests).toEqual([]);
    });

    it('can be read where the mail program drops the style block', async () => {
      const page = await show(
        { ...mail, html: mail.html.replace(/<style>.*?<\/style>/s, '') },
        { viewport: { width: 360, height: 700 } },
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      expect(await violations(page)).toEqual([]);
    });
  });

  it('says at a glance what, when and what to do', async () => {
    const mail = composeParts([{ credential: aCredential(7) }]);
    const page = await show(mail, { viewport: { width: 390, height: 844 } });
    for (const words of [
      'crates-io expires in 7 days',
      '7 of 365 days left',
      'What to do',
      'rotate crates-io',
    ]) {
      const box = await page.getByText(words).first().boundingBox();
      expect((box?.y ?? Number.POSITIVE_INFINITY) + (box?.height ?? 0)).toBeLessThan(844);
    }
  });
});
