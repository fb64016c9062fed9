import type { World } from './app.ts';
import { readSecretFile } from './app.ts';
import type { Config } from './config/config.ts';
import { AppError } from './domain/error.ts';
import type { Kind } from './kinds/kind.ts';
import type { Channel } from './remind/reminder.ts';
import type { Issuer, SecretStore } from './rotate/rotation.ts';

// What lies outside, opened from the configuration. Each library is loaded only where its service is used.

/**
 * GitHub with the sealer's token.
 *
 * @throws AppError invalid_config when there is no token to read
 */
export async function openSealStore(config: Config, world: World): Promise<SecretStore> {
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
  const token = readSecretFile(file, 'the GitHub token for sealing');
  const { openClient } = await import('./github/client.ts');
  const { openSecretStore } = await import('./github/environment-secrets.ts');
  const client = openClient({
    apiUrl: config.github.apiUrl,
    token,
    tokenFile: file,
    fetch: world.fetch,
    version: world.version,
  });
  return openSecretStore(client);
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

/** Who can say whether a token of this kind is alive. @returns undefined for a kind without a live check */
export async function openIssuer(kind: Kind, config: Config, world: World): Promise<Issuer | undefined> {
  switch (kind.check?.registry) {
    case undefined:
      return undefined;
    case 'crates-io': {
      const { openCratesIo } = await import('./registries/crates-io.ts');
      const { url, contact } = config.registries.cratesIo;
      return openCratesIo({ url, contact, version: world.version, fetch: world.fetch });
    }
  }
}

const PUBLIC_HOSTS = { 'crates-io': 'crates.io' } as const;

/** Host that a token of this kind is sent to for its check. */
export function checkHost({ registry }: NonNullable<Kind['check']>, { registries }: Config): string {
  switch (registry) {
    case 'crates-io':
      return new URL(registries.cratesIo.url).host;
  }
}

/** Hosts that a rotation talks to which are not the public ones: to be named before anything is pasted. */
export function unusualHosts({ check }: Kind, config: Config): readonly string[] {
  const github = new URL(config.github.apiUrl).host;
  const asked = check && checkHost(check, config);
  const usual = check && PUBLIC_HOSTS[check.registry];
  return [
    ...(github === 'api.github.com' ? [] : [`GitHub's API is ${github}, not api.github.com`]),
    ...(asked === usual ? [] : [`the token is checked at ${asked}, not at ${usual}`]),
  ];
}
