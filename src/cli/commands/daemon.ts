import type { Run } from '../command.ts';

export const run: Run = async ({ world, places }, given) => {
  const { runDaemon } = await import('../../daemon.ts');
  return runDaemon({ world, places, once: given.options['once'] === true });
};
