import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import type { Channel, DeliveryOutcome } from '../../src/remind/reminder.ts';
import type { Listener } from '../../src/sandbox/http.ts';
import type { WebhookOptions } from '../../src/webhook/webhook.ts';
import { openWebhooks } from '../../src/webhook/webhook.ts';
import { freePort, hasOpenssl, selfSigned } from '../support/stand-ins.ts';
import { aDraft, ID } from './a-draft.ts';
import { startReceiver } from './receiver.ts';

/** Of the address: what nobody but the receiver may ever see. */
const SECRET_PATH = '/services/T0-canary-path/B0';
const QUERY = '?token=canary-query';
/** No name server is asked for a name with an empty label (RFC 1035 §2.3.1). */
const NO_HOST = 'hooks..invalid';

let receiver: Listener;
let marks: number;

/** A channel with one webhook, `ops`, at this address. */
function channelTo(url: string, overrides: Partial<WebhookOptions> = {}, format: 'json' | 'slack' = 'json') {
  return openWebhooks({
    webhooks: new Map([['ops', { url: () => url, format }]]),
    fetch: globalThis.fetch,
    version: '0.1.0',
    ...overrides,
  });
}

async function post(
  channel: Channel = channelTo(receiver.url + SECRET_PATH + QUERY),
): Promise<DeliveryOutcome> {
  const payload = await channel.render(aDraft());
  return channel.send('ops', payload, () => {
    marks++;
  });
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

beforeEach(async () => {
  marks = 0;
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

describe('render', () => {
  describe('when the webhook takes JSON', () => {
    it('returns the documented object, with the id without its brackets', async () => {
      const body = JSON.parse(Buffer.from(await channelTo('').render(aDraft())).toString('utf8'));
      expect(body).toMatchObject({ schemaVersion: 1, id: ID, items: [{ credential: 'crates-io' }] });
    });
  });

  describe('when the webhook takes what Slack takes', () => {
    it('returns that', async () => {
      const channel = channelTo('', {}, 'slack');
      const body = JSON.parse(Buffer.from(await channel.render(aDraft())).toString('utf8'));
      expect(Object.keys(body)).toEqual(['text', 'blocks']);
    });
  });

  describe('when no webhook has that name any more', () => {
    it('throws, saying so', async () => {
      const draft = aDraft({ recipient: 'gone' });
      await expect(channelTo('').render(draft)).rejects.toThrow('no webhook "gone" is configured any more');
    });
  });
});

describe('send', () => {
  describe('when the receiver takes it', () => {
    it('answers accepted, after one POST of exactly these bytes', async () => {
      const channel = channelTo(receiver.url + SECRET_PATH + QUERY);
      const payload = await channel.render(aDraft());
      expect(await channel.send('ops', payload, () => undefined)).toEqual({ kind: 'accepted', code: 200 });
      expect(receiver.requests).toHaveLength(1);
      const [request] = receiver.requests;
      expect(request).toMatchObject({ method: 'POST', path: SECRET_PATH });
      expect(String(request?.query)).toBe('token=canary-query');
      expect(request?.body).toEqual(Buffer.from(payload));
      expect(request?.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': 'reseal/0.1.0',
        'idempotency-key': ID,
        connection: 'close',
      });
    });

    it('carries the same Idempotency-Key on a repeat, also in the form of Slack', async () => {
      const channel = channelTo(receiver.url, {}, 'slack');
      const payload = await channel.render(aDraft());
      await channel.send('ops', payload, () => undefined);
      await channel.send('ops', payload, () => undefined);
      expect(receiver.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([ID, ID]);
      expect(receiver.requests[1]?.body).toEqual(receiver.requests[0]?.body);
    });

    it.each([201, 202, 204])('answers accepted at %i', async (status) => {
      receiver.fault({ kind: 'status', status });
      expect(await post()).toEqual({ kind: 'accepted', code: status });
    });
  });

  describe('when the mark cannot be made', () => {
    it('answers not sent, and nothing leaves', async () => {
      const channel = channelTo(receiver.url);
      const outcome = await channel.send('ops', await channel.render(aDraft()), () => {
        throw new AppError('storage', 'the disk is full');
      });
      expect(outcome).toEqual({ kind: 'not-sent', reason: 'the disk is full' });
      expect(receiver.requests).toEqual([]);
    });
  });

  describe('when the receiver does not take it', () => {
    it.each([
      [400, true],
      [401, true],
      [403, true],
      [404, true],
      [408, false],
      [410, true],
      [422, true],
      [425, false],
      [429, false],
      [500, false],
      [501, false],
      [503, false],
      [507, false],
    ])('answers refused at %i, for good: %s', async (status, permanent) => {
      receiver.fault({ kind: 'status', status });
      const reason = `the webhook "ops" at ${new URL(receiver.url).host} answered ${status}`;
      expect(await post()).toEqual({ kind: 'refused', permanent, code: status, reason });
      expect(marks).toBe(1);
    });

    it('answers that it is too large at 413', async () => {
      receiver.fault({ kind: 'status', status: 413 });
      expect(await post()).toMatchObject({ kind: 'refused', code: 413, tooLarge: true });
    });

    it.each([301, 302, 303, 307, 308] as const)(
      'answers refused for good at %i, and goes nowhere else',
      async (status) => {
        const elsewhere = await startReceiver();
        receiver.fault({ kind: 'redirect', to: `${elsewhere.url}/other`, status });
        expect(await post()).toMatchObject({ kind: 'refused', permanent: true, code: status });
        expect(elsewhere.requests).toEqual([]);
        await elsewhere.close();
      },
    );
  });

  describe('when the answer is lost', () => {
    it.each([502, 504])('answers unclear at %i, which is a gateway’s word', async (status) => {
      receiver.fault({ kind: 'status', status });
      expect(await post()).toMatchObject({ kind: 'unclear' });
    });

    it('answers unclear when none comes in time', async () => {
      receiver.fault({ kind: 'hang' });
      expect(await post(channelTo(receiver.url, { deadlineMs: 150 }))).toEqual({
        kind: 'unclear',
        reason: `the webhook "ops" at ${new URL(receiver.url).host} did not answer in time`,
      });
    });

    it('answers unclear when the connection is reset after the request', async () => {
      receiver.fault({ kind: 'apply-then-reset' });
      expect(await post()).toEqual({
        kind: 'unclear',
        reason: `the webhook "ops" at ${new URL(receiver.url).host} gave no answer (ECONNRESET)`,
      });
    });

    it('answers unclear when the connection ends after the request', async () => {
      const server = createServer((request) => request.socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      expect(await post(channelTo(`http://127.0.0.1:${port}`))).toMatchObject({ kind: 'unclear' });
      await close(server);
    });

    it('answers unclear when what comes is not HTTP', async () => {
      const server = createNetServer((socket) => {
        socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n'));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      expect(await post(channelTo(`http://127.0.0.1:${port}`))).toMatchObject({ kind: 'unclear' });
      await close(server);
    });
  });

  describe('when the answer’s body is of no use', () => {
    it('answers accepted for one that breaks off', async () => {
      receiver.fault({ kind: 'cut' });
      expect(await post()).toEqual({ kind: 'accepted', code: 200 });
    });

    it('answers accepted for one that never ends, at the deadline', async () => {
      receiver.fault({ kind: 'drip', everyMs: 20 });
      expect(await post(channelTo(receiver.url, { deadlineMs: 200 }))).toEqual({
        kind: 'accepted',
        code: 200,
      });
    });

    it('reads next to nothing of 100 MB', async () => {
      const piece = Buffer.alloc(65_536, 'a');
      let sent = 0;
      const { promise: closed, resolve: gone } = Promise.withResolvers<void>();
      const server = createServer((_request, answer) => {
        answer.writeHead(200, { 'content-length': 100_000_000 });
        const push = () => {
          while (!answer.destroyed && sent < 100_000_000) {
            sent += piece.length;
            if (!answer.write(piece)) return;
          }
        };
        answer.on('drain', push);
        answer.on('close', gone);
        push();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      expect(await post(channelTo(`http://127.0.0.1:${port}`))).toEqual({ kind: 'accepted', code: 200 });
      await closed;
      // Beyond what was read, the system's buffers hold some.
      expect(sent).toBeLessThan(20_000_000);
      await close(server);
    });
  });

  describe('when it surely was not sent', () => {
    it('answers so where nothing listens, and blames no other webhook', async () => {
      const port = await freePort();
      expect(await post(channelTo(`http://127.0.0.1:${port}`))).toEqual({
        kind: 'not-sent',
        reason: `the webhook "ops" at 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
      });
    });

    it('answers so where a name has several addresses and none listens', async () => {
      const port = await freePort();
      expect(await post(channelTo(`http://localhost:${port}`))).toMatchObject({ kind: 'not-sent' });
    });

    it('answers so where the host has no address', async () => {
      const outcome = await post(channelTo(`https://${NO_HOST}${SECRET_PATH}`));
      expect(outcome).toEqual({
        kind: 'not-sent',
        reason: `the webhook "ops" at ${NO_HOST} cannot be reached (ENOTFOUND)`,
      });
    });

    it('answers so where there is no TLS', async () => {
      const url = receiver.url.replace('http:', 'https:');
      expect(await post(channelTo(url))).toMatchObject({
        kind: 'not-sent',
        reason: expect.stringContaining('no trusted TLS'),
      });
    });

    it.skipIf(!hasOpenssl)('answers so where the certificate is not trusted', async () => {
      const stranger = await startReceiver({ tls: selfSigned() });
      expect(await post(channelTo(stranger.url + SECRET_PATH))).toEqual({
        kind: 'not-sent',
        reason: `the webhook "ops" at ${new URL(stranger.url).host} has no trusted TLS (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      });
      expect(stranger.requests).toEqual([]);
      await stranger.close();
    });

    it('answers so where its secret file cannot be read, or its name is gone', async () => {
      const unreadable = () => {
        throw new AppError('invalid_config', 'the file is not there');
      };
      const webhooks = new Map([['ops', { url: unreadable, format: 'json' as const }]]);
      expect(await post(channelTo('', { webhooks }))).toEqual({
        kind: 'not-sent',
        reason: 'the file is not there',
      });
      expect(await channelTo('').send('gone', Buffer.from('{}'), () => undefined)).toEqual({
        kind: 'not-sent',
        reason: 'no webhook "gone" is configured any more',
      });
      expect(marks).toBe(0);
    });
  });

  describe('when its secret file holds something else', () => {
    it.each([
      ['https://user:canary-path@hooks.example.org/x', 'has a user or a password in it'],
      ['https://canary-path@hooks.example.org/x', 'has a user or a password in it'],
      ['http://hooks.example.org/canary-path', 'is plain http, which only this machine may have'],
      ['http://127.0.0.1.example.org/canary-path', 'is plain http, which only this machine may have'],
      ['ftp://127.0.0.1/canary-path', 'does not start with https://'],
      ['hooks.example.org/canary-path', 'is not a URL'],
      ['https://hooks.example.org/canary path', 'is not a URL'],
      ['', 'is not a URL'],
    ])('answers not sent for %j', async (url, problem) => {
      expect(await post(channelTo(url))).toEqual({
        kind: 'not-sent',
        reason: `the address of the webhook "ops" ${problem}`,
      });
      expect(marks).toBe(0);
    });
  });

  describe('when anything goes wrong', () => {
    it('tells no part of the address but its host', async () => {
      const address = receiver.url + SECRET_PATH + QUERY;
      const outcomes: DeliveryOutcome[] = [];
      const faults = [
        { kind: 'status', status: 404 },
        { kind: 'status', status: 502 },
        { kind: 'redirect', to: address },
        { kind: 'reset' },
        { kind: 'hang' },
      ] as const;
      for (const fault of faults) {
        receiver.fault(fault);
        outcomes.push(await post(channelTo(address, { deadlineMs: 150 })));
      }
      for (const url of [
        `http://127.0.0.1:${await freePort()}${SECRET_PATH}${QUERY}`,
        `https://${NO_HOST}${SECRET_PATH}`,
      ])
        outcomes.push(await post(channelTo(url)));
      expect(outcomes.map(({ kind }) => kind)).not.toContain('accepted');
      expect(JSON.stringify(outcomes)).not.toMatch(/canary|services/);
    });
  });
});
