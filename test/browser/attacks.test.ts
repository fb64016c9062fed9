import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { hasChromium } from '../support/browser.ts';
import type { TestForm } from '../support/form.ts';
import { load, TOKEN } from '../support/form.ts';
import { ANY_CARD } from '../support/form-states.ts';
import { fillIn, openVisits, press } from '../support/visits.ts';

const SHOWN = /K7QX4M|cargo-publish/;
const SENT = [expect.stringContaining('tried to send something')];
const OPENED = [expect.stringContaining('opened from another page')];

describe.skipIf(!hasChromium)('when another page attacks the form (needs Chromium)', () => {
  const { open, newPage } = openVisits();

  /** A page of an attacker who knows even address and nonce, on an origin of his own. */
  async function lure(markup: string, host = 'evil.test'): Promise<Page> {
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(`<!doctype html><title>attack</title>${markup}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const page = await newPage();
    page.context().on('close', () => server.close());
    await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`, { waitUntil: 'commit' });
    return page;
  }

  /** The same, until the form has met it. */
  async function attack(form: TestForm, markup: string, host?: string): Promise<Page> {
    const page = await lure(markup, host);
    await form.warned;
    return page;
  }

  function autoPost(form: TestForm): string {
    const fields = { token: 'planted', expiration: '365d', nonce: form.nonce };
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input type=hidden name=${name} value="${value}">`,
    );
    return `<form method=post action="${form.address}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`;
  }

  /** Nothing of the attack came through, and a tab of the person works in the same profile. */
  async function expectUntouched(form: TestForm, beside: Page, choice?: string): Promise<void> {
    expect(form.received).toEqual([]);
    const page = await beside.context().newPage();
    await page.goto(form.address);
    await fillIn(page, choice);
    await press(page);
    await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
    expect(form.received.map((each) => each.token)).toEqual([TOKEN]);
  }

  describe('when it sends something', () => {
    it.each(['evil.test', '127.0.0.1', 'localhost'])(
      'D12: refuses a form posted from %s on another port',
      async (host) => {
        const form = await open([]);
        const page = await attack(form, autoPost(form), host);
        await page.getByText('Not available.').waitFor();
        expect(form.warnings).toEqual(SENT);
        await expectUntouched(form, page);
      },
    );

    it('D12: refuses a form with a file in it, as a page with a file to choose takes it', async () => {
      const form = await open([], { card: ANY_CARD });
      const inputs = { token: '', expiration: 'never', 'expires-on': '', nonce: form.nonce };
      const markup = Object.entries(inputs).map(
        ([name, value]) => `<input type=hidden name=${name} value="${value}">`,
      );
      const script = `const chosen = new DataTransfer();
chosen.items.add(new File(['planted'], 'planted.pem'));
document.querySelector('[type=file]').files = chosen.files;
document.forms[0].submit();`;
      const page = await attack(
        form,
        `<form method=post enctype="multipart/form-data" action="${form.address}"><input type=file name=file>${markup.join('')}</form><script>${script}</script>`,
      );
      await page.getByText('Not available.').waitFor();
      expect(form.warnings).toEqual(SENT);
      await expectUntouched(form, page, 'No expiration');
    });

    it('D12: refuses a sandboxed frame, whose Origin is null', async () => {
      const form = await open([]);
      const frame = autoPost(form).replaceAll('&', '&amp;').replaceAll("'", '&#39;');
      const page = await attack(
        form,
        `<iframe sandbox="allow-scripts allow-forms" srcdoc='${frame}'></iframe>`,
      );
      expect(form.warnings).toEqual(SENT);
      await expectUntouched(form, page);
    });

    it.each(['evil.test', '127.0.0.1'])(
      'D12: refuses what fetch can send from %s without being asked',
      async (host) => {
        const form = await open([]);
        const body = `token=planted&expiration=365d&nonce=${form.nonce}`;
        const script = `fetch(${JSON.stringify(form.address)}, {method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams(${JSON.stringify(body)})})`;
        const page = await attack(form, `<script>${script}</script>`, host);
        expect(form.warnings).toEqual(SENT);
        await expectUntouched(form, page);
      },
    );

    it('D12: refuses a WebSocket to the right address', async () => {
      const form = await open([]);
      const script = `const socket = new WebSocket(${JSON.stringify(form.address.replace('http:', 'ws:'))});
socket.onopen = () => { document.title = 'open' };
socket.onerror = () => { document.title = 'refused' };`;
      const page = await attack(form, `<script>${script}</script>`);
      await page.waitForFunction('document.title !== "attack"');
      expect(await page.title()).toBe('refused');
      await expectUntouched(form, page);
    });
  });

  describe('when it comes under another name', () => {
    it('D13: refuses a name that was rebound to this machine', async () => {
      const form = await open([]);
      const page = await newPage();
      const response = await page.goto(form.address.replace('127.0.0.1', 'rebound.test'));
      expect(response?.status()).toBe(421);
      expect(await page.content()).not.toMatch(SHOWN);
      await expectUntouched(form, page);
    });

    it('D13: shows nothing at 0.0.0.0, refused by us or by the browser', async () => {
      const form = await open([]);
      const page = await newPage();
      const response = await page.goto(form.address.replace('127.0.0.1', '0.0.0.0')).catch(() => undefined);
      expect(response?.status() ?? 421).toBe(421);
      expect(await page.content()).not.toMatch(SHOWN);
      await expectUntouched(form, page);
    });
  });

  describe('when it shows the form as its own', () => {
    it.each([
      ['a frame', (address: string) => `<iframe src="${address}"></iframe>`],
      ['an object', (address: string) => `<object data="${address}"></object>`],
      ['an image', (address: string) => `<img src="${address}">`],
      ['a script', (address: string) => `<script src="${address}"></script>`],
    ])('D12: shows nothing within %s', async (_what, markup) => {
      const form = await open([]);
      const page = await attack(form, markup(form.address));
      await page.waitForLoadState('load');
      const contents = await Promise.all(page.frames().map((frame) => frame.content().catch(() => 'gone')));
      expect(contents.join()).not.toMatch(SHOWN);
      await expectUntouched(form, page);
    });
  });

  describe('when it loads the form ahead of its time', () => {
    it.each([
      ['prefetch', (address: string) => `<link rel=prefetch as=document href="${address}">`],
      ['prerender', (address: string) => `<link rel=prerender href="${address}">`],
      ['preload', (address: string) => `<link rel=preload as=fetch href="${address}">`],
      [
        'speculation rules',
        (address: string) =>
          `<script type=speculationrules>{"prefetch": [{"urls": ["${address}"]}], "prerender": [{"urls": ["${address}"]}]}</script>`,
      ],
    ])('D11: is not touched by %s', async (_what, markup) => {
      const form = await open([]);
      const page = await lure(markup(form.address));
      await page.waitForLoadState('networkidle');
      await expectUntouched(form, page);
    });
  });

  describe('when it links to the right address', () => {
    it.each([
      ['goes there', (address: string) => `<script>location = ${JSON.stringify(address)}</script>`],
      ['refreshes', (address: string) => `<meta http-equiv=refresh content="0; url=${address}">`],
    ])(
      'D20: shows a constant page where the page %s, and the form in a tab of its own',
      async (_what, markup) => {
        const form = await open([]);
        const page = await attack(form, markup(form.address));
        await page.getByRole('heading', { name: 'Open this address in a new tab' }).waitFor();
        expect(await page.content()).not.toMatch(SHOWN);
        expect(form.warnings).toEqual(OPENED);
        expect((await load(form)).status).toBe(200);
        await expectUntouched(form, page);
      },
    );

    it('D20: shows it also in a window that the page opened, and whose opener it is not', async () => {
      const form = await open([]);
      const page = await lure(
        `<button onclick="opened = window.open(${JSON.stringify(form.address).replaceAll('"', "'")})">see</button>`,
      );
      const [popup] = await Promise.all([
        page.waitForEvent('popup'),
        page.getByRole('button', { name: 'see' }).click(),
      ]);
      await popup.getByRole('heading', { name: 'Open this address in a new tab' }).waitFor();
      expect(await popup.evaluate('window.opener')).toBeNull();
      expect(form.warnings).toEqual(OPENED);
      await expectUntouched(form, page);
    });
  });
});
