import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf, statusOf } from '../support/installed.ts';

describe.skipIf(!hasChromium)('a rotation of the built program in a browser (needs Chromium)', () => {
  let browser: Browser;
  let one: Installed;
  beforeAll(async () => {
    [browser, one] = await Promise.all([launchBrowser(), installAndRecord()]);
  });
  afterAll(async () => {
    await browser.close();
    await one[Symbol.asyncDispose]();
  });

  describe('when a person pastes a foreign token first, then the right one', () => {
    it('goes from the runbook card over the refusal to version 2, and the box opens to what was pasted', async () => {
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

      await page.getByLabel('The new token').fill(`npm_${'a'.repeat(36)}`);
      await page.getByRole('radio', { name: '365 days' }).check();
      await page.getByRole('button', { name: 'Check, seal and store' }).click();
      await page.getByRole('alert').getByText('this is an npm token').waitFor();
      await page.getByLabel('The new token').fill(one.sandbox.offeredToken);
      await page.getByRole('button', { name: 'Check, seal and store' }).click();
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      await page.getByText('The old token stays alive until it is revoked').waitFor();

      expect((await running.finished).code).toBe(0);
      expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
      expect((await statusOf(one)).status.credentials[0]).toMatchObject({ version: 2, state: 'ok' });
    });
  });
});
