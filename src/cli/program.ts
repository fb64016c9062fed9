import { existsSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { World } from '../app.ts';
import type { CommandSpec, Context, Given } from './command.ts';
import { COMMANDS } from './commands.ts';
import { GLOBAL_OPTIONS } from './globals.ts';
import { HELP, helpNotes } from './help.ts';
import type { Output } from './output.ts';
import { exitCodeOf, openOutput } from './output.ts';
import { findPlaces } from './places.ts';
import { ensureSafeProcess } from './safe-process.ts';

interface Globals {
  readonly config?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** Runs one command line. @returns the exit code */
export async function run(args: readonly string[], world: World): Promise<number> {
  let out = openOutput({ json: false, quiet: false, color: true });
  let code = 0;
  const program = buildProgram(world, neededFor(args), async (spec, context, given) => {
    out = context.out;
    const { run: command } = await spec.load();
    code = await command(context, given);
  });
  reportBugs(() => out);
  try {
    await ensureSafeProcess(world);
    await program.parseAsync(args, { from: 'user' });
    // What a full disk has swallowed was not shown; who closes a pipe early has seen enough.
    if (code <= 1) await out.flush().catch(unlessClosed);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    out.error(error);
    return exitCodeOf(error);
  }
}

function unlessClosed(error: unknown): void {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  if (cause?.code !== 'EPIPE') throw error;
}

/** The commands that these arguments can be about: to describe all of them takes longer than most of them run. */
function neededFor(args: readonly string[]): readonly CommandSpec[] {
  if (args.some((arg) => ['help', '--help', '-h'].includes(arg))) return COMMANDS;
  const named = COMMANDS.filter(({ usage }) => args.includes(usage.split(' ', 1)[0] ?? ''));
  return named.length > 0 ? named : COMMANDS;
}

function buildProgram(
  world: World,
  specs: readonly CommandSpec[],
  act: (spec: CommandSpec, context: Context, given: Given) => Promise<void>,
): Command {
  const program = new Command('reseal')
    .description('Keeps release credentials from killing releases.')
    .addOption(new Option('--verbose', 'say more').hideHelp())
    .version(`reseal ${world.version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'show this')
    .commandsGroup('More:')
    .helpCommand('help [command]', 'what a command does, and its options')
    .showSuggestionAfterError()
    .configureHelp(HELP)
    .addHelpText('after', helpNotes)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'reseal: ')) });
  for (const { flags, description } of GLOBAL_OPTIONS) program.option(flags, description);
  for (const spec of specs) addCommand(program, spec, world, act);
  return program;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  world: World,
  act: (spec: CommandSpec, context: Context, given: Given) => Promise<void>,
): void {
  const command = program
    .command(spec.usage)
    .description(spec.summary)
    .helpGroup(`${spec.group}:`)
    .exitOverride();
  for (const { flags, description } of spec.options ?? []) command.option(flags, description);
  if (spec.example) command.addHelpText('after', `\nExample:\n  ${spec.example}`);
  command.action(async (...parts: unknown[]) => {
    const globals = program.opts<Globals>();
    const context: Context = {
      world,
      places: findPlaces({ config: globals.config, dataDir: globals.dataDir }, world.env, existsSync),
      out: openOutput({
        json: globals.json === true,
        quiet: globals.quiet === true,
        color: globals.color !== false,
      }),
    };
    const names = parts.filter((part): part is string => typeof part === 'string');
    await act(spec, context, { arguments: names, options: command.opts() });
  });
}

/** The last resort: class and code only, since the text of a foreign error may hold a secret. */
function reportBugs(out: () => Output): void {
  const die = (error: unknown) => {
    out().error(error);
    process.exit(70);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
