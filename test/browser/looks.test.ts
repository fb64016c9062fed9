import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { FormOptions } from '../../src/form/form.ts';
import type { ResultOutcome, SubmitOutcome } from '../../src/rotate/rotation.ts';
import { hasChromium } from '../support/browser.ts';
import type { Answer, TestForm } from '../support/form.ts';
import { buildCard, RECORDED, submit } from '../support/form.ts';
import {
  ANY_CARD,
  CERTIFICATE_CARD,
  completing,
  DATES_CARD,
  FULL_CARD,
  INCONCLUSIVE,
  LEAKED,
  manyPlaces,
  OBSERVED_CARD,
  partly,
  readCertificate,
  reportsOf,
  SOMETIMES_READ_CARD,
  WRONG_PASSWORD,
} from '../support/form-states.ts';
import { fillIn, openVisits, press } from '../support/visits.ts';

const MANY = buildCard({ destinations: manyPlaces(40) });

const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What colours and width can change. */
const RULES_OF_LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

async function violations(page: Page, colorScheme: 'light' | 'dark'): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page });
  const result = await (colorScheme === 'light'
    ? axe.withTags(ALL_RULES)
    : axe.withRules(RULES_OF_LOOKS)
  ).analyze();
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}

interface State {
  readonly options?: Partial<FormOptions>;
  readonly answers?: readonly Answer[];
  /** Goes there from the open form, and returns once it shows. */
  readonly reach?: (page: Page, form: TestForm) => Promise<unknown>;
}

async function send(page: Page): Promise<void> {
  await fillIn(page);
  await press(page);
}

function ending(outcome: ResultOutcome): State {
  const result = { outcome, reasons: ['a reason'], next: ['see https://crates.io/settings/tokens'] };
  return {
    answers: [() => ({ kind: 'finished', result })],
    reach: async (page) => {
      await send(page);
      await page.locator('.result').waitFor();
    },
  };
}

/** Every page that the form can show, but those of a token on its way, and one end of each colour. */
const STATES: Readonly<Record<string, State>> = {
  'everything that a card can hold': { options: { card: { ...FULL_CARD, alarm: LEAKED } } },
  'a form for one of forty repositories': { options: { card: MANY } },
  'the same token again': { options: { card: completing(2, 3) } },
  'a file to choose, with its password': { options: { card: CERTIFICATE_CARD } },
  'a line or a file': { options: { card: ANY_CARD, maxTokenBytes: 49_152 } },
  'what is stored nowhere': { options: { card: DATES_CARD } },
  'what may say its expiry itself': { options: { card: SOMETIMES_READ_CARD } },
  'a password that does not open the file': {
    options: { card: CERTIFICATE_CARD },
    answers: [() => WRONG_PASSWORD],
    reach: async (page) => {
      await page
        .locator('#file')
        .setInputFiles({ name: 'a', mimeType: 'text/plain', buffer: Buffer.from('a') });
      await press(page);
      await page.getByRole('alert').waitFor();
    },
  },
  'an expiry that nobody has observed': {
    options: { card: OBSERVED_CARD },
    answers: [() => INCONCLUSIVE],
    reach: async (page) => {
      await send(page);
      await page.getByRole('alert').waitFor();
    },
  },
  'a certificate that was read': {
    options: { card: CERTIFICATE_CARD },
    answers: [readCertificate],
    reach: async (page) => {
      await page
        .locator('#file')
        .setInputFiles({ name: 'a', mimeType: 'text/plain', buffer: Buffer.from('a') });
      await press(page);
      await page.locator('.result').waitFor();
    },
  },
  'a refusal that offers to store unchecked': {
    options: { card: FULL_CARD },
    answers: [() => INCONCLUSIVE],
    reach: async (page) => {
      await send(page);
      await page.getByRole('alert').waitFor();
    },
  },
  'most of forty stored': {
    options: { card: MANY },
    answers: [partly(MANY, 9)],
    reach: async (page) => {
      await send(page);
      await page.getByText('Stored at some destinations only').waitFor();
      await page.getByText('8 destinations').click();
    },
  },
  recorded: ending('recorded'),
  unconfirmed: ending('unconfirmed'),
  failed: ending('failed'),
  'too many tries': {
    answers: [() => INCONCLUSIVE],
    reach: async (page, form) => {
      for (let count = 0; count < 5; count++) await submit(form);
      await send(page);
      await page.getByRole('heading', { name: 'Too many tries' }).waitFor();
    },
  },
  'a link from elsewhere': {
    reach: async (page, form) => {
      await page.goto('about:blank');
      await page.setContent(`<a href="${form.address}">a link</a>`);
      await page.getByRole('link').click();
      await page.getByRole('heading', { name: 'Open this address in a new tab' }).waitFor();
    },
  },
};

