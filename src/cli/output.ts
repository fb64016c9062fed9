import { stripVTControlCharacters, styleText } from 'node:util';
import type { ErrorCode } from '../domain/error.ts';
import { AppError, describeError } from '../domain/error.ts';
import { columns, widthOfTerminal } from './columns.ts';

/**
 * Everything the program prints goes through here. Results go to stdout, talk to stderr with `reseal: ` in front; no
 * capital at the start and no full stop at the end. A hint is a line of its own that says what to do next.
 */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether colours are wanted, where a terminal has them. */
  readonly color: boolean;
  /** Whether a person looks at stdout. */
  readonly terminal: boolean;
  result(text: string): void;
  resultJson(value: object): void;
  /** One object whose array `name` may be very long: it is printed as it comes, then what follows from it. */
  resultJsonWith(head: object, name: string, items: () => Iterable<object>, tail: () => object): void;
  talk(text: string): void;
  hint(text: string): void;
  error(error: unknown): void;
  style(format: Style, text: string): string;
  /** The same, which `--quiet` does not silence: for what a person must see before a token is given. */
  aloud(): Output;
  /** Waits until the results are out. @throws AppError storage when stdout cannot be written */
  flush(): Promise<void>;
}

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** What was said of a stream when it could not be written. */
const broken = new WeakMap<NodeJS.WriteStream, Error>();

export function openOutput({ json, quiet, color }: OutputOptions): Output {
  // `reseal status | head` closes a pipe early, and a terminal can go away while a token is on its way: neither may end
  // the program.
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') === 0)
      stream.on('error', (error) => void (broken.has(stream) || broken.set(stream, error)));
  }
  const talk = (text: string) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  // Asked once: to ask for each word takes longer than to print it.
  const painting = new Map(
    [process.stdout, process.stderr].map((stream): [NodeJS.WriteStream, boolean] => [
      stream,
      color && paints(stream, process.env),
    ]),
  );
  const painted = (format: Style, text: string, stream: NodeJS.WriteStream) =>
    painting.get(stream) === true ? styleText(format, text, { validateStream: false }) : text;
  return {
    json,
    quiet,
    color,
    terminal: process.stdout.isTTY === true,
    result: (text) => process.stdout.write(`${text}\n`),
    resultJson: (value) => process.stdout.write(`${JSON.stringify(value)}\n`),
    resultJsonWith: (head, name, items, tail) => printLong(head, name, items(), tail),
    talk,
    hint: (text) => talk(`  → ${text}`),
    error: (error) => {
      if (json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, error: describe(error) })}\n`);
      process.stderr.write(`${painted('red', 'reseal:', process.stderr)} ${messageOf(error)}\n`);
      for (const hint of error instanceof AppError ? error.hints : []) process.stderr.write(`  → ${hint}\n`);
    },
    style: (format, text) => painted(format, text, process.stdout),
    aloud: () => openOutput({ json, quiet: false, color }),
    flush: () => flush(process.stdout),
  };
}

/**
 * Whether colours go there. FORCE_COLOR says so before all, as with Node (`0`, `false`: none); then NO_COLOR, where it is not empty
 * (no-color.org), and NODE_DISABLE_COLORS; else a terminal that is not `dumb` has them.
 */
export function paints(
  { isTTY }: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, NODE_DISABLE_COLORS: disabled, TERM: terminal } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (none || disabled) return false;
  return isTTY === true && terminal !== 'dumb';
}

/** So much is gathered before it is written. */
const CHUNK = 65_536;

/** @param head not empty */
function printLong(head: object, name: string, items: Iterable<object>, tail: () => object): void {
  let text = `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:[`;
  let separator = '';
  for (const item of items) {
    text += separator + JSON.stringify(item);
    separator = ',';
    if (text.length < CHUNK) continue;
    process.stdout.write(text);
    text = '';
  }
  const rest = JSON.stringify(tail()).slice(1, -1);
  process.stdout.write(`${text}]${rest && `,${rest}`}}\n`);
}

async function flush(stream: NodeJS.WriteStream): Promise<void> {
  const failed = await new Promise<Error | null | undefined>((resolve) => stream.write('', resolve));
  const error = broken.get(stream) ?? failed;
  if (!error) return;
  throw new AppError(
    'storage',
    `what is printed cannot be written: ${describeError(error)} on standard output`,
    {
      hints: ['run it on a terminal, or look at where its output goes: the disk may be full'],
      cause: error,
    },
  );
}

function describe(error: unknown): { code: string; message: string; hints: readonly string[] } {
  const known = error instanceof AppError ? error : undefined;
  return { code: known?.code ?? 'internal', message: messageOf(error), hints: known?.hints ?? [] };
}

/** A foreign error is a bug: its text may hold what must not be shown, so only class and code are. */
function messageOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const what = [shownIf(CLASS, error, 'name') ?? typeof error, shownIf(CODE, error, 'code')];
  return `internal error (${what.filter((part) => part !== undefined).join(', ')}); please report it with the command that you ran`;
}

/** As classes of errors are called; what is called otherwise may be anything. */
const CLASS = /^[A-Z][A-Za-z]{0,40}$/;
/** Node, SQLite and undici write their codes so: ERR_HTTP2_ERROR, SQLITE_FULL. */
const CODE = /^[A-Z]+\d?(_[A-Z]+\d?){0,8}$/;
const LONGEST_CODE = 60;

/** A property of a foreign error may hold anything, and fail when it is read: in the handler of last resort that would print the stack. */
function shownIf(form: RegExp, error: unknown, property: 'name' | 'code'): string | undefined {
  try {
    const text = (error as Record<string, unknown> | null | undefined)?.[property];
    return typeof text === 'string' && text.length <= LONGEST_CODE && form.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

const WRONG_USE: readonly ErrorCode[] = ['invalid_config', 'invalid_input', 'not_initialised'];

/** 2 wrong usage or config · 3 refused or failed · 4 unsettled · 70 a bug. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return 70;
  if (WRONG_USE.includes(error.code)) return 2;
  return error.code === 'unsettled' ? 4 : 3;
}

/**
 * Columns for a terminal, stacked where it is too narrow; tab-separated lines for a pipe, as gh prints them. A first row in capitals
 * holds the titles.
 */
export function table(rows: readonly (readonly string[])[], terminal: boolean): string {
  if (!terminal) return rows.map((row) => row.join('\t')).join('\n');
  const [first = [], ...others] = rows;
  const titled =
    first.length > 0 && first.every((cell) => /^[A-Z][A-Z ]*$/.test(stripVTControlCharacters(cell)));
  const width = widthOfTerminal(process.stdout.columns);
  const { head, rows: lines } = columns(titled ? first : undefined, titled ? others : rows, width);
  return [...(head === undefined ? [] : [head]), ...lines].join('\n');
}
