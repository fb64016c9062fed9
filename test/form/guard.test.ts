import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gate, RequestHead } from '../../src/form/guard.ts';
import { allowedHosts, fingerprint, judge, matches } from '../../src/form/guard.ts';

const PATH = `/${'A'.repeat(43)}`;
const GATE: Gate = {
  hosts: allowedHosts(4711),
  path: fingerprint(PATH),
  encoding: 'urlencoded',
  maxBodyBytes: 4096,
  drainBytes: 16_384,
};
const FILE_GATE: Gate = { ...GATE, encoding: 'multipart' };
const HOST = '127.0.0.1:4711';

type Header = readonly [string, string];

const GET: readonly Header[] = [['Host', HOST]];
const POST: readonly Header[] = [
  ['Host', HOST],
  ['Origin', `http://${HOST}`],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Length', '120'],
];

function head(method: string, headers: readonly Header[], rest: Partial<RequestHead> = {}): RequestHead {
  return { method, httpVersion: '1.1', url: PATH, rawHeaders: headers.flat(), ...rest };
}

function without(name: string, headers: readonly Header[] = POST): readonly Header[] {
  return headers.filter(([each]) => each !== name);
}

function replaced(name: string, value: string): readonly Header[] {
  return POST.map(([each, old]) => [each, each === name ? value : old]);
}

function refused(status: number, reason: string) {
  return { kind: 'refused', status, reason };
}

