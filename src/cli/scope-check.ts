import type { Config } from '../config/config.ts';
import type { Declaration } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { ScopeProbe } from '../registries/crates-io-scopes.ts';

/**
 * What `--check-scopes` asks about: the scopes that are declared, and the crates that the pipelines of its repositories publish. Where
 * none of these is declared, those of every pipeline.
 *
 * @throws AppError invalid_input where it is another kind, or no crate is declared
 */
export function scopeProbeOf({ kind, name, scopes, destinations }: Declaration, config: Config): ScopeProbe {
  if (kind !== 'crates-io-token') {
    throw new AppError(
      'invalid_input',
      `--check-scopes is about crates.io tokens, and "${name}" is of kind ${kind}`,
      {
        hints: ['leave it out'],
      },
    );
  }
  const repos = new Set(destinations.map(({ repo }) => repo.toLowerCase()));
  const own = cratesOf(config, (repo) => repos.has(repo.toLowerCase()));
  const crates = own.length > 0 ? own : cratesOf(config, () => true);
  if (crates.length === 0) {
    throw new AppError(
      'invalid_input',
      '--check-scopes asks about the crates that are published, and the configuration declares none',
      {
        hints: [
          'declare them under pipelines › publishers › crates-io › crates, or leave --check-scopes out',
        ],
      },
    );
  }
  return { declared: scopes, crates };
}

function cratesOf({ pipelines }: Config, isMeant: (repo: string) => boolean): readonly string[] {
  const crates = pipelines
    .filter(({ repo }) => isMeant(repo))
    .flatMap(({ publishers }) => publishers.cratesIo?.crates ?? []);
  return [...new Set(crates)];
}
