import { describe, expect, it } from 'vitest';
import type { Listening, RequestHead } from '../../src/web/guard.ts';
import { judge, originOf } from '../../src/web/guard.ts';

const LOOPBACK: Listening = { bind: '127.0.0.1', port: 8766 };
const CONTAINER: Listening = { bind: '0.0.0.0', port: 8766 };

function aHead(headers: Readonly<Record<string, string>> = {}, more: Partial<RequestHead> = {}): RequestHead {
  const all = { Host: '127.0.0.1:8766', ...headers };
  return {
    method: 'GET',
    url: '/',
    rawHeaders: Object.entries(all).flat(),
    localAddress: '127.0.0.1',
    ...more,
  };
}

function statusFor(head: RequestHead, listening = LOOPBACK): number {
  const verdict = judge(head, listening);
  return verdict.kind === 'answer' ? 200 : verdict.status;
}

describe('the guard of the page', () => {
  describe('TM2: when the Host is one of this machine', () => {
    it.each(['127.0.0.1:8766', 'localhost:8766', 'LOCALHOST:8766', '[::1]:8766'])('lets %s in', (host) => {
      expect(statusFor(aHead({ Host: host }))).toBe(200);
    });

    it('takes the default port left out', () => {
      expect(statusFor(aHead({ Host: 'localhost' }), { bind: '127.0.0.1', port: 80 })).toBe(200);
    });

    it('takes the address at which the connection arrived, as a scraper in another container asks for it', () => {
      const arrived = { localAddress: '::ffff:172.18.0.5' };
      expect(statusFor(aHead({ Host: '172.18.0.5:8766' }, arrived), CONTAINER)).toBe(200);
      expect(statusFor(aHead({ Host: '172.18.0.6:8766' }, arrived), CONTAINER)).toBe(421);
      expect(statusFor(aHead({ Host: '172.18.0.5:9999' }, arrived), CONTAINER)).toBe(421);
      expect(
        statusFor(aHead({ Host: '[fd00::5]:8766' }, { localAddress: 'fd00::5' }), {
          bind: '::',
          port: 8766,
        }),
      ).toBe(200);
    });

    it('takes any port of the loopback where the page is published, and only its own where it is not', () => {
      const head = aHead({ Host: 'localhost:9000' }, { localAddress: '172.18.0.5' });
      expect(statusFor(head, CONTAINER)).toBe(200);
      expect(statusFor(aHead({ Host: 'localhost:9000' }))).toBe(421);
    });
  });

  describe('TM2: when the Host is any other', () => {
    it.each([
      'rebind.evil.example:8766',
      'localhost.evil.example:8766',
      '127.0.0.1.evil.example:8766',
      'evil.example',
      '0.0.0.0:8766',
      '127.0.0.2:8766',
      'localhost.:8766',
      'localhost:8766@evil.example',
      'evil.example@localhost:8766',
      '127.1:8766',
      '2130706433:8766',
      '[::ffff:127.0.0.1]:8766',
      'localhost:08766x',
      ' ',
      '',
    ])('is misdirected: %j', (host) => {
      for (const listening of [LOOPBACK, CONTAINER])
        expect(statusFor(aHead({ Host: host }), listening)).toBe(421);
    });

    it('says so before anything else, whatever is asked', () => {
      for (const more of [
        { method: 'POST' },
        { url: '/no/such/path' },
        { method: 'DELETE', url: '/metrics' },
      ])
        expect(statusFor(aHead({ Host: 'evil.example' }, more))).toBe(421);
    });

    it('is refused when there are two, or none', () => {
      const hosts = ['Host', '127.0.0.1:8766', 'host', '127.0.0.1:8766'];
      expect(statusFor(aHead({}, { rawHeaders: hosts }))).toBe(400);
      expect(statusFor(aHead({}, { rawHeaders: [] }))).toBe(400);
    });
  });

  describe('when it is more than a look', () => {
    it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'get'])('refuses %s', (method) => {
      expect(statusFor(aHead({}, { method }))).toBe(405);
    });

    it.each([
      ['Content-Length', '5', 400],
      ['Transfer-Encoding', 'chunked', 400],
      ['Upgrade', 'websocket', 400],
      ['Expect', '100-continue', 417],
    ])('refuses %s: %s', (name, value, status) => {
      expect(statusFor(aHead({ [name]: value }))).toBe(status);
    });

    it.each(['/?x=1', '//127.0.0.1/', 'http://127.0.0.1:8766/', '*', '', '/%2e', '/\\', '/#a'])(
      'knows no path %j',
      (url) => {
        expect(statusFor(aHead({}, { url }))).toBe(404);
      },
    );
  });

  describe('TM2: when a page of another site is behind it', () => {
    const from = (site: string, mode: string, dest: string, url = '/') =>
      statusFor(aHead({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest }, { url }));

    it('lets a person follow a link to the page, and to nothing else', () => {
      expect(from('cross-site', 'navigate', 'document')).toBe(200);
      expect(from('same-site', 'navigate', 'document')).toBe(200);
      expect(from('cross-site', 'navigate', 'document', '/metrics')).toBe(403);
    });

    it.each([
      ['no-cors', 'image'],
      ['no-cors', 'script'],
      ['cors', 'empty'],
      ['navigate', 'iframe'],
      ['navigate', 'object'],
    ])('refuses to be fetched or framed: %s, %s', (mode, dest) => {
      for (const site of ['cross-site', 'same-site', 'strange'])
        for (const url of ['/', '/healthz', '/metrics']) expect(from(site, mode, dest, url)).toBe(403);
    });

    it('refuses whoever sends an Origin, and two answers about the site', () => {
      expect(statusFor(aHead({ Origin: 'http://127.0.0.1:8766' }))).toBe(403);
      expect(statusFor(aHead({ Origin: 'null' }))).toBe(403);
      const twice = ['Host', 'localhost:8766', 'Sec-Fetch-Site', 'none', 'Sec-Fetch-Site', 'cross-site'];
      expect(statusFor(aHead({}, { rawHeaders: twice }))).toBe(403);
    });

    it('lets in what a person types, and what the page itself links to', () => {
      expect(from('none', 'navigate', 'document', '/metrics')).toBe(200);
      expect(from('same-origin', 'navigate', 'document', '/metrics')).toBe(200);
    });
  });

  describe('originOf', () => {
    it('names what a browser on this machine opens', () => {
      expect(originOf(LOOPBACK)).toBe('http://127.0.0.1:8766');
      expect(originOf(CONTAINER)).toBe('http://127.0.0.1:8766');
      expect(originOf({ bind: '::1', port: 1 })).toBe('http://[::1]:1');
    });
  });
});
