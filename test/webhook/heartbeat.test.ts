import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import type { Listener } from '../../src/sandbox/http.ts';
import type { HeartbeatAnswer, HeartbeatOptions } from '../../src/webhook/heartbeat.ts';
import { beat } from '../../src/webhook/heartbeat.ts';
import { NOW } from '../support/builders.ts';
import { freePort, hasOpenssl, selfSigned } from '../support/stand-ins.ts';
import { startReceiver } from './receiver.ts';

let watcher: Listener;

function call(
  path: string,
  kind: 'good' | 'fail' = 'good',
  options: Partial<HeartbeatOptions> = {},
): Promise<HeartbeatAnswer> {
  const url = () => watcher.url + path;
  return beat({ url, fetch: globalThis.fetch, version: '0.1.0', ...options }, kind);
}

function targets(): readonly string[] {
  return watcher.requests.map(({ method, path, query }) => {
    const rest = String(query);
    return `${method} ${path}${rest && `?${rest}`}`;
  });
}

beforeEach(async () => {
  watcher = await startReceiver();
});
afterEach(() => watcher.close());

describe('beat', () => {
  describe('when a round went well', () => {
    it('H12: calls the address as it is, so that silence means that nobody came round', async () => {
      expect(await call('/ping/canary')).toEqual({ ok: true, serverTime: new Date('2026-11-23T09:30:00Z') });
      expect(targets()).toEqual(['GET /ping/canary']);
      expect(watcher.requests[0]?.headers['user-agent']).toBe('reseal/0.1.0');
    });
  });

  describe('when a round went badly', () => {
    it.each([
      ['/ping/canary', 'GET /ping/canary/fail'],
      ['/ping/canary/', 'GET /ping/canary/fail'],
      ['/ping/canary?rid=1&a=b', 'GET /ping/canary/fail?rid=1&a=b'],
      ['', 'GET /fail'],
    ])('H12: calls the failing form of %j', async (path, expected) => {
      expect(await call(path, 'fail')).toMatchObject({ ok: true });
      expect(targets()).toEqual([expected]);
    });
  });

  describe('when the watcher answers with another 2xx', () => {
    it.each([201, 202, 204])('returns good at %i', async (status) => {
      watcher.fault({ kind: 'status', status });
      expect(await call('/x')).toEqual({ ok: true, serverTime: NOW });
    });
  });

  describe('when the watcher says no time, or none that can be', () => {
    it.each([
      '',
      'yesterday',
      '2026-11-23T09:30:00Z',
      'Mon, 23 Nov 2026 09:30:00 +0000',
      'Tue, 23 Nov 2026 09:30:00 GMT',
      'Mon, 30 Feb 2026 09:30:00 GMT',
      'Monday, 23-Nov-26 09:30:00 GMT',
    ])('returns good without a time for %j', async (date) => {
      watcher.fault({ kind: 'headers', headers: { date } });
      expect(await call('/x')).toEqual({ ok: true, serverTime: undefined });
    });
  });

  describe('when the watcher does not take it', () => {
    it.each([400, 404, 429, 500, 503])('returns why at %i', async (status) => {
      watcher.fault({ kind: 'status', status });
      const reason = `the heartbeat at ${new URL(watcher.url).host} answered ${status}`;
      expect(await call('/canary')).toEqual({ ok: false, reason });
    });

    it('follows no redirect', async () => {
      watcher.fault({ kind: 'redirect', to: `${watcher.url}/elsewhere`, status: 302 });
      expect(await call('/canary')).toMatchObject({ ok: false, reason: expect.stringContaining('302') });
      expect(targets()).toEqual(['GET /canary']);
    });
  });

  describe('when there is no answer', () => {
    it.each([
      ['it hangs', { kind: 'hang' }, 'did not answer in time'],
      ['it drops the connection', { kind: 'reset' }, 'gave no answer (ECONNRESET)'],
    ] as const)('returns why where %s', async (_, fault, why) => {
      watcher.fault(fault);
      const reason = `the heartbeat at ${new URL(watcher.url).host} ${why}`;
      expect(await call('/canary', 'good', { deadlineMs: 150 })).toEqual({ ok: false, reason });
    });

    it('returns why where nothing listens', async () => {
      const url = `http://127.0.0.1:${await freePort()}/canary`;
      const answer = await call('', 'good', { url: () => url });
      expect(answer).toEqual({
        ok: false,
        reason: `the heartbeat at ${new URL(url).host} cannot be reached (ECONNREFUSED)`,
      });
    });

    it.skipIf(!hasOpenssl)('returns why where the certificate is not trusted', async () => {
      const stranger = await startReceiver({ tls: selfSigned() });
      const answer = await call('', 'good', { url: () => `${stranger.url}/canary` });
      expect(answer).toMatchObject({ ok: false, reason: expect.stringContaining('no trusted TLS') });
      expect(stranger.requests).toEqual([]);
      await stranger.close();
    });
  });

  describe('when its address cannot be used', () => {
    it('returns why, without it', async () => {
      const unreadable = () => {
        throw new AppError('invalid_config', 'the file is not there');
      };
      expect(await call('', 'good', { url: unreadable })).toEqual({
        ok: false,
        reason: 'the file is not there',
      });
      expect(await call('', 'good', { url: () => 'http://ping.example.org/canary' })).toEqual({
        ok: false,
        reason: "the heartbeat's address is plain http, which only this machine may have",
      });
      expect(await call('', 'good', { url: () => 'https://u:canary@ping.example.org/' })).toEqual({
        ok: false,
        reason: "the heartbeat's address has a user or a password in it",
      });
    });
  });
});
