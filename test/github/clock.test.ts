import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readGitHubClock } from '../../src/github/clock.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { NOW } from '../support/builders.ts';
import { hasOpenssl, selfSigned } from '../support/stand-ins.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function begin(options: Parameters<typeof startGitHub>[0]) {
  const github = await startGitHub({ now: () => NOW, ...options });
  open.push(github);
  return github;
}

/** A server that answers everything alike. @returns its address */
async function answering(status: number, headers: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('readGitHubClock', () => {
  it('returns what its clock shows, and asks for the head alone, without a token', async () => {
    const github = await begin({});
    expect(await readGitHubClock({ apiUrl: github.apiUrl, version: '0.1.0' })).toEqual(NOW);
    expect(github.requests).toHaveLength(1);
    expect(github.requests[0]).toMatchObject({ method: 'HEAD', headers: { 'user-agent': 'reseal/0.1.0' } });
    expect(github.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('takes the date of whatever is answered, and goes nowhere else for it', async () => {
    const date = 'Mon, 23 Nov 2026 09:30:00 GMT';
    for (const [status, headers] of [
      [403, { date }],
      [302, { date, location: 'http://127.0.0.1:1/' }],
    ] as const) {
      const apiUrl = await answering(status, headers);
      expect(await readGitHubClock({ apiUrl, version: '0.1.0' })).toEqual(new Date(date));
    }
  });

  it('returns nothing for an answer without a date, or with one of another form', async () => {
    for (const headers of [{}, { date: '2' }, { date: '2026-11-23T09:30:00Z' }]) {
      const apiUrl = await answering(200, headers as Record<string, string>);
      expect(await readGitHubClock({ apiUrl, version: '0.1.0' })).toBeUndefined();
    }
  });

  it('returns nothing where nobody answers', async () => {
    const gone = await answering(200, {});
    await open.pop()?.close();
    expect(await readGitHubClock({ apiUrl: gone, version: '0.1.0' })).toBeUndefined();
  });

  it.skipIf(!hasOpenssl)('asks nobody whose certificate is not trusted', async () => {
    const strange = await begin({ tls: selfSigned() });
    expect(await readGitHubClock({ apiUrl: strange.apiUrl, version: '0.1.0' })).toBeUndefined();
    expect(strange.requests).toEqual([]);
  });
});
