import type { App } from '../app.ts';
import { AppError } from '../domain/error.ts';
import type { StoredCredential } from '../register/register.ts';

/** Of the configuration, or of what has left it. @throws AppError invalid_input naming what there is */
export function findStored(app: App, name: string): StoredCredential {
  app.syncRegister();
  const found = app.register.find(name);
  if (found) return found;
  const names = app.register.list().map(({ declaration }) => declaration.name);
  throw new AppError(
    'invalid_input',
    `no credential is called "${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}"`,
    { hints: [names.length > 0 ? `there are: ${names.join(', ')}` : 'declare it under "credentials" first'] },
  );
}
