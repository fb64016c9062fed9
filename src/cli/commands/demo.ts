import { AppError } from '../../domain/error.ts';
import type { Run } from '../command.ts';

export const run: Run = async ({ world, out }, given) => {
  const { runDemo } = await import('../../sandbox/demo.ts');
  try {
    return await runDemo({
      entry: process.argv[1] ?? '',
      auto: given.options['auto'] === true,
      now: world.now(),
      say: (text) => out.result(text),
    });
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error)) throw error;
    // What the demo throws is about itself: no secret but its own fake ones is near.
    throw new AppError('refused', `the demo stopped: ${error.message}`, { cause: error });
  }
};
