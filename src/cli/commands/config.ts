import { existsSync } from 'node:fs';
import { loadConfig } from '../../app.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/error.ts';
import type { Run } from '../command.ts';

export const run: Run = async ({ world, places, out }, given) => {
  const [action] = given.arguments;
  if (action === 'schema') {
    const { configJsonSchema } = await import('../../config/schema.ts');
    out.result(JSON.stringify(configJsonSchema(), null, 2));
    return 0;
  }
  if (action !== 'check' && action !== 'show') {
    throw new AppError('invalid_input', 'that cannot be done with the configuration', {
      hints: ['config check, config show or config schema'],
    });
  }
  const { config } = await loadConfig(places, world, undefined, false);
  if (action === 'show' && out.json) out.resultJson({ schemaVersion: 1, file: places.configPath, config });
  else if (action === 'show') out.result(JSON.stringify(config, null, 2));
  else if (out.json) out.resultJson({ schemaVersion: 1, file: places.configPath, ok: true });
  else {
    const credentials = config.credentials.length;
    const pipelines = config.pipelines.length;
    out.result(
      `${places.configPath} is good: ${count(credentials, 'credential')}, ${count(pipelines, 'pipeline')}`,
    );
  }
  for (const note of notesOn(config)) out.talk(`note: ${note}`);
  return 0;
};

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function noMail(posted: boolean): string {
  return posted
    ? 'no mail server is configured, so reminders go to the webhooks only'
    : 'no mail server is configured, so no reminder can go out';
}

/** What is no error of the file, and keeps something from working on this machine. */
function notesOn({ github, mail, webhooks, reminders }: Config): readonly string[] {
  const files = [
    github.sealTokenFile,
    mail?.urlFile,
    ...webhooks.map(({ urlFile }) => urlFile),
    reminders.heartbeatUrlFile,
  ].filter((file) => file !== undefined);
  return [
    ...files.filter((file) => !existsSync(file)).map((file) => `${file} is not there (yet)`),
    ...(mail ? [] : [noMail(webhooks.length > 0)]),
  ];
}
