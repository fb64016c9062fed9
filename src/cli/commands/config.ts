import { accessSync, constants } from 'node:fs';
import { loadConfig } from '../../app.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/error.ts';
import type { Context, Run } from '../command.ts';

export const run: Run = async (context, given) => {
  const [action] = given.arguments;
  switch (action) {
    case 'schema':
      return printSchema(context);
    case 'show':
      return show(context);
    case 'check':
      return check(context);
    default:
      throw new AppError('invalid_input', 'that cannot be done with the configuration', {
        hints: ['config check, config show or config schema'],
      });
  }
};

async function printSchema({ out }: Context): Promise<number> {
  const { configJsonSchema } = await import('../../config/schema.ts');
  out.result(JSON.stringify(configJsonSchema(), null, 2));
  return 0;
}

/** What is in force, in the words of the file, so that it can be pasted into one. */
async function show({ places: { configPath: file }, out }: Context): Promise<number> {
  const { readConfigFile } = await import('../../config/read-file.ts');
  const { asYaml, effectiveFile } = await import('../../config/show.ts');
  const config = effectiveFile(file, readConfigFile(file).text);
  out.talk(`from ${file}, with every default`);
  if (out.json) out.resultJson({ schemaVersion: 1, file, config });
  else out.result(asYaml(config));
  return 0;
}

async function check({ world, places, out }: Context): Promise<number> {
  const { config } = await loadConfig(places, world, undefined, false);
  const notes = notesOn(config);
  const { length: credentials } = config.credentials;
  const { length: pipelines } = config.pipelines;
  const file = places.configPath;
  if (out.json) out.resultJson({ schemaVersion: 1, file, ok: true, credentials, pipelines, notes });
  else out.result(`${file} is good: ${count(credentials, 'credential')}, ${count(pipelines, 'pipeline')}`);
  for (const note of notes) out.talk(`note: ${note}`);
  return 0;
}

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
    github.verifyTokenFile,
    mail?.urlFile,
    ...webhooks.map(({ urlFile }) => urlFile),
    reminders.heartbeatUrlFile,
  ].filter((file) => file !== undefined);
  return [
    ...new Set(files.map(whyUnreadable).filter((why) => why !== undefined)),
    ...(mail ? [] : [noMail(webhooks.length > 0)]),
  ];
}

/** Nothing of the file is read. */
function whyUnreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? `${file} is not there (yet)`
      : `${file} cannot be read by this user (${code ?? 'unknown'})`;
  }
}
