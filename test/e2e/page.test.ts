import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import { dateOf, daysAgo } from '../support/installed.ts';
import { accepts, exchange, openSocket, requestText } from '../support/raw-http.ts';
import type { Relay } from '../support/relay.ts';
import { startRelay } from '../support/relay.ts';
import { freePort } from '../support/stand-ins.ts';
import { readMetrics } from '../web/read-metrics.ts';

const open: Relay[] = [];
async function begin(port: number): Promise<Relay> {
  const relay = await startRelay({ owners: ['ada'], extra: `web: { port: ${port} }` });
  open.push(relay);
  return relay;
}
afterEach(async () => {
  for (const relay of open.splice(0)) await relay[Symbol.asyncDispose]();
});

/** Until the page is there: the daemon opens it beside its first round. */
async function opened(port: number, { finished }: Running): Promise<void> {
  const ended = finished.then(({ stderr }) => {
    throw new Error(`the daemon has ended: ${stderr}`);
  });
  ended.catch(() => undefined);
  while (!(await Promise.race([accepts(port), ended]))) await new Promise((resolve) => setImmediate(resolve));
}

async function get(port: number, path: string, host = `localhost:${port}`) {
  const { status, body } = await exchange(port, requestText(`GET ${path} HTTP/1.1`, [['Host', host]]));
  return { status, body };
}

describe('the page of a running daemon', () => {
  it('H12: shows the state, its health and its figures, and ends with the daemon', async () => {
    const port = await freePort();
    const relay = await begin(port);
    const beat = relay.beaten('/beat');
    const running = relay.program.start('daemon');
    await opened(port, running);
    await beat;
    expect((await get(port, '/')).body).toContain('ada');
    expect((await get(port, '/healthz')).status).toBe(200);
    expect((await get(port, '/readyz')).status).toBe(200);
    const families = readMetrics((await get(port, '/metrics')).body);
    expect(families.get('reseal_credential_expiry_known')?.samples).toEqual([
      { labels: { name: 'ada', kind: 'generic' }, value: 0 },
    ]);
    expect(await get(port, '/', `rebind.evil.example:${port}`)).toEqual({
      status: 421,
      body: 'Not available.\n',
    });
    const silent = await openSocket(port);
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(0);
    silent.destroy();
    expect(await accepts(port)).toBe(false);
  });

  it('serves the calendar at the address that the command prints, until there is another', async () => {
    const port = await freePort();
    const relay = await begin(port);
    const day = dateOf(daysAgo(-200));
    expect((await relay.program.run('record', 'ada', '--expires', day)).code).toBe(0);
    const running = relay.program.start('daemon');
    await opened(port, running);
    const address = async (...flags: readonly string[]) =>
      new URL((await relay.program.run('calendar', ...flags)).stdout.trim());
    const first = await address('--address');
    expect(first.origin).toBe(`http://127.0.0.1:${port}`);
    expect((await get(port, first.pathname)).body).toContain(`DTSTART:${day.replaceAll('-', '')}T000000Z`);
    expect(await address('--address')).toEqual(first);
    const second = await address('--new-address');
    expect([(await get(port, first.pathname)).status, (await get(port, second.pathname)).status]).toEqual([
      404, 200,
    ]);
    const history = await relay.program.run('--json', 'history');
    expect(history.stdout).toContain('calendar.address');
    expect(history.stdout).not.toContain(first.pathname.split('/')[2]?.slice(0, 20));
    running.child.kill('SIGTERM');
    await running.finished;
  });

  it('is done without where its port is taken: the daemon reminds all the same', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const relay = await begin(typeof address === 'object' && address ? address.port : 0);
    const beat = relay.beaten('/beat');
    const running = relay.program.start('daemon');
    await Promise.race([beat, running.finished]);
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.finished;
    expect({ code, said: stderr.includes('page.failed') }).toEqual({ code: 0, said: true });
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('calendar --address', () => {
  it('is refused where the port is another one at each start', async () => {
    const relay = await begin(0);
    const { code, stderr } = await relay.program.run('calendar', '--address');
    expect({ code, said: stderr.includes('set web.port') }).toEqual({ code: 2, said: true });
  });
});
