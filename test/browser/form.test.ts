import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StepReport, SubmitOutcome } from '../../src/rotate/rotation.ts';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import type { TestForm } from '../support/form.ts';
import { buildCard, load, openTestForm, RECORDED, step, TOKEN } from '../support/form.ts';

const REFUSED: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io does not know this token'],
  mayStoreUnchecked: false,
};
const INCONCLUSIVE: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io answered 503'],
  mayStoreUnchecked: true,
};

const [plain] = buildCard().destinations;
/** Everything that a card can hold, in lengths that do not fit. */
const FULL_CARD = buildCard({
  unusualHosts: ['https://github.a-company-with-a-long-name.example.com/api/v3'],
  destinations: [
    ...(plain ? [plain] : []),
    {
      destination: {
        repo: 'an-organisation-with-a-long-name/a-repository-with-an-even-longer-name-than-that',
        environment: 'production-release-environment',
        secret: 'A_SECRET_WHOSE_NAME_GOES_ON_AND_ON_FOR_MORE_THAN_ONE_LINE',
      },
      host: 'github.a-company-with-a-long-name.example.com',
      updatedAt: undefined,
    },
  ],
});

let browser: Browser;
const forms: TestForm[] = [];

async function open(...settings: Parameters<typeof openTestForm>): Promise<TestForm> {
  const form = await openTestForm(...settings);
  forms.push(form);
  return form;
}

async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  return context.newPage();
}

async function visit(form: TestForm, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await newPage(options);
  await page.goto(form.address);
  return page;
}

async function fillIn(page: Page, choice = '365 days'): Promise<void> {
  await page.getByLabel('The new token').fill(TOKEN);
  await page.getByRole('radio', { name: choice, exact: true }).check();
}

async function press(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check, seal and store' }).click();
}

async function violations(page: Page): Promise<readonly string[]> {
  const result = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}

