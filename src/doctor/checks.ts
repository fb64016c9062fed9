import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { configuration } from './configuration.ts';
import { credentials } from './credentials.ts';
import { daemon } from './daemon.ts';
import { database } from './database.ts';
import { folder } from './folder.ts';
import { form } from './form.ts';
import { github } from './github.ts';
import { mail } from './mail.ts';
import { program } from './process.ts';
import { registries } from './registries.ts';
import { reminders } from './reminders.ts';
import { secretFiles } from './secret-files.ts';
import { webhooks } from './webhooks.ts';

/** Every check, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  program,
  configuration,
  secretFiles,
  form,
  folder,
  database,
  daemon,
  clock,
  mail,
  webhooks,
  github,
  registries,
  credentials,
  reminders,
];
