import { Writable } from 'node:stream';
import * as clack from '@clack/prompts';
import { widthOfTerminal } from './columns.ts';

/** Whoever was asked pressed Esc or Ctrl-C, or said no at the end. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** What is wrong with an answer; undefined: nothing. */
export type Check = (answer: string) => string | undefined;

/** Asks a person. Every method throws `Cancelled`. */
export interface Questions {
  say(text: string): void;
  warn(text: string): void;
  /** A text as it is, without a frame around it. */
  show(text: string): void;
  text(message: string, options?: TextOptions): Promise<string>;
  yes(message: string, otherwise: boolean): Promise<boolean>;
  one<T extends string>(message: string, choices: readonly Choice<T>[], first?: T): Promise<T>;
  several<T extends string>(
    message: string,
    choices: readonly Choice<T>[],
    chosen: readonly T[],
  ): Promise<readonly T[]>;
}

interface TextOptions {
  /** Taken where nothing is typed. */
  readonly otherwise?: string;
  /** Shown while nothing is typed. */
  readonly example?: string;
  readonly check?: Check;
}

const LINES = 10;
const USUAL_ROWS = 24;
const FRAME = '   ';

/** Lines of at most `width` columns, broken between words; a longer word stands alone. */
export function folded(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    for (const word of line.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

/** On the terminal, by way of stderr: stdout stays the result. */
export function openQuestions(terminal: NodeJS.WriteStream): Questions {
  const output = terminal.columns > 0 ? terminal : withSize(terminal);
  // What the library does not fold itself. The frame takes three columns at the left.
  const fold = (text: string, between = '\n') =>
    folded(text, widthOfTerminal(terminal.columns) - FRAME.length - 1).join(between);
  return {
    say: (text) => clack.log.info(fold(text), { output }),
    warn: (text) => clack.log.warn(fold(text), { output }),
    show: (text) => void terminal.write(text),
    text: async (message, { otherwise, example, check } = {}) => {
      const answer = await clack.text({
        message: fold(message, `\n${FRAME}`),
        output,
        placeholder: otherwise ?? example ?? '',
        ...(otherwise === undefined ? {} : { defaultValue: otherwise }),
        validate: (typed) => {
          const wrong = check?.(typed?.trim() || (otherwise ?? ''));
          return wrong && fold(wrong, `\n${FRAME}`);
        },
      });
      return taken(answer).trim() || (otherwise ?? '');
    },
    yes: async (message, otherwise) =>
      taken(await clack.confirm({ message, initialValue: otherwise, output })),
    one: async (message, choices, first) => {
      const chosen = await clack.select<string>({
        message,
        output,
        maxItems: LINES,
        options: choices.map((choice) => ({ ...choice })),
        ...(first === undefined ? {} : { initialValue: first }),
      });
      return valueIn(choices, taken(chosen));
    },
    several: async (message, choices, chosen) => {
      const all = await clack.multiselect<string>({
        message,
        output,
        maxItems: LINES,
        required: false,
        options: choices.map((choice) => ({ ...choice })),
        initialValues: [...chosen],
      });
      return taken(all).map((value) => valueIn(choices, value));
    },
  };
}

/** A terminal that does not know its size, as a serial line or a fresh container has: the library would draw a column of letters. */
function withSize(terminal: NodeJS.WriteStream): Writable {
  const output = new Writable({ write: (chunk: Buffer, _, done) => void terminal.write(chunk, done) });
  return Object.assign(output, { columns: widthOfTerminal(undefined), rows: USUAL_ROWS, isTTY: true });
}

function valueIn<T extends string>(choices: readonly Choice<T>[], value: string): T {
  const found = choices.find((choice) => choice.value === value);
  if (!found) throw new Error('an answer that was not offered');
  return found.value;
}

function taken<T>(answer: T | typeof clack.CANCEL_SYMBOL): T {
  if (clack.isCancel(answer)) throw new Cancelled();
  return answer as T;
}
