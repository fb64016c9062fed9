import type { Config } from '../config/config.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { RegistryName } from '../registries/reach.ts';
import type { Fact } from '../verify/fact.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, unknown } from './line.ts';
import { needing } from './scene.ts';

const DEADLINE_MS = 8_000;
const TITLES: Readonly<Record<RegistryName, string>> = {
  'crates-io': 'crates.io',
  npm: 'npm',
  pypi: 'PyPI',
};

/** Whether the registries that anything here depends on answer. GitHub is asked by its own checks. */
export const registries: Check = {
  id: 'registries',
  title: 'Issuers and registries',
  asksOthers: true,
  run: ({ config, world }) =>
    needing(config, 'registries', async (value) => {
      const used = usedRegistries(value);
      if (used.length === 0) return [ok('registries', 'nothing that is declared needs one')];
      const { reachRegistry } = await import('../registries/reach.ts');
      const { fetch, version, now } = world;
      return Promise.all(
        used.map(async (name) => {
          const { url, contact } = value.registries[name === 'crates-io' ? 'cratesIo' : name];
          const options = { url, contact, fetch, version, now, deadlineMs: DEADLINE_MS };
          return judgeRegistry(name, url, await reachRegistry(name, options));
        }),
      );
    }),
};

/** Those that check a token that is declared, or publish what a pipeline declares. */
export function usedRegistries({ credentials, pipelines }: Config): readonly RegistryName[] {
  const checked = credentials.map(({ kind }) => findKind(kind)?.check?.registry);
  const uses: Readonly<Record<RegistryName, boolean>> = {
    'crates-io': checked.includes('crates-io') || pipelines.some(({ publishers }) => publishers.cratesIo),
    npm: checked.includes('npm') || pipelines.some(({ publishers }) => publishers.npm.length > 0),
    pypi: pipelines.some(({ publishers }) => publishers.pypi.length > 0),
  };
  return (['crates-io', 'npm', 'pypi'] as const).filter((name) => uses[name]);
}

/** @param url undefined: the registry's default */
export function judgeRegistry(name: RegistryName, url: string | undefined, fact: Fact<unknown>): Remark {
  const title = TITLES[name];
  const at = url === undefined ? '' : ` at ${new URL(url).host}`;
  if (fact.known) return ok(title, `answers${at}`);
  const next = `check the network and the proxy${url === undefined ? '' : `, and registries.${name}.url`}; a rotation can go on with --unchecked`;
  return unknown(title, `${fact.reason}${at}`, name === 'pypi' ? next.replace(/; .*/, '') : next);
}
