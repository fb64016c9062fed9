import type { App, World } from './app.ts';
import { readSecretFile } from './app.ts';
import type { Config } from './config/config.ts';
import type { Courier } from './courier.ts';
import { AppError } from './domain/error.ts';
import type { Seen } from './github/answer.ts';
import type { Kind, LiveCheck } from './kinds/kind.ts';
import type { ScopeProbe } from './registries/crates-io-scopes.ts';
import { defaultNpmRegistry } from './registries/npm-default.ts';
import type { Channel, Reminded } from './remind/reminder.ts';
import type { Issuer, Reader, SecretStore } from './rotate/rotation.ts';
import type { HeartbeatAnswer } from './webhook/heartbeat.ts';

// What lies outside, opened from the configuration. Each library is loaded only where its service is used.

/** A world that may be asked through another process. */
export interface Served extends World {
  readonly courier?: Courier | undefined;
}

/**
 * GitHub with the sealer's token. Through a courier it can be looked at only.
 *
 * @throws AppError invalid_config when there is no token to read
 */
export async function openSealStore(
  config: Config,
  world: Served,
  observe: (seen: Seen) => void = () => undefined,
): Promise<SecretStore> {
  const file = config.github.sealTokenFile;
  if (!file) {
    throw new AppError(
      'invalid_config',
      'github.seal.token-file is not set, so nothing can be stored at GitHub',
      {
        hints: ['make a fine-grained token (README: "The two GitHub tokens") and name its file there'],
      },
    );
  }
  if (world.courier) return world.courier.openStore(config);
  const token = readSecretFile(file, 'the GitHub token for sealing');
  const { openClient } = await import('./github/client.ts');
  const { openSecretStore } = await import('./github/environment-secrets.ts');
  const client = openClient({
    apiUrl: config.github.apiUrl,
    token,
    tokenFile: file,
    fetch: world.fetch,
    version: world.version,
    observe,
  });
  return openSecretStore(client);
}

/** The ways to reach people that are configured, by name. */
export async function openChannels(config: Config, world: Served): Promise<ReadonlyMap<string, Channel>> {
  if (world.courier) return world.courier.openChannels(config);
  const channels = [await openMailChannel(config), await openWebhookChannel(config, world)];
  return new Map(channels.filter((one) => one !== undefined).map((channel) => [channel.name, channel]));
}

/** @returns undefined when no mail server is configured */
export async function openMailChannel({ mail }: Config): Promise<Channel | undefined> {
  if (!mail) return undefined;
  const { openMail } = await import('./mail/smtp.ts');
  const { parseServerUrl } = await import('./mail/server-url.ts');
  return openMail({
    from: mail.from,
    server: () =>
      parseServerUrl(readSecretFile(mail.urlFile, 'the address of the mail server'), mail.urlFile),
  });
}

async function openWebhookChannel({ webhooks }: Config, world: World): Promise<Channel | undefined> {
  if (webhooks.length === 0) return undefined;
  const { openWebhooks } = await import('./webhook/webhook.ts');
  return openWebhooks({
    fetch: world.fetch,
    version: world.version,
    webhooks: new Map(
      webhooks.map(({ name, urlFile, format }) => [
        name,
        { format, url: () => readSecretFile(urlFile, `the address of the webhook "${name}"`) },
      ]),
    ),
  });
}

/** Tells the watcher outside how a round went. @returns undefined when none is configured */
export async function callHeartbeat(
  { config, world }: App,
  kind: 'good' | 'fail',
): Promise<HeartbeatAnswer | undefined> {
  const file = config.reminders.heartbeatUrlFile;
  if (!file) return undefined;
  const { beat } = await import('./webhook/heartbeat.ts');
  const url = () => readSecretFile(file, "the heartbeat's address");
  return beat({ url, fetch: world.fetch, version: world.version }, kind);
}

/** Writes the expiries of credentials as an iCalendar text; undefined where none of them has a date. */
export async function openCalendar({
  identity,
  config,
}: App): Promise<(credentials: readonly Reminded[]) => string | undefined> {
  const { calendarEntry } = await import('./remind/calendar-entry.ts');
  const { writeCalendar } = await import('./calendar/ics.ts');
  const context = { ...identity, command: config.reminders.command };
  return (credentials) => {
    const entries = credentials.map((one) => calendarEntry(one, context)).filter((one) => one !== undefined);
    return entries.length > 0 ? writeCalendar(entries) : undefined;
  };
}

/**
 * Who can say whether a token of this kind is alive.
 *
 * @param scopes what else to ask of a crates.io token, since that costs something (`SCOPE_COST`); other kinds ignore it
 * @returns undefined for a kind without a live check
 */
export async function openIssuer(
  kind: Kind,
  config: Config,
  world: World,
  scopes?: ScopeProbe,
): Promise<Issuer | undefined> {
  const { version, fetch, now, sleep } = world;
  switch (kind.check?.registry) {
    case undefined:
      return undefined;
    case 'crates-io': {
      const { openCratesIo } = await import('./registries/crates-io.ts');
      const { takeTurns } = await import('./registries/turns.ts');
      const { url, contact } = config.registries.cratesIo;
      const questions = scopes && { ...scopes, turn: takeTurns(now, sleep) };
      return openCratesIo({ url, contact, version, fetch, ...(questions && { scopes: questions }) });
    }
    case 'npm': {
      const { openNpmWhoami } = await import('./registries/npm-whoami.ts');
      const { url, contact } = config.registries.npm;
      return openNpmWhoami({ url, contact, version });
    }
    case 'github': {
      const { openTokenCheck } = await import('./github/token-check.ts');
      return openTokenCheck({ apiUrl: config.github.apiUrl, version, fetch, sleep });
    }
  }
}

/** What reads a credential of this kind, where it says something of itself. @returns undefined where it says nothing */
export async function openReader(kind: Kind, world: World): Promise<Reader | undefined> {
  if (kind.reader === 'certificate') {
    const { openCertificateReader } = await import('./x509/read-certificate.ts');
    return openCertificateReader(world.now);
  }
  const { read } = kind;
  return read && { read: async (token) => read(token.reveal()) };
}

const PUBLIC_GITHUB = 'api.github.com';

/** Host that a token of this kind is sent to for its check. */
export function checkHost({ registry }: LiveCheck, { registries, github }: Config): string {
  switch (registry) {
    case 'crates-io':
      return new URL(registries.cratesIo.url).host;
    case 'npm':
      return new URL(registries.npm.url ?? defaultNpmRegistry()).host;
    case 'github':
      return new URL(github.apiUrl).host;
  }
}

function usualHost({ registry }: LiveCheck): string {
  switch (registry) {
    case 'crates-io':
      return 'crates.io';
    case 'npm':
      return new URL(defaultNpmRegistry()).host;
    case 'github':
      return PUBLIC_GITHUB;
  }
}

/** Hosts that a rotation talks to which are not the public ones: to be named before anything is pasted. */
export function unusualHosts({ check }: Kind, config: Config): readonly string[] {
  const github = new URL(config.github.apiUrl).host;
  const asked = check && checkHost(check, config);
  const usual = check && usualHost(check);
  return [
    ...(github === PUBLIC_GITHUB ? [] : [`GitHub's API is ${github}, not ${PUBLIC_GITHUB}`]),
    ...(asked === usual ? [] : [`the token is checked at ${asked}, not at ${usual}`]),
  ];
}