describe('judge', () => {
  describe('when an honest browser asks', () => {
    it.each(['127.0.0.1', 'localhost', '[::1]'])('shows the form under %s', (name) => {
      expect(judge(head('GET', [['Host', `${name}:4711`]]), GATE)).toEqual({ kind: 'show' });
    });

    it.each(['none', 'same-origin'])('shows it when Sec-Fetch-Site is %s', (site) => {
      expect(judge(head('GET', [...GET, ['Sec-Fetch-Site', site]]), GATE)).toEqual({ kind: 'show' });
    });

    it('takes HEAD for GET, and a Content-Length of 0 for none', () => {
      expect(judge(head('HEAD', [...GET, ['Content-Length', '0']]), GATE)).toEqual({ kind: 'show' });
    });

    it('lets a submission in, with its length', () => {
      expect(judge(head('POST', POST), GATE)).toEqual({ kind: 'submit', length: 120 });
    });

    it('lets it in without Sec-Fetch-Site, which older browsers do not send', () => {
      expect(judge(head('POST', without('Sec-Fetch-Site')), GATE)).toEqual({ kind: 'submit', length: 120 });
    });

    it.each(['; charset=utf-8', ';charset="UTF-8"'])('lets a content type with %s in', (suffix) => {
      const headers = replaced('Content-Type', `application/x-www-form-urlencoded${suffix}`);
      expect(judge(head('POST', headers), GATE)).toEqual({ kind: 'submit', length: 120 });
    });

    it('lets a name without a port in where that is the published one', () => {
      const gate = { ...GATE, hosts: allowedHosts(80) };
      expect(judge(head('GET', [['Host', 'localhost']]), gate)).toEqual({ kind: 'show' });
    });
  });

  describe('when the request line is wrong', () => {
    it.each(['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'get', ''])('answers 405 to %j', (method) => {
      expect(judge(head(method, GET), GATE)).toEqual(refused(405, 'method'));
    });

    it.each(['1.0', '0.9', '2.0'])('answers 505 to HTTP/%s', (httpVersion) => {
      expect(judge(head('GET', GET, { httpVersion }), GATE)).toEqual(refused(505, 'version'));
    });

    it.each([
      '/',
      '',
      '*',
      `/${PATH}`,
      `${PATH}/`,
      `${PATH}?`,
      `${PATH}?a=b`,
      `${PATH}#token`,
      `http://${HOST}${PATH}`,
      PATH.toLowerCase(),
      PATH.slice(0, -1),
      `${PATH}A`,
      `/%41${PATH.slice(2)}`,
    ])('answers 404 to %s', (url) => {
      expect(judge(head('GET', GET, { url }), GATE)).toEqual(refused(404, 'path'));
    });
  });

  describe('when Host is wrong', () => {
    it.each([[[]], [[...GET, ...GET]], [[...GET, ['hOST', 'evil.test'] as const]]])(
      'answers 400 unless there is one: %j',
      (headers) => {
        expect(judge(head('GET', headers), GATE)).toEqual(refused(400, 'host'));
      },
    );

    it.each([
      'localhost.evil.test:4711',
      'evil.test',
      '127.0.0.1',
      'localhost',
      '127.0.0.1:4712',
      '127.0.0.1:04711',
      '0.0.0.0:4711',
      '127.1:4711',
      'LOCALHOST:4711',
      '127.0.0.1:4711.evil.test',
      '127.0.0.1:4711, evil.test',
      '',
    ])('answers 421 to %j', (value) => {
      expect(judge(head('GET', [['Host', value]]), GATE)).toEqual(refused(421, 'host'));
    });

    it('judges it before the path, so that a rebound name learns nothing of the path', () => {
      expect(judge(head('GET', [['Host', 'evil.test']], { url: '/wrong' }), GATE)).toEqual(
        refused(421, 'host'),
      );
    });
  });

  describe('when another site is behind it', () => {
    it.each(['same-site', 'cross-site'])('says so for a GET that is %s', (site) => {
      expect(judge(head('GET', [...GET, ['Sec-Fetch-Site', site]]), GATE)).toEqual({ kind: 'cross-site' });
    });

    it('answers 404 all the same where the path is not the right one', () => {
      const request = head('GET', [...GET, ['Sec-Fetch-Site', 'cross-site']], { url: '/guess' });
      expect(judge(request, GATE)).toEqual(refused(404, 'path'));
    });

    it.each(['same-site', 'cross-site', 'none', 'other', ''])('refuses a POST that is %j', (site) => {
      expect(judge(head('POST', replaced('Sec-Fetch-Site', site)), GATE)).toEqual(refused(403, 'site'));
    });

    it('refuses a GET with two values or an unknown one', () => {
      const twice: readonly Header[] = [...GET, ['Sec-Fetch-Site', 'none'], ['Sec-Fetch-Site', 'none']];
      expect(judge(head('GET', twice), GATE)).toEqual(refused(403, 'site'));
      expect(judge(head('GET', [...GET, ['Sec-Fetch-Site', 'other']]), GATE)).toEqual(refused(403, 'site'));
    });

    it.each([
      'null',
      'http://evil.test',
      `https://${HOST}`,
      `http://${HOST}/`,
      'http://localhost:4711',
      `http://${HOST}, null`,
    ])('refuses a POST whose Origin is %s', (origin) => {
      expect(judge(head('POST', replaced('Origin', origin)), GATE)).toEqual(refused(403, 'origin'));
    });

    it('refuses a POST without an Origin, or with two', () => {
      expect(judge(head('POST', without('Origin')), GATE)).toEqual(refused(403, 'origin'));
      expect(judge(head('POST', [...POST, ['origin', `http://${HOST}`]]), GATE)).toEqual(
        refused(403, 'origin'),
      );
    });

    it.each(['Sec-Purpose', 'Purpose'])('D11: refuses a page loaded ahead of its time, by %s', (name) => {
      expect(judge(head('GET', [...GET, [name, 'prefetch;prerender']]), GATE)).toEqual(
        refused(403, 'prefetch'),
      );
    });
  });

  describe('when it is not a tab that asks', () => {
    it.each(['iframe', 'image', 'object', 'script', 'empty', ''])(
      'D12: answers 403 to what is loaded as %j, of its own page or none',
      (destination) => {
        for (const site of ['none', 'same-origin']) {
          const headers: readonly Header[] = [
            ...GET,
            ['Sec-Fetch-Site', site],
            ['Sec-Fetch-Dest', destination],
          ];
          expect(judge(head('GET', headers), GATE)).toEqual(refused(403, 'embedded'));
        }
        expect(judge(head('POST', [...POST, ['Sec-Fetch-Dest', destination]]), GATE)).toEqual(
          refused(403, 'embedded'),
        );
      },
    );

    it('lets a tab of its own in', () => {
      expect(judge(head('POST', [...POST, ['Sec-Fetch-Dest', 'document']]), GATE).kind).toBe('submit');
    });

    it.each(['websocket', 'h2c', ''])('D12: answers 400 to an Upgrade to %j', (protocol) => {
      expect(judge(head('GET', [...GET, ['Upgrade', protocol]]), GATE)).toEqual(refused(400, 'upgrade'));
      expect(judge(head('POST', [...POST, ['Upgrade', protocol]]), GATE)).toEqual(refused(400, 'upgrade'));
    });

    it.each(['http://evil.test', 'null', `http://${HOST}`])(
      'D12: answers 403 to a GET by a script of %s',
      (value) => {
        expect(judge(head('GET', [...GET, ['Origin', value]]), GATE)).toEqual(refused(403, 'origin'));
      },
    );
  });

  describe('when the body is wrong', () => {
    it.each([
      ['Content-Length', '5'],
      ['Transfer-Encoding', 'chunked'],
    ] as const)('answers 400 to a GET with %s', (name, value) => {
      expect(judge(head('GET', [...GET, [name, value]]), GATE)).toEqual(refused(400, 'body'));
    });

    it('answers 417 to Expect', () => {
      expect(judge(head('POST', [...POST, ['Expect', '100-continue']]), GATE)).toEqual(
        refused(417, 'expect'),
      );
    });

    it.each([
      'text/plain',
      'multipart/form-data; boundary=a',
      'application/json',
      'application/x-www-form-urlencoded; charset=utf-16',
      'application/x-www-form-urlencodedx',
      '',
    ])('answers 415 to the content type %j', (type) => {
      expect(judge(head('POST', replaced('Content-Type', type)), GATE)).toEqual(refused(415, 'type'));
    });

    it.each([
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=""',
      'multipart/form-data; boundary="a"',
      `multipart/form-data; boundary=${'b'.repeat(71)}`,
      'multipart/form-data; boundary=a b',
      'multipart/form-data; boundary=a; charset=utf-8',
      'multipart/form-data; boundary=a; boundary=b',
      'multipart/form-data; charset=utf-8; boundary=a',
      'multipart/form-data;boundary=a',
      'multipart/form-data; boundary=a,b',
      'multipart/form-data; boundary=a\\',
      'multipart/form-data; boundary=é',
      'multipart/mixed; boundary=a',
      'multipart/form-data, text/plain; boundary=a',
    ])('answers 415 to the content type %j where the page has a file to choose', (type) => {
      expect(judge(head('POST', replaced('Content-Type', type)), FILE_GATE)).toEqual(refused(415, 'type'));
    });

    it.each([
      ['Chromium', '----WebKitFormBoundary7MA4YWxkTrZu0gW'],
      ['Firefox', '----geckoformboundary5e1d0c9b8a7f6e5d4c3b2a1908f7e6d5'],
      ['older ones', '---------------------------41184676334'],
      ['nobody, with 70 characters', 'b'.repeat(70)],
    ])('lets a file in there, with the boundary of %s', (_who, boundary) => {
      const headers = replaced('Content-Type', `multipart/form-data; boundary=${boundary}`);
      expect(judge(head('POST', headers), FILE_GATE)).toEqual({ kind: 'submit', length: 120, boundary });
    });

    it('answers 415 to no type, two types, or an encoded body', () => {
      expect(judge(head('POST', without('Content-Type')), GATE)).toEqual(refused(415, 'type'));
      expect(judge(head('POST', [...POST, ['Content-Type', 'text/plain']]), GATE)).toEqual(
        refused(415, 'type'),
      );
      expect(judge(head('POST', [...POST, ['Content-Encoding', 'gzip']]), GATE)).toEqual(
        refused(415, 'type'),
      );
    });

    it('answers 411 without a length, and to a chunked body', () => {
      expect(judge(head('POST', without('Content-Length')), GATE)).toEqual(refused(411, 'length'));
      expect(judge(head('POST', [...POST, ['Transfer-Encoding', 'chunked']]), GATE)).toEqual(
        refused(411, 'length'),
      );
    });

    it.each(['0', '-1', '+1', '1.5', '0120', '1e3', 'abc', ''])('answers 400 to the length %j', (length) => {
      expect(judge(head('POST', replaced('Content-Length', length)), GATE)).toEqual(refused(400, 'length'));
    });

    it('takes as much as is allowed, finds one byte more too long, and reads no more than so much of it', () => {
      expect(judge(head('POST', replaced('Content-Length', '4096')), GATE)).toEqual({
        kind: 'submit',
        length: 4096,
      });
      expect(judge(head('POST', replaced('Content-Length', '4097')), GATE)).toEqual({
        kind: 'too-long',
        length: 4097,
        drained: true,
      });
      for (const length of ['16385', '9'.repeat(400)])
        expect(judge(head('POST', replaced('Content-Length', length)), GATE)).toMatchObject({
          kind: 'too-long',
          drained: false,
        });
    });
  });

  describe('I17: when anything of an honest submission is changed', () => {
    it('never lets it in: one mutation of method, version, path, or a header that counts', () => {
      fc.assert(
        fc.property(mutation(), (request) => {
          expect(judge(request, GATE).kind).not.toBe('submit');
        }),
        { numRuns: 2000 },
      );
    });
  });
});

