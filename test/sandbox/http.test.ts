import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/sandbox/http.ts';
import { listen } from '../../src/sandbox/http.ts';

let listener: Listener;
let applied: string[];

function call(path: string, signal?: AbortSignal): Promise<Response> {
  return fetch(listener.url + path, { method: 'PUT', body: 'x', redirect: 'manual', signal: signal ?? null });
}

describe('listen', () => {
  beforeEach(async () => {
    applied = [];
    listener = await listen({
      now: () => new Date('2026-11-22T10:00:00Z'),
      respond(incoming) {
        applied.push(incoming.path);
        return { status: 200, body: { stored: incoming.path } };
      },
      commonHeaders: () => ({ 'x-common': 'yes' }),
      errorBody: (status) => ({ message: `error ${status}` }),
    });
  });
  afterEach(() => listener.close());

  describe('when nothing is wrong', () => {
    it('records what came, byte for byte', async () => {
      await call('/a%2Fb?x=1&y=2');
      const [recorded] = listener.requests;
      expect(recorded).toMatchObject({ method: 'PUT', path: '/a%2Fb', origin: listener.url });
      expect(recorded?.query.get('y')).toBe('2');
      expect(recorded?.body).toEqual(Buffer.from('x'));
    });

    it('takes the absolute address that a proxy is sent', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const options = {
        host: '127.0.0.1',
        port: listener.port,
        path: 'http://api.github.localhost/meta?z=1',
      };
      request(options, (answer) => answer.resume().once('end', resolve)).end();
      await promise;
      expect(listener.requests[0]).toMatchObject({ origin: 'http://api.github.localhost', path: '/meta' });
    });
  });

  describe('when the network is slow', () => {
    it('takes effect and answers so much later', async () => {
      listener.fault({ kind: 'late', afterMs: 40 });
      const began = performance.now();
      const answer = await call('/late');
      // Timers of Node may come up to a millisecond early.
      expect(performance.now() - began).toBeGreaterThanOrEqual(39);
      expect([answer.status, await answer.json(), applied]).toEqual([200, { stored: '/late' }, ['/late']]);
    });
  });

  describe('when the answer is made up', () => {
    it('answers the status with the body of the service, without applying', async () => {
      listener.fault({ kind: 'status', status: 502, headers: { 'retry-after': '3' } });
      const answer = await call('/x');
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-common')]).toEqual([
        502,
        '3',
        'yes',
      ]);
      expect(await answer.json()).toEqual({ message: 'error 502' });
      expect(applied).toEqual([]);
    });

    it('answers text as it was given', async () => {
      listener.fault({ kind: 'status', status: 403, body: 'slow down' });
      expect(await (await call('/x')).text()).toBe('slow down');
    });

    it("answers a captive portal's page, and nothing at all", async () => {
      listener.fault({ kind: 'html' });
      listener.fault({ kind: 'empty' });
      const portal = await call('/x');
      expect([portal.status, portal.headers.get('content-type')]).toEqual([200, 'text/html']);
      const empty = await call('/x');
      expect([empty.status, await empty.text()]).toEqual([200, '']);
    });

    it('answers half of the JSON as if it were all', async () => {
      listener.fault({ kind: 'truncate' });
      const answer = await call('/x');
      expect([answer.status, await answer.text()]).toEqual([200, '{"stored":"/x"}'.slice(0, 7)]);
    });

    it('sends the client elsewhere', async () => {
      listener.fault({ kind: 'redirect', to: 'http://other.example/x' });
      const answer = await call('/x');
      expect([answer.status, answer.headers.get('location')]).toEqual([307, 'http://other.example/x']);
    });

    it('changes and removes headers of the right answer', async () => {
      listener.fault({ kind: 'headers', headers: { Date: '', 'x-common': 'no' } });
      const answer = await call('/x');
      expect([answer.status, answer.headers.get('date'), answer.headers.get('x-common')]).toEqual([
        200,
        null,
        'no',
      ]);
    });

    it('answers a body of any size', async () => {
      listener.fault({ kind: 'huge', bytes: 3_000_000 });
      expect((await (await call('/x')).arrayBuffer()).byteLength).toBe(3_000_000);
    });
  });

  describe('when the connection fails', () => {
    it('resets before and after applying', async () => {
      listener.fault({ kind: 'reset' });
      listener.fault({ kind: 'apply-then-reset' });
      await expect(call('/before')).rejects.toThrow('fetch failed');
      await expect(call('/after')).rejects.toThrow('fetch failed');
      expect(applied).toEqual(['/after']);
    });

    it('cuts the body short', async () => {
      listener.fault({ kind: 'cut' });
      const answer = await call('/x');
      await expect(answer.text()).rejects.toThrow();
    });

    it.each(['hang', 'drip', 'apply-then-hang'] as const)('never finishes: %s', async (kind) => {
      const fault = listener.fault(kind === 'drip' ? { kind, everyMs: 5 } : { kind });
      const attempt = call('/x', AbortSignal.timeout(100)).then((answer) => answer.text());
      await expect(attempt).rejects.toThrow();
      expect(fault.hits).toBe(1);
      expect(applied).toEqual(kind === 'apply-then-hang' ? ['/x'] : []);
    });
  });

  describe('when a fault names requests', () => {
    it('befalls only those, as often as asked', async () => {
      const fault = listener.fault({ kind: 'status', status: 500, method: 'put', path: /^\/x/, times: 2 });
      const statuses: number[] = [];
      for (const path of ['/y', '/x', '/x/1', '/x']) statuses.push((await call(path)).status);
      expect([statuses, fault.hits]).toEqual([[200, 500, 500, 200], 2]);
    });

    it('ends when it is cancelled', async () => {
      const fault = listener.fault({ kind: 'status', status: 500, times: Number.POSITIVE_INFINITY });
      expect((await call('/x')).status).toBe(500);
      fault.cancel();
      expect((await call('/x')).status).toBe(200);
    });
  });

  describe('when a moment is awaited', () => {
    it('returns at arrival, while the request is held', async () => {
      const fault = listener.fault({ kind: 'hold', path: /slow/ });
      const arrived = listener.when({ path: /slow/ });
      const answer = call('/slow');
      expect((await arrived).path).toBe('/slow');
      expect(applied).toEqual([]);
      fault.release();
      expect((await answer).status).toBe(200);
      expect(applied).toEqual(['/slow']);
    });

    it('applies a held request also when its client has gone', async () => {
      const fault = listener.fault({ kind: 'hold' });
      const arrived = listener.when({});
      const abort = new AbortController();
      const answer = call('/late', abort.signal).catch(() => 'gone');
      await arrived;
      abort.abort();
      expect(await answer).toBe('gone');
      const done = listener.when({ stage: 'applied' });
      fault.release();
      expect((await done).path).toBe('/late');
    });

    it('returns once applied, while the answer is withheld', async () => {
      listener.fault({ kind: 'apply-then-hang' });
      const moment = listener.when({ method: 'PUT', stage: 'applied' });
      const abort = new AbortController();
      const answer = call('/x', abort.signal).catch(() => 'killed');
      await moment;
      expect(applied).toEqual(['/x']);
      abort.abort();
      expect(await answer).toBe('killed');
    });

    it('answers what was asked for after it took effect', async () => {
      listener.fault({ kind: 'apply-then-status', status: 502 });
      expect((await call('/x')).status).toBe(502);
      expect(applied).toEqual(['/x']);
    });
  });
});
