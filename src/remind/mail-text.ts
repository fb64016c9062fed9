import type { Page } from './page.ts';
import type { Fact, Note, Section, Step } from './section.ts';
import { standingTitle } from './standing.ts';

/** Columns (RFC 5322 §2.1.1 recommends 78, quoted mail leaves fewer). Links and commands stand unbroken on their own line. */
const WIDTH = 72;
const RULE = '-'.repeat(WIDTH);

/** The mail as plain text, which is no lesser version of it. */
export function renderText(page: Page): string {
  const parts = [
    ...(page.overview ? [overview(page.overview)] : []),
    ...page.sections.map(section),
    ...(page.rest.length > 0 ? [rest(page.rest)] : []),
    ...(page.standing.length > 0 ? [standing(page.standing)] : []),
    ...(page.beyond ? [note(page.beyond).join('\n')] : []),
    ...(page.troubles.length > 0 ? [page.troubles.flatMap((trouble) => note(trouble)).join('\n')] : []),
  ];
  // Mail programs take what follows `-- ` for a signature (RFC 3676 §4.3), so nothing that matters stands below it.
  return `${parts.map((part) => part.trimEnd()).join(`\n\n${RULE}\n\n`)}\n\n-- \n${note(page.footer).join('\n').trimEnd()}\n${page.head ? `\n${page.head}\n` : ''}`;
}

function overview({ title, lines }: NonNullable<Page['overview']>): string {
  return [...headed(title), '', ...lines.flatMap(({ headline }) => wrap(headline, '  * ', '    '))].join(
    '\n',
  );
}

function section({ headline, verbatim, facts, steps, notes }: Section): string {
  const width = Math.max(...facts.map(({ label }) => label.length)) + 2;
  return [
    ...headed(headline),
    '',
    ...(verbatim.length > 0 ? [...verbatim.flatMap((line) => wrap(line, '  | ', '  | ')), ''] : []),
    ...facts.flatMap((one) => fact(one, width)),
    ...(steps.length > 0 ? ['', 'What to do', ''] : []),
    ...steps.flatMap((one, index) => step(one, steps.length > 1 ? `${index + 1}.` : '*')),
    ...(notes.length > 0 ? ['', ...notes.flatMap(note)] : []),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

function rest(lines: Page['rest']): string {
  return [
    ...headed(`And ${lines.length} more`),
    '',
    ...lines.flatMap(({ headline }) => wrap(headline, '  * ', '    ')),
  ].join('\n');
}

function standing(lines: Page['standing']): string {
  const told = lines.flatMap(({ name, why, command }) => [
    ...wrap(`${name}: ${why}`, '  * ', '    '),
    ...(command ? [`    ${command}`] : []),
  ]);
  return [...headed(standingTitle(lines)), '', ...told].join('\n');
}

function headed(text: string): readonly string[] {
  const lines = wrap(text);
  return [...lines, '='.repeat(Math.max(...lines.map(columns)))];
}

function fact({ label, text, link }: Fact, width: number): readonly string[] {
  const indent = ' '.repeat(width);
  return [...wrap(text, label.padEnd(width), indent), ...(link ? [`${indent}${link}`] : [])];
}

function step({ text, link, command }: Step, mark: string): readonly string[] {
  const indent = ' '.repeat(3 + mark.length);
  return [
    ...wrap(text, `  ${mark} `, indent),
    ...(link ? [`${indent}${link}`] : []),
    ...(command ? ['', `${indent}${command}`, ''] : []),
  ];
}

/** A paragraph with the blank line after it. */
function note({ text, command }: Note): readonly string[] {
  return [...wrap(text), ...(command ? [`  ${command}`] : []), ''];
}

/** Breaks between words; a word that is longer than a line stands alone on its own. */
function wrap(text: string, first = '', indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let width = columns(first);
  let empty = true;
  for (const word of text.split(' ')) {
    const more = columns(word);
    if (!empty && width + 1 + more > WIDTH) {
      lines.push(line);
      [line, width, empty] = [indent, columns(indent), true];
    }
    line += empty ? word : ` ${word}`;
    width += empty ? more : more + 1;
    empty = false;
  }
  return [...lines, line];
}

function columns(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length;
}
