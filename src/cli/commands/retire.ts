import { openUsedApp } from '../../app.ts';
import type { Run } from '../command.ts';
import { findStored } from '../find-stored.ts';

/** No more reminders, until a version is recorded again. */
export const run: Run = async ({ world, places, out }, given) => {
  const app = await openUsedApp(places, world);
  try {
    const { declaration, retiredAt, declared } = findStored(app, given.arguments[0] ?? '');
    const { name } = declaration;
    if (!retiredAt) app.register.retire(name, world.now());
    if (out.json) out.resultJson({ schemaVersion: 1, name, retired: true });
    else {
      out.result(`${name}: ${retiredAt ? 'is retired already' : 'retired'}; no more reminders come`);
      if (declared) out.hint(`it is still in the configuration: take it out there, too`);
      out.hint(`\`reseal record ${name} --expires DATE\` brings it back`);
    }
    return 0;
  } finally {
    app.close();
  }
};
