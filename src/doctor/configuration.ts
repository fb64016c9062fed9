import { statSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, shellQuote } from './line.ts';
import type { Reading } from './scene.ts';

export interface ConfigurationFacts {
  readonly path: string;
  readonly config: Reading<Config>;
  /** Permission bits; undefined: it cannot be looked at. */
  readonly mode: number | undefined;
}

/** Whether the file is there, is understood, and can be written by its owner alone. */
export const configuration: Check = {
  id: 'configuration',
  title: 'Configuration',
  run: ({ places, config }) => {
    const stats = statSync(places.configPath, { throwIfNoEntry: false });
    return judgeConfiguration({ path: places.configPath, config, mode: stats && stats.mode & 0o777 });
  },
};

export function judgeConfiguration(facts: ConfigurationFacts): readonly Remark[] {
  const { path, config, mode } = facts;
  if (!config.ok) {
    const next = config.hints.join('; ') || 'correct the file and check it with: reseal config check';
    return [problem('file', config.reason, next), ...judgeMode(path, mode)];
  }
  const { credentials, pipelines, owners } = config.value;
  const held = [
    count(credentials.length, 'credential'),
    count(owners.length, 'owner'),
    count(pipelines.length, 'pipeline'),
  ];
  return [ok('file', `${path} is understood: ${held.join(', ')}`), ...judgeMode(path, mode)];
}

function judgeMode(path: string, mode: number | undefined): readonly Remark[] {
  if (mode === undefined) return [];
  const shown = `mode ${formatMode(mode)}`;
  if ((mode & 0o022) === 0) return [ok('mode', `only its owner can write it (${shown})`)];
  const text = `others can write it (${shown}), and with it choose where a token goes`;
  return [problem('mode', text, `chmod go-w ${shellQuote(path)}`)];
}

/** `0640` */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
