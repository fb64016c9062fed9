import type { EnvironmentFact } from './facts.ts';
import { settingsOf } from './pages.ts';
import type { Context, Judgement } from './rule.ts';
import { notApplicable, unknown } from './rule.ts';

/** What a rule about a setting of the environment answers: unknown where it was not read, and nothing where there is none. */
export function judgeEnvironment(
  { pipeline, facts }: Context,
  expected: string,
  judge: (environment: EnvironmentFact, subject: string) => Judgement,
): readonly Judgement[] {
  const { name } = pipeline.environment;
  const { environment } = facts;
  if (!environment.known) return [unknown(name, expected, environment)];
  if (!environment.value) return [notApplicable(name, expected, withoutEnvironment(name))];
  return [judge(environment.value, name)];
}

/** Whether GitHub says that there is no such environment: then nothing of it can be right or wrong. */
export function isMissing({ facts: { environment } }: Context): boolean {
  return environment.known && environment.value === undefined;
}

export function withoutEnvironment(name: string): string {
  return `there is no environment ${name}`;
}

/** How to get to the environment's page, as the beginning of a remedy. */
export function openEnvironment({ pipeline, pages }: Context): string {
  const page = settingsOf(pages, 'settings/environments', 'Settings → Environments of the repository');
  return `open ${page} and press "${pipeline.environment.name}"`;
}

/** The key in the configuration under which a setting of the environment is declared. */
export function declaredAt({ pipeline }: Context, key: string): string {
  return `pipelines.${pipeline.name}.environment.${key}`;
}

/** `a, b and c` */
export function listed(words: readonly string[], last = 'and'): string {
  const end = words.at(-1) ?? '';
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} ${last} ${end}` : end;
}
