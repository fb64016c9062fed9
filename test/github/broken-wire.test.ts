import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import { DESTINATION, SEED } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { clientOf, SEALER } from '../support/stand-ins.ts';
import type { Chance } from './fuzzed-answers.ts';
import { chanceOf } from './fuzzed-answers.ts';

const ROUNDS = 400;
const UPDATED = '2026-02-03T04:05:06Z';
const BODY = JSON.stringify({
  name: DESTINATION.secret,
  created_at: '2025-11-30T16:04:12Z',
  updated_at: UPDATED,
});

/** Bytes that are answered to whatever comes, and how the connection ends after them. */
interface Script {
  readonly bytes: Buffer;
  readonly end: 'close' | 'reset' | 'stay';
}

let script: Script;
let port = 0;
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('data', () => {
    const { bytes, end } = script;
    if (bytes.length > 0) socket.write(bytes);
    if (end === 'close') socket.end();
    if (end === 'reset') socket.resetAndDestroy();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function answer(lines: readonly string[], body: string, status = 'HTTP/1.1 200 OK'): string {
  return [
    status,
    'Content-Type: application/json',
    'Date: Mon, 23 Nov 2026 09:30:00 GMT',
    ...lines,
    '',
    body,
  ].join('\r\n');
}

const LENGTH = `Content-Length: ${BODY.length}`;
/** Framing that is wrong from the start (RFC 9112 §6, §7, §11). */
const BROKEN: readonly string[] = [
  answer([LENGTH], BODY),
  answer([`Content-Length: ${BODY.length - 5}`], BODY),
  answer([`Content-Length: ${BODY.length + 5}`], BODY),
  answer([LENGTH, `Content-Length: ${BODY.length - 1}`], BODY),
  answer(['Content-Length: -1'], BODY),
  answer(['Content-Length: 99999999999999999999'], BODY),
  answer(['Transfer-Encoding: chunked'], `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`),
  answer(['Transfer-Encoding: chunked'], `${BODY.length.toString(16)}\r\n${BODY}`),
  answer(['Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`),
  answer(['Transfer-Encoding: chunked'], `ffffffffffffffff\r\n${BODY}`),
  answer(['Transfer-Encoding: chunked', LENGTH], `0\r\n\r\n${BODY}`),
  answer([LENGTH, 'Content-Encoding: gzip'], BODY),
  answer([LENGTH, 'Content-Encoding: br'], BODY),
  answer([LENGTH], BODY, 'HTTP/1.1 200'),
  answer([LENGTH], BODY, 'HTTP/1.1 2OO OK'),
  answer([LENGTH], BODY, 'HTTP/9.9 200 OK'),
  answer([LENGTH], BODY, 'ICY 200 OK'),
  answer([LENGTH], BODY, 'HTTP/1.1 999 ?'),
  answer([LENGTH], BODY, 'HTTP/1.1 101 Switching Protocols'),
  answer([LENGTH], BODY, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK'),
  answer([LENGTH], BODY, 'HTTP/1.1 204 No Content'),
  answer([LENGTH, ' folded: line'], BODY),
  answer([LENGTH, 'no colon'], BODY),
  answer([LENGTH, 'X: \0\x01\x7f'], BODY),
  answer([LENGTH, `X: ${'a'.repeat(70_000)}`], BODY),
  answer([LENGTH, ...Array.from({ length: 500 }, (_, index) => `X-${index}: a`)], BODY),
  answer([LENGTH], BODY).replaceAll('\r\n', '\n'),
  BODY,
  '\x16\x03\x01\x02\x00\x01\x00\x01',
  'SSH-2.0-OpenSSH_9.2\r\n',
  '',
];

function scripted(round: number): Script {
  const chance = chanceOf(SEED + round);
  const text = BROKEN[round % BROKEN.length] ?? '';
  const end = round % 40 === 39 ? 'stay' : (['close', 'close', 'reset'] as const)[chance(3)];
  const bytes = Buffer.from(text, 'latin1');
  return { bytes: round < BROKEN.length ? bytes : damaged(chance, bytes), end: end ?? 'close' };
}

function damaged(chance: Chance, bytes: Buffer): Buffer {
  if (chance(2) === 0 || bytes.length === 0) return bytes.subarray(0, chance(bytes.length + 1));
  for (let count = 1 + chance(4); count > 0; count--) bytes[chance(bytes.length)] = chance(256);
  return bytes;
}

describe(`${ROUNDS} answers that are broken on the wire`, () => {
  const store = () => openSecretStore(clientOf({ apiUrl: `http://127.0.0.1:${port}` }, { deadlineMs: 250 }));

  it('B19, B20: give the time that the body shows, or an AppError, and never hang', async () => {
    const ends = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      script = scripted(round);
      const told = await store()
        .read(DESTINATION)
        .then(
          ({ updatedAt }) => updatedAt?.toISOString() ?? 'absent',
          (error: unknown) => (isAppError(error) ? error.code : `round ${round}: ${String(error)}`),
        );
      ends.add(told);
      const shown = script.bytes.includes(`"updated_at":"${told.replace('.000', '')}"`);
      expect(told.startsWith('20') ? shown : isCode(told), `round ${round}: ${told}`).toBe(true);
    }
    expect([...ends]).toEqual(expect.arrayContaining([new Date(UPDATED).toISOString(), 'unavailable']));
  });

  it('B14, B16, B19: give a verdict on a write, which is stored at 201 and 204 alone', async () => {
    const kinds = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      script = scripted(round);
      const said = await store().put(DESTINATION, { value: 'c2VhbGVk', keyId: '1' });
      kinds.add(said.kind);
      if (said.kind === 'stored') expect(script.bytes.toString('latin1')).toMatch(/ 20[14]\b/);
      expect(findLeaks(SEALER, new Map([['said', Buffer.from(JSON.stringify(said))]]))).toEqual([]);
    }
    expect([...kinds]).toEqual(expect.arrayContaining(['stored', 'unclear']));
    expect([...kinds]).not.toContain('not-sent');
  });
});

function isCode(told: string): boolean {
  return /^[a-z_]+$/.test(told) && told !== 'absent';
}
