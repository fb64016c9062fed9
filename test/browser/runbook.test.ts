import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeRunbook } from '../../src/verify/runbook.ts';
import { renderHtml } from '../../src/verify/runbook-html.ts';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import { aPipeline } from '../support/pipeline-facts.ts';
import { aSubject, aTroubledSubject } from '../support/runbook.ts';

const AT = new Date('2026-11-23T12:00:00Z');
const LONG = 'a-name-that-goes-on-and-on-without-any-place-to-break-it-for-more-than-one-line-of-a-telephone';
const { environment } = aPipeline();

const TROUBLED = renderHtml(writeRunbook(aTroubledSubject(), AT));
/** With the one mark that the other has not. */
const UNVERIFIED = renderHtml(writeRunbook(aSubject(), AT));
const UNBREAKABLE = renderHtml(
  writeRunbook(
    aSubject({
      pipeline: aPipeline({
        repo: `${LONG.slice(0, 39)}/${LONG}`,
        environment: { ...environment, name: LONG, secrets: [LONG.toUpperCase().replaceAll('-', '_')] },
        publishers: { pypi: [LONG], npm: [`@${LONG}/${LONG}`], cratesIo: undefined },
      }),
    }),
    AT,
  ),
);

const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What colours and width can change. */
const RULES_OF_LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

let browser: Browser;
const requests: string[] = [];

async function show(page: string, width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
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

describe.skipIf(!hasChromium)('the runbook in a browser (needs Chromium)', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((each) => each.close()));
    requests.length = 0;
  });
  afterAll(() => browser.close());

  describe('when it shows what fails', () => {
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
      },
    );

    it('asks nobody for anything: no request leaves the page', async () => {
      await show(TROUBLED, 1280, 'light');
      expect(requests).toEqual([]);
    });
  });

  describe('when names do not break by themselves, or nothing was verified', () => {
    it.each([1280, 320])('needs no scrolling sideways at %i pixels', async (width) => {
      for (const page of [UNBREAKABLE, UNVERIFIED]) {
        const tab = await show(page, width, 'light');
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
      }
    });
  });

  describe('when a line of the contents is followed', () => {
    it('shows that step, by keyboard as well', async () => {
      const tab = await show(UNVERIFIED, 1280, 'light');
      const link = tab.getByRole('navigation').getByRole('link', { name: '4.2 Reviewers' });
      await link.focus();
      await tab.keyboard.press('Enter');
      const box = await tab.getByRole('heading', { name: '4.2 Reviewers' }).boundingBox();
      expect(box?.y).toBeLessThan(200);
      expect(await tab.getByRole('navigation').isVisible()).toBe(true);
    });
  });

  describe('when it is printed', () => {
    it('keeps every step, and drops what only a screen needs', async () => {
      const tab = await show(TROUBLED, 1280, 'dark');
      await tab.emulateMedia({ media: 'print', colorScheme: 'light' });
      expect(await tab.getByRole('heading', { level: 3 }).count()).toBeGreaterThan(40);
      expect(await tab.locator('.skip').isVisible()).toBe(false);
      expect(await tab.evaluate(`getComputedStyle(document.querySelector('.contents')).position`)).toBe(
        'static',
      );
    });
  });
});
