import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { renderPage } from '../../src/web/page.ts';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import { aFinding, anOverview, aStatus, calm, ending, many, troubled } from '../web/page-overviews.ts';

const LONG =
  'a-name-that-goes-on-and-on-without-any-place-to-break-it-for-more-than-one-line-of-a-telephone'.replaceAll(
    '-',
    '_',
  );
const [PLACE] = aStatus().destinations;

const TROUBLED = renderPage(troubled());
const UNBREAKABLE = renderPage(
  anOverview({
    command: `ssh ${LONG} ${LONG}`,
    credentials: [
      ending(3, {
        name: LONG,
        purpose: LONG,
        destinations: PLACE ? [{ ...PLACE, repo: `${LONG}/${LONG}`, environment: LONG, secret: LONG }] : [],
      }),
      ending(300, { name: `${LONG}_2` }),
    ],
    findings: [aFinding({ subject: LONG, observed: LONG, remedy: `https://github.com/${LONG}/${LONG}` })],
    pipelines: [{ name: LONG, verifiedAt: undefined }],
  }),
);

const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What colours and width can change. */
const RULES_OF_LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

let browser: Browser;
const requests: string[] = [];

async function show(page: string, width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  const tab = await context.newPage();
  tab.on('request', (request) => requests.push(request.url()));
  await tab.setContent(page, { waitUntil: 'load' });
  return tab;
}

async function violations(page: Page, rules: 'all' | 'of looks'): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page });
  const result = await (rules === 'all' ? axe.withTags(ALL_RULES) : axe.withRules(RULES_OF_LOOKS)).analyze();
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}

describe.skipIf(!hasChromium)('the page of what one look shows (needs Chromium)', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((each) => each.close()));
    requests.length = 0;
  });
  afterAll(() => browser.close());

  describe('when something is wrong', () => {
    it.each([
      [1280, 'light', 'all'],
      [1280, 'dark', 'of looks'],
      [320, 'light', 'of looks'],
      [320, 'dark', 'all'],
    ] as const)(
      'can be read by everybody at %i pixels in the %s scheme',
      async (width, colorScheme, rules) => {
        const tab = await show(TROUBLED, width, colorScheme);
        expect(await violations(tab, rules)).toEqual([]);
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(requests).toEqual([]);
      },
    );

    it('shows the most urgent thing and what to type without scrolling, on a telephone as well', async () => {
      for (const width of [1280, 320]) {
        const tab = await show(TROUBLED, width);
        const box = await tab.locator('.headline .command').boundingBox();
        expect((box?.y ?? 800) + (box?.height ?? 0)).toBeLessThan(500);
      }
    });
  });

  describe('when nothing is wrong', () => {
    it('can be read by everybody', async () => {
      const tab = await show(renderPage(calm()), 320, 'light');
      expect(await violations(tab, 'of looks')).toEqual([]);
    });
  });

  describe('when names do not break by themselves', () => {
    it.each([1280, 800, 320])('needs no scrolling sideways at %i pixels', async (width) => {
      const tab = await show(UNBREAKABLE, width);
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
    });
  });

  describe('when the keyboard is used', () => {
    it('opens a credential, and shows where the focus is', async () => {
      const tab = await show(TROUBLED, 1280);
      const line = tab.locator('summary', { hasText: 'docker-hub' });
      await line.focus();
      await tab.keyboard.press('Shift+Tab');
      await tab.keyboard.press('Tab');
      expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      const shown = tab.locator('details', { has: line }).getByText('Lives in');
      expect(await shown.isVisible()).toBe(false);
      await tab.keyboard.press('Enter');
      expect(await shown.isVisible()).toBe(true);
    });
  });

  describe('when a line of the year is drawn', () => {
    it('ends where its expiry lies between the months, whatever the width', async () => {
      for (const width of [1280, 320]) {
        const tab = await show(renderPage(anOverview({ credentials: [ending(181)] })), width);
        const strip = await tab.locator('.strip').boundingBox();
        const life = await tab.locator('.strip .life').boundingBox();
        const half = (strip?.width ?? 0) * 0.026 + (strip?.width ?? 0) * 0.964 * 0.5;
        expect(Math.abs((life?.x ?? 0) + (life?.width ?? 0) - (strip?.x ?? 0) - half)).toBeLessThan(4);
      }
    });
  });

  describe('when there are many', () => {
    it('stays one page that can be looked over: those that need somebody first, the others a line each', async () => {
      const tab = await show(renderPage(many(60)), 1280);
      const first = tab.locator('#later summary').first();
      expect((await first.boundingBox())?.height).toBeLessThan(48);
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(1280);
    });
  });

  describe('when it is printed', () => {
    it('opens every line, on white', async () => {
      const tab = await show(renderPage(calm()), 800, 'dark');
      await tab.emulateMedia({ media: 'print' });
      const places = tab.getByText('Lives in', { exact: true });
      const visible = await Promise.all((await places.all()).map((place) => place.isVisible()));
      expect(visible).toEqual([true, true, true, true, true]);
      expect(await tab.locator('.skip').isVisible()).toBe(false);
      expect(await tab.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)');
    });
  });
});
