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
  try {
    const answers = await askForAll(questions, world);
    const text = renderConfig(answers.parts);
    const result = parseConfig(text);
    if (!result.ok) throw describeProblems(places.configPath, result.problems);
    questions.show(`\n${text}\n`);
    if (await questions.yes(`Write this to ${places.configPath}?`, true)) return { text, answers };
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  }
  out.talk('stopped: nothing was written');
  return undefined;
}
