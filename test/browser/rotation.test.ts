import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf, statusOf } from '../support/installed.ts';

describe.skipIf(!hasChromium)('a rotation of the built program in a browser (needs Chromium)', () => {
  let browser: Browser;
  let one: Installed;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    one = await installAndRecord();
  });
  afterEach(() => one[Symbol.asyncDispose]());
  afterAll(() => browser.close());

  describe('when a person pastes four wrong things first, then the right token', () => {
    it('D1, D2, D3, D6: goes from the runbook card over each refusal to version 2, and the box opens to what was pasted', async () => {
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      const context = await browser.newContext({
        viewport: { width: 320, height: 640 },
        colorScheme: 'dark',
      });
      const page = await context.newPage();
      await page.goto(address);

      const card = await page.getByRole('main').innerText();
      for (const part of [
        'joaoh82/rust_sqlite',
        'CRATES_IO_TOKEN',
        'github-actions-release',
        'publish-new',
        'falls back to 90 days',
        'not its name, its scopes, its crates or its expiration',
      ]) {
        expect(card).toContain(part);
      }
      expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(320);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

      const token = one.sandbox.offeredToken;
      const paste = async (text: string) => {
        await page.getByLabel('The new token').fill(text);
        await page.getByRole('radio', { name: '365 days' }).check();
        await page.getByRole('button', { name: 'Check, seal and store' }).click();
      };
      for (const [text, words] of [
        [`${token}\u200b`, 'hidden character at position 36'],
        [`token = "${token}"`, 'paste only the token'],
        [`npm_${'a'.repeat(36)}`, 'this is an npm token'],
        [token.replace('c', 'с'), 'hidden character at position 1'],
      ] as const) {
        await paste(text);
        await page.getByRole('alert').getByText(words).waitFor();
        expect(await page.content()).not.toContain(token.slice(4));
      }
      expect(one.sandbox.github.putCount()).toBe(0);
      await paste(` \t${token}\r\n `);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      await page.getByText('The old token stays alive until it is revoked').waitFor();

      expect((await running.finished).code).toBe(0);
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, state: 'ok' });
    });
  });

  describe('when the tab is closed after the submission', () => {
    it('D7, D18: stores and records all the same, and the terminal says so', async () => {
      const running = one.program.start('--json', 'rotate', 'crates-io');
      const address = await openedForm(running);
      const page = await browser.newPage();
      await page.goto(address);
      const held = one.sandbox.github.fault({ method: 'PUT', kind: 'hold' });
      const arrived = one.sandbox.github.when({ method: 'PUT', stage: 'arrived' });
      await page.getByLabel('The new token').fill(one.sandbox.offeredToken);
      await page.getByRole('radio', { name: '365 days' }).check();
      await page.getByRole('button', { name: 'Check, seal and store' }).click({ noWaitAfter: true });
      await arrived;
      await page.close();
      held.release();
      const { code, stdout } = await running.finished;
      expect(code).toBe(0);
      expect(stdout).toContain('"outcome":"recorded"');
      const later = await browser.newPage();
      await expect(later.goto(address)).rejects.toThrow('ERR_CONNECTION_REFUSED');
    });
  });
});
