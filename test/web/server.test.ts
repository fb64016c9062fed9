import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PageOptions, PageServer } from '../../src/web/server.ts';
import { MAX_SOCKETS, startPage } from '../../src/web/server.ts';
import { accepts, exchange, openSocket, parseAnswer, readAll, requestText } from '../support/raw-http.ts';

interface Started extends PageServer {
  readonly errors: unknown[];
  readonly foreign: string[];
  readonly asked: string[];
}

const open: PageServer[] = [];
async function start(options: Partial<PageOptions> = {}): Promise<Started> {
  const seen = { errors: [] as unknown[], foreign: [] as string[], asked: [] as string[] };
  const server = await startPage({
    bind: '127.0.0.1',
    port: 0,
    answer: async (path) => {
      seen.asked.push(path);
      return path === '/' ? PAGE : undefined;
    },
    onError: (error) => seen.errors.push(error),
    onForeign: (host) => seen.foreign.push(host),
    ...options,
  });
  open.push(server);
  return { ...server, ...seen };
}
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const STYLE = 'body { color: red }';
const PAGE = { status: 200, type: 'text/html', body: '<p>état</p>', style: STYLE } as const;

function get({ port }: PageServer, path = '/', headers: readonly (readonly [string, string])[] = []) {
  return exchange(port, requestText(`GET ${path} HTTP/1.1`, [['Host', `127.0.0.1:${port}`], ...headers]));
}

function fieldsOf({ headers }: { headers: readonly (readonly [string, string])[] }) {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

const CLOSED = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

describe('the server of the page', () => {
  describe('when it answers', () => {
    it('sends the page, whose policy lets nothing in but its own style', async () => {
      const answer = await get(await start());
      expect(answer.status).toBe(200);
      expect(Buffer.from(answer.body, 'latin1').toString()).toBe(PAGE.body);
      const digest = createHash('sha256').update(STYLE).digest('base64');
      expect(fieldsOf(answer)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-length': String(Buffer.byteLength(PAGE.body)),
        'content-security-policy': `default-src 'none'; style-src 'sha256-${digest}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        connection: 'close',
      });
      expect(fieldsOf(answer)).not.toHaveProperty('set-cookie');
    });

    it('answers HEAD with the same fields and no body', async () => {
      const page = await start();
      const { port } = page;
      const answer = await exchange(port, requestText('HEAD / HTTP/1.1', [['Host', `localhost:${port}`]]));
      expect(answer.body).toBe('');
      const { date: _, ...fields } = fieldsOf(answer);
      const { date: __, ...wanted } = fieldsOf(await get(page));
      expect(fields).toEqual(wanted);
    });

    it('looks at the first of several requests in one connection alone', async () => {
      const page = await start();
      const one = requestText('GET / HTTP/1.1', [['Host', `127.0.0.1:${page.port}`]]);
      const { wire } = await exchange(page.port, one + one + one);
      expect(wire.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(page.asked).toEqual(['/']);
    });
  });

  describe('TM2: when a rebinding name or a foreign Host asks', () => {
    it('gives the same constant to every path, names nothing and looks at nothing', async () => {
      const page = await start();
      const answers = [];
      for (const path of ['/', '/metrics', '/healthz', '/no/such'])
        for (const method of ['GET', 'POST'])
          answers.push(
            await exchange(
              page.port,
              requestText(`${method} ${path} HTTP/1.1`, [['Host', `rebind.evil.example:${page.port}`]]),
            ),
          );
      const shown = answers.map(({ status, body, headers }) => {
        const { date: _, ...fields } = fieldsOf({ headers });
        return JSON.stringify({ status, body, fields });
      });
      expect(new Set(shown).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: 421, body: 'Not available.\n' });
      expect(fieldsOf(answers[0] ?? { headers: [] })['content-security-policy']).toBe(CLOSED);
      expect(shown[0]).not.toMatch(/reseal|evil/i);
      expect(page.asked).toEqual([]);
      expect(page.foreign[0]).toBe(`rebind.evil.example:${page.port}`);
    });
  });

  describe('when what comes is no request of a browser', () => {
    it.each([
      ['no words of HTTP', 'hello\r\n\r\n', 400],
      [
        'two lengths',
        'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
        400,
      ],
      ['more headers than are taken', `GET / HTTP/1.1\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
    ])('refuses %s by the same constant', async (_what, wire, status) => {
      const answer = await exchange((await start()).port, wire);
      expect(answer).toMatchObject({ status, body: 'Not available.\n' });
      expect(fieldsOf(answer)['content-security-policy']).toBe(CLOSED);
    });

    it('opens no tunnel', async () => {
      const { port } = await start();
      const answer = await exchange(
        port,
        requestText('CONNECT evil.example:1 HTTP/1.1', [['Host', 'evil.example']]),
      );
      expect(answer).toMatchObject({ status: 400, body: 'Not available.\n' });
    });

    it('says nothing of a path that there is not', async () => {
      const answer = await get(await start(), '/no/such');
      expect(answer).toMatchObject({ status: 404, body: 'Not available.\n' });
    });
  });

  describe('when a request fails within', () => {
    it('answers a constant 500 without the reason, tells the reason, and goes on', async () => {
      const failure = new Error('the secret of the matter');
      const page = await start({
        answer: async (path) => {
          if (path === '/metrics') throw failure;
          return PAGE;
        },
      });
      const answer = await get(page, '/metrics');
      expect(answer).toMatchObject({ status: 500, body: 'Not available.\n' });
      expect(answer.wire).not.toContain('matter');
      expect(page.errors).toEqual([failure]);
      expect((await get(page)).status).toBe(200);
    });
  });

  describe('when clients are slow', () => {
    it('gives up on a head that does not end', async () => {
      const page = await start({ patienceMs: { head: 30, answer: 1_000 } });
      const socket = await openSocket(page.port);
      const wire = readAll(socket);
      socket.write('GET / HTTP/1.1\r\nHost: ');
      expect(await wire).toBe('');
    });

    it('gives up on an answer that is not taken, or never made', async () => {
      const page = await start({
        patienceMs: { head: 1_000, answer: 30 },
        answer: () => new Promise(() => undefined),
      });
      expect((await get(page)).wire).toBe('');
    });

    it('lets an honest one in while a crowd holds connections and says nothing', async () => {
      const page = await start();
      const crowd = await Promise.all(Array.from({ length: 3 * MAX_SOCKETS }, () => openSocket(page.port)));
      for (const socket of crowd) socket.write('GET / HTTP/1.1\r\n');
      expect((await get(page)).status).toBe(200);
      for (const socket of crowd) socket.destroy();
    });
  });

  describe('when it cannot listen there', () => {
    it('says that the port is in use, and what to set', async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      await expect(start({ port })).rejects.toMatchObject({
        code: 'conflict',
        message: `port ${port} on 127.0.0.1 is in use, so that there is no page`,
        hints: [expect.stringContaining('web.port')],
      });
      await new Promise((resolve) => other.close(resolve));
    });

    it('says that this machine has no such address', async () => {
      await expect(start({ bind: '192.0.2.1' })).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining('192.0.2.1'),
      });
    });
  });

  describe('when it is closed', () => {
    it('cuts off what is open, and listens no more', async () => {
      const page = await start();
      const socket = await openSocket(page.port);
      const wire = readAll(socket);
      socket.write('GET / HTTP/1.1\r\n');
      await page.close();
      expect(parseAnswer(await wire).status).toBe(0);
      expect(await accepts(page.port)).toBe(false);
    });
  });
});
