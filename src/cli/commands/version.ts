import type { Run } from '../command.ts';

export const run: Run = async ({ world, out }) => {
  if (out.json) out.resultJson({ schemaVersion: 1, version: world.version, node: process.versions.node });
  else out.result(`reseal ${world.version}`);
  return 0;
};