describe.skipIf(!hasChromium)('the form in a browser (needs Chromium)', () => {
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

  describe('when a person stores a token', () => {
    it('goes from a refusal over an inconclusive check to the recorded result', async () => {
      const form = await open([() => REFUSED, () => INCONCLUSIVE, () => RECORDED]);
      const page = await visit(form);
      await fillIn(page);
      await press(page);
      await page.getByRole('alert').getByText('crates.io does not know this token').waitFor();
      expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('alert');
      expect(await page.getByLabel('The new token').inputValue()).toBe('');
      expect(await page.getByRole('radio', { name: '365 days' }).isChecked()).toBe(true);
      await page.getByLabel('The new token').fill(TOKEN);
      await press(page);
      await page.getByRole('checkbox', { name: 'Store it without the check' }).check();
      await page.getByLabel('The new token').fill(TOKEN);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received.map((each) => [each.token, each.submission.unchecked])).toEqual([
        [TOKEN, false],
        [TOKEN, false],
        [TOKEN, true],
      ]);
      expect(await form.ended).toMatchObject({ kind: 'finished' });
    });

    it('shows each step while the rest is still under way', async () => {
      const started = Promise.withResolvers<(report: StepReport) => void>();
      const outcome = Promise.withResolvers<SubmitOutcome>();
      const form = await open([
        (_received, progress) => {
          started.resolve(progress);
          return outcome.promise;
        },
      ]);
      const page = await visit(form);
      await fillIn(page, 'No expiration');
      // The click is over when the answer begins, and it begins with the first step past the check.
      const pressed = press(page);
      const progress = await started.promise;
      progress(step('checked', 'live'));
      progress(step('intended'));
      await pressed;
      await page.getByText('Intent written down').waitFor();
      expect(await page.getByText('Sealed and sent to GitHub').count()).toBe(0);
      expect(await page.getByText('Each step appears here').isVisible()).toBe(true);
      progress(step('stored'));
      await page.getByText('Sealed and sent to GitHub').waitFor();
      outcome.resolve(RECORDED);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(await page.getByText('Each step appears here').isVisible()).toBe(false);
    });

    it('works by keyboard alone, with a date of its own', async () => {
      const form = await open([]);
      const page = await visit(form);
      await page.getByLabel('The new token').focus();
      await page.keyboard.insertText(TOKEN);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      expect(await page.getByRole('radio', { name: 'Another date' }).isChecked()).toBe(true);
      await page.getByLabel('The date on which it expires').fill('2027-06-01');
      await page.getByLabel('The new token').press('Enter');
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received[0]?.submission.expiration).toEqual({ kind: 'date', date: '2027-06-01' });
    });

    it('does not send anything before the question is answered', async () => {
      const form = await open([]);
      const page = await visit(form);
      await page.getByLabel('The new token').fill(TOKEN);
      await press(page);
      expect(await page.evaluate('document.querySelector("form").checkValidity()')).toBe(false);
      expect(form.received).toEqual([]);
    });
  });

  describe('when it is looked at', () => {
    it.each(['light', 'dark'] as const)(
      'has no violation that axe finds, in %s: form, refusal and results',
      async (colorScheme) => {
        const form = await open([() => INCONCLUSIVE, () => RECORDED], { card: FULL_CARD });
        const page = await visit(form, { colorScheme });
        expect(await violations(page)).toEqual([]);
        await fillIn(page);
        await press(page);
        await page.getByRole('alert').waitFor();
        expect(await violations(page)).toEqual([]);
        await page.getByLabel('The new token').fill(TOKEN);
        await press(page);
        await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
        expect(await violations(page)).toEqual([]);
      },
    );

    it.each(['partial', 'unconfirmed', 'failed'] as const)('has none for %s either', async (outcome) => {
      const form = await open([
        () => ({ kind: 'finished', result: { outcome, reasons: ['a reason'], next: ['a next step'] } }),
      ]);
      const page = await visit(form);
      await fillIn(page);
      await press(page);
      await page.getByRole('heading', { name: 'What to do next' }).waitFor();
      expect(await violations(page)).toEqual([]);
    });

    it('needs no horizontal scroll at 320 pixels: form, refusal and result', async () => {
      const form = await open([() => INCONCLUSIVE, () => RECORDED], { card: FULL_CARD });
      const page = await visit(form, { viewport: { width: 320, height: 640 } });
      const width = () => page.evaluate('document.documentElement.scrollWidth');
      expect(await width()).toBe(320);
      await fillIn(page);
      await press(page);
      await page.getByRole('alert').waitFor();
      expect(await width()).toBe(320);
      await page.getByLabel('The new token').fill(TOKEN);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(await width()).toBe(320);
    });

    it('follows the colour scheme, and its style sheet passes its own policy', async () => {
      const form = await open([]);
      const colour = async (colorScheme: 'light' | 'dark') =>
        (await visit(form, { colorScheme })).evaluate('getComputedStyle(document.body).backgroundColor');
      expect([await colour('light'), await colour('dark')]).toEqual([
        'rgb(244, 242, 237)',
        'rgb(18, 21, 23)',
      ]);
    });

    it('says nothing on the console, and asks for nothing else', async () => {
      const form = await open([]);
      const page = await newPage();
      const seen: string[] = [];
      page.on('console', (message) => seen.push(message.text()));
      page.on('request', (request) => seen.push(request.url()));
      await page.goto(form.address);
      await fillIn(page);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(seen).toEqual([form.address, form.address]);
    });
  });

  describe('when another page attacks it', () => {
    /** A page of an attacker who knows even address and nonce, on an origin of his own, until the form has met it. */
    async function attack(form: TestForm, markup: string, host = 'evil.test'): Promise<Page> {
      const server = createServer((_request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(`<!doctype html><title>attack</title>${markup}`);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const page = await newPage();
      page.context().on('close', () => server.close());
      await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`, { waitUntil: 'commit' });
      await form.warned;
      return page;
    }

    function autoPost(form: TestForm): string {
      const fields = { nonce: form.nonce, token: 'planted', expiration: '365d' };
      const inputs = Object.entries(fields).map(
        ([name, value]) => `<input type=hidden name=${name} value="${value}">`,
      );
      return `<form method=post action="${form.address}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`;
    }

    async function expectUntouched(form: TestForm): Promise<void> {
      expect(form.received).toEqual([]);
      const page = await visit(form);
      await fillIn(page);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received.map((each) => each.token)).toEqual([TOKEN]);
    }

    it.each(['evil.test', '127.0.0.1', 'localhost'])(
      'D12: refuses a form posted from %s on another port',
      async (host) => {
        const form = await open([]);
        const page = await attack(form, autoPost(form), host);
        await page.getByText('Not available.').waitFor();
        expect(form.warnings).toEqual([expect.stringContaining('tried to send something')]);
        await expectUntouched(form);
      },
    );

    it('D12: refuses a sandboxed frame, whose Origin is null', async () => {
      const form = await open([]);
      const frame = autoPost(form).replaceAll('&', '&amp;').replaceAll("'", '&#39;');
      await attack(form, `<iframe sandbox="allow-scripts allow-forms" srcdoc='${frame}'></iframe>`);
      expect(form.warnings).toEqual([expect.stringContaining('tried to send something')]);
      await expectUntouched(form);
    });

    it('D12: refuses what fetch can send without being asked', async () => {
      const form = await open([]);
      const body = `nonce=${form.nonce}&token=planted&expiration=365d`;
      const script = `fetch(${JSON.stringify(form.address)}, {method: 'POST', mode: 'no-cors', body: new URLSearchParams(${JSON.stringify(body)})})`;
      await attack(form, `<script>${script}</script>`);
      expect(form.warnings).toEqual([expect.stringContaining('tried to send something')]);
      await expectUntouched(form);
    });

    it('D13: refuses a name that was rebound to this machine', async () => {
      const form = await open([]);
      const page = await newPage();
      const response = await page.goto(form.address.replace('127.0.0.1', 'rebound.test'));
      expect(response?.status()).toBe(421);
      expect(await page.content()).not.toContain('K7QX4M');
      await expectUntouched(form);
    });

    it.each([
      ['a frame', (address: string) => `<iframe src="${address}"></iframe>`],
      ['an object', (address: string) => `<object data="${address}"></object>`],
      ['an image', (address: string) => `<img src="${address}">`],
    ])('D12: shows nothing within %s', async (_what, markup) => {
      const form = await open([]);
      const page = await attack(form, markup(form.address));
      await page.waitForLoadState('load');
      const contents = await Promise.all(page.frames().map((frame) => frame.content().catch(() => 'gone')));
      expect(contents.join()).not.toMatch(/K7QX4M|cargo-publish/);
      await expectUntouched(form);
    });

    it.each(['prefetch', 'prerender', 'preload'])(
      'D11: is not touched by a link with rel=%s',
      async (rel) => {
        const form = await open([]);
        const server = createServer((_request, response) => {
          response.setHeader('Content-Type', 'text/html; charset=utf-8');
          response.end(
            `<!doctype html><link rel=${rel} as=document href="${form.address}"><title>early</title>`,
          );
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const page = await newPage();
        page.context().on('close', () => server.close());
        await page.goto(`http://evil.test:${(server.address() as AddressInfo).port}/`, {
          waitUntil: 'networkidle',
        });
        await expectUntouched(form);
      },
    );

    it('D12: refuses a WebSocket to the right address', async () => {
      const form = await open([]);
      const url = form.address.replace('http:', 'ws:');
      const page = await newPage();
      const outcome = await page.evaluate(
        (address) =>
          new Promise((resolve) => {
            const socket = new WebSocket(address);
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
          }),
        url,
      );
      expect(outcome).toBe('refused');
      await expectUntouched(form);
    });

    it('D20: shows a constant page to a link from elsewhere, and the form in a tab of its own', async () => {
      const form = await open([]);
      const page = await attack(form, `<script>location = ${JSON.stringify(form.address)}</script>`);
      await page.getByRole('heading', { name: 'Open this address in a new tab' }).waitFor();
      expect(await page.content()).not.toMatch(/K7QX4M|cargo-publish/);
      expect(form.warnings).toEqual([expect.stringContaining('opened from another page')]);
      expect((await load(form)).status).toBe(200);
      await expectUntouched(form);
    });
  });
});
