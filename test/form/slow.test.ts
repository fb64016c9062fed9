import { describe, it } from 'vitest';
import type { TestForm } from '../support/form.ts';
import { formBody, load, openTestForm, submit, submitHeaders } from '../support/form.ts';
import { accepts, openSocket, parseAnswer, readAll, requestText } from '../support/raw-http.ts';

/** Sends the beginning of something, and returns what comes back, with the milliseconds until then. */
async function begin(form: TestForm, text: string): Promise<{ wire: string; after: number }> {
  const socket = await openSocket(form.port);
  const started = performance.now();
  const wire = readAll(socket);
  socket.write(text);
  return { wire: await wire, after: performance.now() - started };
}

/** Sends a beginning, then a byte now and then, until it is closed; `closed`: the milliseconds until then. */
async function trickle(
  form: TestForm,
  beginning: string,
  byte: string,
): Promise<{ closed: Promise<number> }> {
  const socket = await openSocket(form.port);
  const started = performance.now();
  socket.write(beginning);
  const timer = setInterval(() => socket.write(byte), 400);
  const closed = readAll(socket).then(() => {
    clearInterval(timer);
    return performance.now() - started;
  });
  return { closed };
}

// These wait for the server's own deadlines, so they wait side by side.
describe.concurrent('openForm', () => {
  describe('D15: when headers are sent slowly', () => {
    it('answers 408 within 7 seconds, and an honest tab in between', async ({ expect }) => {
      const form = await openTestForm([]);
      const slow = begin(form, `GET ${form.path} HTTP/1.1\r\nHost: `);
      expect((await load(form)).status).toBe(200);
      const { wire, after } = await slow;
      expect(parseAnswer(wire)).toMatchObject({ status: 408, body: 'Not available.\n' });
      expect(after).toBeLessThan(7_000);
      expect((await submit(form)).status).toBe(200);
      await form.ended;
    });
  });

  describe('D15: when a body is sent slowly', () => {
    it('answers 408 within 12 seconds, and stays open', async ({ expect }) => {
      const form = await openTestForm([]);
      const body = formBody(form);
      const head = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body.slice(0, -1));
      const { wire, after } = await begin(form, head);
      expect(parseAnswer(wire)).toMatchObject({ status: 408, body: 'Not available.\n' });
      expect(after).toBeLessThan(12_000);
      expect(form.received).toEqual([]);
      expect((await submit(form)).status).toBe(200);
      await form.ended;
    });
  });

  describe('D15: when 64 are slow at once: silent, within their headers, and within their body', () => {
    it('serves an honest tab meanwhile, and is rid of them within 12 seconds', async ({ expect }) => {
      const form = await openTestForm([]);
      const body = formBody(form);
      const post = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body.slice(0, 9));
      const trickles = await Promise.all([
        ...Array.from({ length: 30 }, () => trickle(form, '', '')),
        ...Array.from({ length: 30 }, () => trickle(form, `GET ${form.path} HTTP/1.1\r\nA: `, 'a')),
        ...Array.from({ length: 4 }, () => trickle(form, post, 'a')),
      ]);
      expect((await load(form)).status).toBe(200);
      expect((await submit(form)).body).toContain('Stored and recorded');
      await form.ended;
      expect(await accepts(form.port)).toBe(false);
      const after = await Promise.all(trickles.map(({ closed }) => closed));
      expect(Math.max(...after)).toBeLessThan(12_000);
      expect(form.received).toHaveLength(1);
    });
  });

  describe('D15: when a connection stays silent', () => {
    it('closes it without a word, and stays open', async ({ expect }) => {
      const form = await openTestForm([]);
      const { wire, after } = await begin(form, '');
      expect(wire).toBe('');
      expect(after).toBeLessThan(12_000);
      expect(await accepts(form.port)).toBe(true);
      await form.cancel();
    });
  });
});
