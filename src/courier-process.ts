import { readSync, writeSync } from 'node:fs';
import type { World } from './app.ts';
import type { Config } from './config/config.ts';
import type { Answered, Failure, Request } from './courier-words.ts';
import { decode, encode, OPENING_FD } from './courier-words.ts';
import { openChannels, openSealStore } from './outside.ts';
import type { Channel } from './remind/reminder.ts';
import type { SecretStore } from './rotate/rotation.ts';

// The other end of courier.ts: does what it is told, and knows nothing of the database.

/** What a connection gets to end in good order. */
const LEAVING_MS = 2_000;

/** Serves the process that has started this one, until that one says or ends. */
export function serveAsCourier(world: World): void {
  let isResting = false;
  // Whoever stops the daemon from a terminal, or as a group, stops this one too: the daemon says when.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // Nobody writes down any more what would go out.
  process.on('disconnect', () => isResting || process.exit());
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => process.exit(70));
  const act = openActs(world);
  process.on('message', ({ id, request }: { readonly id: number; readonly request: Request }) => {
    if (request.what === 'rest') {
      isResting = true;
      process.disconnect();
      setTimeout(() => process.exit(), LEAVING_MS).unref();
      return;
    }
    const answer = (answered: Answered) =>
      process.connected && process.send?.({ id, answered }, undefined, undefined, () => undefined);
    act(request, () => askToBegin(id)).then(
      (value) => answer({ ok: true, value }),
      (error: unknown) => answer({ ok: false, failure: encode(error) }),
    );
  });
}

function openActs(world: World): (request: Request, onData: () => void) => Promise<unknown> {
  const stores = new Map<string, Promise<SecretStore>>();
  const channels = new Map<string, ReadonlyMap<string, Channel>>();
  const storeOf = (config: Config): Promise<SecretStore> => {
    const key = JSON.stringify(config.github);
    const store = stores.get(key) ?? openSealStore(config, world);
    stores.set(key, store);
    return store;
  };
  const channelsOf = async (config: Config): Promise<ReadonlyMap<string, Channel>> => {
    const key = JSON.stringify([config.mail, config.webhooks]);
    const open = channels.get(key) ?? (await openChannels(config, world));
    channels.set(key, open);
    return open;
  };
  const channelOf = async (config: Config, name: string): Promise<Channel> => {
    const channel = (await channelsOf(config)).get(name);
    if (!channel) throw new Error('there is no such channel');
    return channel;
  };
  return async (request, onData) => {
    switch (request.what) {
      case 'clock': {
        const { readGitHubClock } = await import('./github/clock.ts');
        return readGitHubClock({ apiUrl: request.apiUrl, version: world.version });
      }
      case 'token-expiry':
        return readExpiry(request, world);
      case 'open-store':
        return void (await storeOf(request.config));
      case 'precheck':
      case 'read':
      case 'names':
      case 'publicKey':
        return (await storeOf(request.config))[request.what](request.destination);
      case 'render':
        return (await channelOf(request.config, request.name)).render(request.draft);
      case 'send':
        return (await channelOf(request.config, request.name)).send(
          request.recipient,
          request.payload,
          onData,
        );
      case 'close':
        for (const open of channels.values()) open.get(request.name)?.close();
        return undefined;
      case 'rest':
        return undefined;
    }
  };
}

async function readExpiry(
  { apiUrl, token, tokenFile }: Extract<Request, { what: 'token-expiry' }>,
  { fetch, sleep, version }: World,
) {
  const { openClient } = await import('./github/client.ts');
  const { readTokenExpiry } = await import('./github/token-expiry.ts');
  return readTokenExpiry(openClient({ apiUrl, token, tokenFile, fetch, version }), sleep);
}

/**
 * Before the first byte: nothing else happens here until it is written down that a message may be out.
 *
 * @throws what kept the daemon from it, or that it is no more
 */
function askToBegin(id: number): void {
  writeSync(OPENING_FD, `${id}\n`);
  const failure = JSON.parse(readLine(OPENING_FD)) as Failure | null;
  if (failure) throw decode(failure);
}

function readLine(fd: number): string {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(1_024);
    const length = readSync(fd, part);
    if (length === 0) throw new Error('the daemon is no more');
    parts.push(part.subarray(0, length));
    const text = Buffer.concat(parts).toString('utf8');
    if (text.endsWith('\n')) return text;
  }
}
