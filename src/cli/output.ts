import { styleText } from 'node:util';
import type { ErrorCode } from '../domain/error.ts';
import { AppError, describeError } from '../domain/error.ts';

/**
 * Everything the program prints goes through here. Results go to stdout, talk to stderr with `reseal: ` in front; no
 * capital at the start and no full stop at the end. A hint is a line of its own that says what to do next.
 */
export interface Output {
  readonly json: boolean;
  /** Whether a person looks at stdout. */
  readonly terminal: boolean;
  result(text: string): void;
  resultJson(value: object): void;
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
  const painted = (format: Style, text: string, stream: NodeJS.WriteStream) =>
    color ? styleText(format, text, { stream }) : text;
  return {
    json,
    terminal: process.stdout.isTTY === true,
    result: (text) => process.stdout.write(`${text}\n`),
    resultJson: (value) => process.stdout.write(`${JSON.stringify(value)}\n`),
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

/** Columns for a terminal; tab-separated lines for a pipe, as gh prints them. */
export function table(rows: readonly (readonly string[])[], terminal: boolean): string {
  if (!terminal) return rows.map((row) => row.join('\t')).join('\n');
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => visibleLength(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function visibleLength(cell: string): number {
  return [...cell.replace(/\x1b\[[0-9;]*m/g, '')].length;
}