describe.skipIf(!hasChromium)('every page of the form (needs Chromium)', () => {
  const { open, newPage, visit } = openVisits();

  /** Light and wide, then dark and 320 pixels: as wide as a window of 1280 pixels at 400 %. */
  async function expectPleasant(page: Page): Promise<void> {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 320],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 720 });
      expect(await violations(page, colorScheme)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  }

  describe.each(Object.entries(STATES))(
    'when it shows %s',
    (_what, { options = {}, answers = [], reach }) => {
      it('has no violation that axe finds, and no horizontal scroll', async () => {
        const form = await open(answers, options);
        const page = await visit(form);
        await reach?.(page, form);
        await expectPleasant(page);
      });
    },
  );

  describe('when the token is on its way', () => {
    it('has none either: twelve of forty in the first tab, and what a second one is told', async () => {
      const outcome = Promise.withResolvers<SubmitOutcome>();
      const stored: Answer = (_received, progress) => {
        for (const report of reportsOf(MANY, 12)) progress(report);
        return outcome.promise;
      };
      const form = await open([stored], { card: MANY });
      const page = await visit(form);
      await send(page);
      await page.getByText('12 of 40').waitFor();
      expect(await page.getByText('11 of 40').isVisible()).toBe(false);
      await expectPleasant(page);
      const second = await visit(form);
      await second.getByRole('heading', { name: 'Already sent' }).waitFor();
      await expectPleasant(second);
      outcome.resolve(RECORDED);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
    });
  });

  describe('when many destinations are stored', () => {
    it('shows each once, how far it is, and the result above them', async () => {
      const { options = {}, answers = [], reach } = STATES['most of forty stored'] ?? {};
      const form = await open(answers, options);
      const page = await visit(form);
      await reach?.(page, form);
      expect(await page.locator('.place').count()).toBe(40);
      const top = async (selector: string) => (await page.locator(selector).first().boundingBox())?.y ?? 0;
      expect(await top('.result')).toBeLessThan(await top('.place'));
      expect(await page.locator('.count').first().isVisible()).toBe(false);
    });
  });

  describe('when colours are chosen', () => {
    it('follows the colour scheme, and its style sheet passes its own policy', async () => {
      const form = await open([]);
      const colour = async (colorScheme: 'light' | 'dark') =>
        (await visit(form, { colorScheme })).evaluate('getComputedStyle(document.body).backgroundColor');
      expect([await colour('light'), await colour('dark')]).toEqual([
        'rgb(244, 242, 237)',
        'rgb(18, 21, 23)',
      ]);
    });
  });

  describe('when it is watched', () => {
    it('says nothing on the console, and asks for nothing else', async () => {
      const form = await open([]);
      const page = await newPage();
      const seen: string[] = [];
      page.on('console', (message) => seen.push(message.text()));
      page.on('request', (request) => seen.push(request.url()));
      await page.goto(form.address);
      await send(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(seen).toEqual([form.address, form.address]);
    });
  });
});