/** One edit of one text: a character replaced, inserted or taken away. Never the same text again. */
function edited(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.nat(text.length),
      fc.integer({ min: 0x21, max: 0x7e }),
      fc.constantFrom('replace', 'insert', 'remove'),
    )
    .map(([at, code, way]) => {
      const character = way === 'remove' ? '' : String.fromCharCode(code);
      return text.slice(0, at) + character + text.slice(way === 'insert' ? at : at + 1);
    })
    .filter((result) => result !== text);
}

function mutation(): fc.Arbitrary<RequestHead> {
  const counting = POST.filter(([name]) => name !== 'Content-Length' && name !== 'Content-Type');
  const changed = fc
    .constantFrom(...counting)
    .chain(([name, value]) => edited(value).map((other) => head('POST', replaced(name, other))));
  const type = edited('application/x-www-form-urlencoded').filter(
    (text) => text.toLowerCase() !== 'application/x-www-form-urlencoded',
  );
  const dropped = fc.constantFrom(...without('Sec-Fetch-Site')).map(([name]) => head('POST', without(name)));
  const doubled = fc.constantFrom(...POST).map((header) => head('POST', [...POST, header]));
  const added = fc
    .constantFrom<Header>(
      ['Transfer-Encoding', 'chunked'],
      ['Expect', '100-continue'],
      ['Content-Encoding', 'br'],
      ['Upgrade', 'h2c'],
      ['Sec-Fetch-Dest', 'iframe'],
      ['Sec-Purpose', 'prefetch'],
    )
    .map((header) => head('POST', [...POST, header]));
  return fc.oneof(
    changed,
    type.map((value) => head('POST', replaced('Content-Type', value))),
    dropped,
    doubled,
    added,
    edited(PATH).map((url) => head('POST', POST, { url })),
    edited('POST').map((method) => head(method, POST)),
    edited('1.1').map((httpVersion) => head('POST', POST, { httpVersion })),
  );
}

describe('matches', () => {
  describe('when two texts are compared by fingerprint', () => {
    it('returns true for the same one only, as text or as bytes', () => {
      const expected = fingerprint('secret');
      expect(matches(expected, 'secret')).toBe(true);
      expect(matches(expected, Buffer.from('secret'))).toBe(true);
      expect(matches(expected, 'secreT')).toBe(false);
      expect(matches(expected, '')).toBe(false);
    });
  });
});
