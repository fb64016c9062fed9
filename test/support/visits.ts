import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchBrowser } from './browser.ts';
import type { TestForm } from './form.ts';
import { openTestForm, TOKEN } from './form.ts';

/** Forms and tabs of one Chromium; all are closed after each test. */
export interface Visits {
  open(...settings: Parameters<typeof openTestForm>): Promise<TestForm>;
  /** A tab with a profile of its own. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** A tab in which a person has opened the address of a form. */
  visit(form: TestForm, options?: BrowserContextOptions): Promise<Page>;
}

/** To be called within a `describe`, whose tests share the browser. `evil.test` and `rebound.test` are this machine. */
export function openVisits(): Visits {
  const forms: TestForm[] = [];
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser([
      '--host-resolver-rules=MAP rebound.test 127.0.0.1, MAP evil.test 127.0.0.1',
    ]);
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await Promise.all(forms.splice(0).map((form) => form.cancel()));
  });
  afterAll(() => browser.close());
  const newPage: Visits['newPage'] = async (options = {}) => (await browser.newContext(options)).newPage();
  return {
    open: async (...settings) => {
      const form = await openTestForm(...settings);
      forms.push(form);
      return form;
    },
    newPage,
    visit: async (form, options) => {
      const page = await newPage(options);
      await page.goto(form.address);
      return page;
    },
  };
}

export async function fillIn(page: Page, choice = '365 days'): Promise<void> {
  await page.locator('#token').fill(TOKEN);
  const radio = page.getByRole('radio', { name: choice, exact: true });
  if ((await radio.count()) > 0) await radio.check();
}

/** Does not wait for the answer where it is still to begin. */
export async function press(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check, seal and store' }).click({ noWaitAfter: true });
}
