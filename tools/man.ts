// Writes man/reseal.1 from the tables in src/cli. With --check: writes nothing, and ends with 1 when the page there is another one.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CommandSpec } from '../src/cli/command.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { EXIT_CODES, GLOBAL_OPTIONS, NOTES } from '../src/cli/globals.ts';

const root = new URL('../', import.meta.url);
const path = fileURLToPath(new URL('man/reseal.1', root));
const { version, description } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** The day of this version, as the changelog has it; empty before it is released: the page must not change by itself. */
function releasedOn(): string {
  const changelog = readFileSync(new URL('CHANGELOG.md', root), 'utf8');
  const heading = changelog
    .split('\n')
    .find((line) => line.startsWith(`## ${version}`) || line.startsWith(`## [${version}]`));
  return /\d{4}-\d\d-\d\d/.exec(heading ?? '')?.[0] ?? '';
}

/** Text as roff takes it literally (groff_char(7), groff_man_style(7)): what could be typed keeps its ASCII signs. */
function roff(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('’', '\\(cq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
  // At the start of a line these begin a request.
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function item(tag: string, text: string): string {
  return `.TP\n${tag}\n${roff(text)}`;
}

/** `--config <file>`: the option as it is typed, the value as what stands for one. */
function flags(text: string): string {
  return text.replace(/(<([^>]+)>)|([^<]+)/g, (_, value: string | undefined, name: string, plain: string) =>
    value ? `\\fI${roff(name.toUpperCase())}\\fR` : `\\fB${roff(plain)}\\fR`,
  );
}

/** `rotate <name>`, `verify [pipeline]`, `config <check|show|schema>`. */
function usage(text: string): string {
  const [name = '', ...places] = text.split(' ');
  const shown = places.map((place) => {
    const optional = place.startsWith('[');
    const inner = place.replace(/^[<[]|[\]>]$/g, '');
    const words = inner.includes('|')
      ? inner
          .split('|')
          .map((word) => `\\fB${roff(word)}\\fR`)
          .join(' | ')
      : `\\fI${roff(inner.toUpperCase())}\\fR`;
    return optional ? `[${words}]` : words;
  });
  return [`\\fB${roff(name)}\\fR`, ...shown].join(' ');
}

function command({ usage: written, summary, options, example }: CommandSpec): string {
  const more = (options ?? []).map((option) => item(flags(option.flags), option.description));
  return [
    `.SS ${usage(written)}`,
    roff(`${sentence(summary)}.`),
    ...more,
    ...(example ? ['.PP', `Example: \\fB${roff(example)}\\fR`] : []),
  ].join('\n');
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['RESEAL_CONFIG', 'The configuration file, where --config is not given.'],
  ['RESEAL_DATA_DIR', 'Where the database is, where --data-dir is not given.'],
  ['XDG_CONFIG_HOME, XDG_STATE_HOME', 'Where the two are looked for otherwise.'],
  ['NODE_EXTRA_CA_CERTS', 'A file with certificate authorities of your own.'],
  ['NO_COLOR', 'No colours, where it is not empty; --no-color does the same.'],
  ['FORCE_COLOR', 'Colours although no terminal is there; 0: none.'],
];

const FILES: readonly (readonly [name: string, meaning: string])[] = [
  [
    '~/.config/reseal/config.yaml, /etc/reseal/config.yaml',
    'The configuration: the first of them that is there.',
  ],
  [
    '~/.local/state/reseal/reseal.db, /var/lib/reseal/reseal.db',
    "The database: a user's, and root's. It never holds a value.",
  ],
  ['fingerprint.key', 'Beside the database: recognises a token that was stored before.'],
];

const wanted = `.\\" Written by npm run man from the tables in src/cli: do not edit.
.TH RESEAL 1 "${releasedOn()}" "reseal ${version}" "User Commands"
.nh
.ad l
.SH NAME
reseal \\- keeps release credentials from killing releases
.SH SYNOPSIS
.B reseal
.RI [ options ]
.I command
.RI [ arguments ]
.SH DESCRIPTION
${roff(description)}
.PP
Results go to standard output, everything else to standard error.
${NOTES.map(([title, text]) => `.PP\n${roff(`${title}: ${text}.`)}`).join('\n')}
.SH OPTIONS
These stand before or after any command.
${GLOBAL_OPTIONS.map((option) => item(flags(option.flags), option.description)).join('\n')}
${item(flags('--help'), 'show what a command does, and its options')}
${item(flags('--version'), 'show the version')}
.SH COMMANDS
${COMMANDS.map(command).join('\n')}
.SH EXIT STATUS
${EXIT_CODES.map(([code, meaning]) => item(`\\fB${code}\\fR`, meaning)).join('\n')}
.SH ENVIRONMENT
${ENVIRONMENT.map(([name, meaning]) => item(`\\fB${roff(name)}\\fR`, meaning)).join('\n')}
.SH FILES
${FILES.map(([name, meaning]) => item(`\\fI${roff(name)}\\fR`, meaning)).join('\n')}
.SH SEE ALSO
.BR gh (1),
.BR systemd.timer (5)
`;

function current(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (!process.argv.includes('--check')) {
  mkdirSync(fileURLToPath(new URL('man', root)), { recursive: true });
  writeFileSync(path, wanted);
} else if (current() !== wanted) {
  process.stderr.write('man/reseal.1 is stale: npm run man writes it\n');
  process.exitCode = 1;
}
