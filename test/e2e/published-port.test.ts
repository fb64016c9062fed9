import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { Running } from '../../src/sandbox/run.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { hasChromium, launchBrowser } from '../support/browser.ts';
import type { Installed } from '../support/installed.ts';
import { installAndRecord, openedForm, secretOf } from '../support/installed.ts';

// As a container publishes a port: what comes to 127.0.0.1 on one port arrives at an address of another interface, on another.
const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((one) => one && one.family === 'IPv4' && !one.internal)?.address;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** @param bind where the form listens */
async function begin(bind: string): Promise<Installed> {
  const one = await installAndRecord();
  open.push({ close: () => one[Symbol.asyncDispose]() });
  const { configPath } = one.installation;
  const config = readFileSync(configPath, 'utf8');
  writeFileSync(
    configPath,
    config.replace('form: { bind: 127.0.0.1, port: 0 }', `form: { bind: ${bind}, port: 0 }`),
  );
  return one;
}

/** A relay on a port of its own, which leads to `target` once that is known. */
async function relay(host: string): Promise<{ port: number; lead: (port: number) => void }> {
  let target = 0;
  const server = createServer((socket) => {
    const far = connect({ host, port: target });
    socket.pipe(far).pipe(socket);
    for (const end of [socket, far]) end.on('error', () => undefined);
  });
  open.push({ close: () => server.close() });
  return { port: await listening(server), lead: (port) => (target = port) };
}

/** The port on which the process listens, from the system's own table. */
function portOf(running: Running, bind: string): number {
  const inodes = new Set<string>();
  for (const line of readFileSync(`/proc/${running.child.pid}/net/tcp`, 'utf8').split('\n').slice(1)) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    const dotted = (address.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
    if (state === '0A' && dotted === bind) inodes.add(port);
  }
  return Number.parseInt([...inodes].at(-1) ?? '', 16);
}

describe.skipIf(process.platform !== 'linux')('a form that is published on another port', () => {
  // Without a network there is still another address than the one that is published.
  const bind = OUTSIDE ?? '127.0.0.2';

  it('D19: works through it where the port is named, and stores the token', async () => {
    const one = await begin(bind);
    const published = await relay(bind);
    const running = one.program.start(
      '--json',
      'rotate',
      'crates-io',
      '--public-port',
      String(published.port),
    );
    const address = await openedForm(running);
    expect(new URL(address).host).toBe(`127.0.0.1:${published.port}`);
    published.lead(portOf(running, bind));
    const page = await openPage(address);
    expect(page.status).toBe(200);
    await submitForm(address, page, { token: one.sandbox.offeredToken, expiration: '365d' });
    expect((await running.finished).code).toBe(0);
    expect(Buffer.from(secretOf(one).opened).toString()).toBe(one.sandbox.offeredToken);
  });

  it('D19: answers 421 where it is not, and the terminal names the option', async () => {
    const one = await begin('0.0.0.0');
    const published = await relay(bind);
    const running = one.program.start('--json', 'rotate', 'crates-io');
    const address = new URL(await openedForm(running));
    published.lead(Number(address.port));
    address.port = String(published.port);
    expect((await openPage(address.href)).status).toBe(421);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    expect(code).toBe(130);
    expect(stderr).toContain('set form.public-port or --public-port');
    expect(one.sandbox.github.putCount()).toBe(0);
  });

  it.skipIf(!hasChromium)('D19: works through it in a browser', async () => {
    const one = await begin(bind);
    const published = await relay(bind);
    const running = one.program.start(
      '--json',
      'rotate',
      'crates-io',
      '--public-port',
      String(published.port),
    );
    const address = await openedForm(running);
    published.lead(portOf(running, bind));
    const browser = await launchBrowser();
    open.push(browser);
    const page = await browser.newPage();
    await page.goto(address);
    await page.getByLabel('The new token').fill(one.sandbox.offeredToken);
    await page.getByRole('radio', { name: '365 days', exact: true }).check();
    await page.getByRole('button', { name: 'Check, seal and store' }).click();
    await page.getByRole('heading', { name: 'Stored and recorded' }).waitFor();
    expect((await running.finished).code).toBe(0);
  });
});
