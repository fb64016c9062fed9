import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { StepReport, SubmitOutcome } from '../../src/rotate/rotation.ts';
import { hasChromium } from '../support/browser.ts';
import { RECORDED, step, TOKEN } from '../support/form.ts';
import { ANY_CARD, CERTIFICATE_CARD, INCONCLUSIVE, REFUSED } from '../support/form-states.ts';
import { fillIn, openVisits, press } from '../support/visits.ts';

describe.skipIf(!hasChromium)('the form in a browser (needs Chromium)', () => {
  const { open, visit } = openVisits();

  describe('when its time is over', () => {
    const SHORT = { firstLoadMs: 5_000, totalMs: 60_000 };

    it('is gone from the tab with what was typed, so that it goes to nobody else (TM1)', async () => {
      const form = await open([], { deadlines: SHORT });
      const page = await visit(form);
      await page.getByLabel('The new token').fill(TOKEN);
      await page.waitForURL('about:blank');
      expect(await form.ended).toMatchObject({ kind: 'expired' });
      expect(form.received).toEqual([]);
    });

    it('lets a submission that is on its way have its answer', async () => {
      const outcome = Promise.withResolvers<SubmitOutcome>();
      const form = await open([() => outcome.promise], { deadlines: SHORT });
      const page = await visit(form);
      await fillIn(page);
      const later = await visit(form);
      const pressed = press(page);
      // The time of the tab that was opened first is over by then, too.
      await later.waitForURL('about:blank');
      expect(form.received).toHaveLength(1);
      outcome.resolve(RECORDED);
      await pressed;
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
    });
  });

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
      const focused = () => page.evaluate('document.activeElement.id');
      for (let tab = 0; tab < 5 && (await focused()) !== 'token'; tab++) await page.keyboard.press('Tab');
      expect(await focused()).toBe('token');
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

  describe('when a person chooses a file', () => {
    const FILE = { name: 'release "ü" 1.p12', mimeType: 'application/x-pkcs12', buffer: randomBytes(49_152) };

    it('hands over 48 KB byte for byte, with the password that opens it', async () => {
      const form = await open([], { card: CERTIFICATE_CARD, maxTokenBytes: 49_152 });
      const page = await visit(form);
      await page.getByLabel('The new certificate').setInputFiles(FILE);
      await page.getByLabel('The password of the file').fill('pass wörd');
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received[0]?.bytes.equals(FILE.buffer)).toBe(true);
      expect(form.received[0]?.password).toBe('pass wörd');
      expect(form.received[0]?.submission.expiration).toEqual({ kind: 'found' });
    });

    it('asks for it once more after a refusal, and names the field that it is about', async () => {
      const answer: SubmitOutcome = {
        kind: 'refused',
        reasons: ['the password does not open the file'],
        mayStoreUnchecked: false,
        field: 'password',
      };
      const form = await open([() => answer, () => RECORDED], {
        card: CERTIFICATE_CARD,
        maxTokenBytes: 49_152,
      });
      const page = await visit(form);
      await page.getByLabel('The new certificate').setInputFiles(FILE);
      await press(page);
      await page
        .getByRole('alert')
        .getByRole('link', { name: 'the password does not open the file' })
        .click();
      expect(await page.evaluate('document.activeElement.id')).toBe('password');
      await page.keyboard.insertText('another');
      await press(page);
      expect(await page.evaluate('document.querySelector("form").checkValidity()')).toBe(false);
      await page.getByLabel('The new certificate').setInputFiles(FILE);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received.map(({ password }) => password)).toEqual([undefined, 'another']);
    });

    it('says that it is too long, by one byte and by a disk image', async () => {
      const form = await open([], { card: CERTIFICATE_CARD, maxTokenBytes: 49_152 });
      const page = await visit(form);
      await page.getByLabel('The new certificate').setInputFiles({ ...FILE, buffer: Buffer.alloc(49_153) });
      await press(page);
      await page.getByRole('alert').getByText('The file is 49153 bytes long').waitFor();
      await page
        .getByLabel('The new certificate')
        .setInputFiles({ ...FILE, buffer: Buffer.alloc(20_000_000) });
      await press(page);
      await page.getByRole('heading', { name: 'Too long' }).waitFor();
      expect(form.received).toEqual([]);
    });

    it('takes a line where it may be either, and asks again for both', async () => {
      const form = await open([], { card: ANY_CARD, maxTokenBytes: 49_152 });
      const page = await visit(form);
      await fillIn(page, 'No expiration');
      await page.getByLabel('Or the file that holds it').setInputFiles(FILE);
      await press(page);
      await page.getByRole('alert').getByText('give one of them').waitFor();
      await fillIn(page, 'No expiration');
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received.map(({ token }) => token)).toEqual([TOKEN]);
    });

    it('is led by the keyboard from the file over its password to the button', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const page = await visit(form);
      const order: unknown[] = [];
      for (let tab = 0; tab < 3; tab++) {
        await page.keyboard.press('Tab');
        order.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent'));
      }
      expect(order).toEqual(['file', 'password', 'Check, seal and store']);
    });
  });

  describe('when two tabs are open', () => {
    it('D9: stores what the first one sent, and the second is told', async () => {
      const outcome = Promise.withResolvers<SubmitOutcome>();
      const started = Promise.withResolvers<void>();
      const form = await open([
        () => {
          started.resolve();
          return outcome.promise;
        },
      ]);
      const [first, second] = [await visit(form), await visit(form)];
      await fillIn(first);
      await fillIn(second);
      await press(first);
      await started.promise;
      await press(second);
      await second.getByRole('heading', { name: 'Already sent' }).waitFor();
      outcome.resolve(RECORDED);
      await first.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received).toHaveLength(1);
    });
  });

  describe('when a person goes back after the result', () => {
    it('shows neither the token nor the form, and nothing can be sent again', async () => {
      const form = await open([]);
      const page = await visit(form);
      await fillIn(page);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      await form.ended;
      // Nobody answers any more: what the browser shows instead is its own, at any time.
      const shown = () => vi.waitUntil(() => page.content().catch(() => ''), 30_000);
      await page.goBack().catch(() => undefined);
      expect(await shown()).not.toMatch(/id="token"|K7QX4M/);
      await page.goForward().catch(() => undefined);
      await page.reload().catch(() => undefined);
      expect(await shown()).not.toContain(TOKEN);
      expect(form.received).toHaveLength(1);
    });

    it('shows an empty form where the token was refused, and takes the next one', async () => {
      const form = await open([() => REFUSED, () => RECORDED]);
      const page = await visit(form);
      await fillIn(page);
      await press(page);
      await page.getByRole('alert').waitFor();
      await page.goBack();
      expect(await page.locator('#token').inputValue()).toBe('');
      await fillIn(page);
      await press(page);
      await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
      expect(form.received).toHaveLength(2);
    });
  });
});
