import { describeProblems, parseConfig } from '../config/load.ts';
import type { Context } from './command.ts';
import type { Answers } from './init-dialogue.ts';
import { askForAll } from './init-dialogue.ts';
import { renderConfig } from './starter.ts';

/**
 * Asks for a first configuration and shows it.
 *
 * @returns undefined when the person stopped, or said no to what was shown
 * @throws AppError invalid_config when what was answered makes no configuration that loads
 */
export async function askForConfig({
  world,
  places,
  out,
}: Context): Promise<{ readonly text: string; readonly answers: Answers } | undefined> {
  // The library that asks looks at the environment alone, when it is loaded and each time it draws.
  if (!out.color) process.env['NO_COLOR'] = '1';
  const { Cancelled, openQuestions } = await import('./init-questions.ts');
  const questions = openQuestions(process.stderr);
  // Ctrl-D closes what the library reads from, and it never answers then.
  const ended = new Promise<never>((_, reject) => {
    process.once('beforeExit', () => reject(new Cancelled()));
  });
  ended.catch(() => undefined);
  try {
    const answers = await Promise.race([askForAll(questions, world), ended]);
    const text = renderConfig(answers.parts);
    const result = parseConfig(text);
    if (!result.ok) throw describeProblems(places.configPath, result.problems);
    questions.show(`\n${text}\n`);
    if (await Promise.race([questions.yes(`Write this to ${places.configPath}?`, true), ended]))
      return { text, answers };
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  }
  // It may have been hidden when the question ended.
  process.stderr.write('\x1b[?25h');
  out.talk('stopped: nothing was written');
  return undefined;
}
