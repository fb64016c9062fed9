import { formatForPeople } from '../domain/calendar.ts';
import type {
  Chapter,
  Field,
  Link,
  Prose,
  Results,
  Runbook,
  Span,
  Step,
  Verification,
} from './runbook/document.ts';
import type { Likeness } from './runbook/words.ts';
import { openAnswers, seenAnswers, stateOf, tally, VERDICTS } from './runbook/words.ts';

/**
 * The runbook as Markdown (CommonMark; GitHub's flavour reads it the same). Whatever came from outside is escaped: no name can
 * open a link, a tag or a list.
 */
export function renderMarkdown(runbook: Runbook): string {
  const { pipeline, repo, writtenAt, verifiedAt, intro, chapters } = runbook;
  const blocks = [
    `# Runbook: how ${codeSpan(repo)} is released`,
    `Pipeline ${codeSpan(pipeline)}, written ${formatForPeople(writtenAt)}. ${stateOf(verifiedAt)}`,
    ...intro.map(prose),
    '## Contents',
    chapters.map(({ title, anchor }) => `- ${reference(title, anchor)}`).join('\n'),
    ...chapters.flatMap(chapter),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function chapter({ title, anchor, lead, steps }: Chapter): readonly string[] {
  return [`${target(anchor)}\n\n## ${escaped(title)}`, ...lead.map(prose), ...steps.flatMap(step)];
}

function step(one: Step): readonly string[] {
  const { anchor, title, page, before, fields, code, after, why, notes, verify, results } = one;
  return [
    `${target(anchor)}\n\n### ${escaped(title)}`,
    page && `Page: ${link(page)}`,
    items(before),
    fields.length > 0 && fields.map(fieldItem).join('\n'),
    code.length > 0 && fence(code),
    items(after),
    why && `Why: ${prose(why)}`,
    notes.length > 0 && notes.map((note) => `> Mind: ${prose(note)}`).join('\n>\n'),
    ...results.map(resultsBlock),
    verify.length > 0 && verify.map((line) => verification(line, openAnswers(line))).join('\n'),
  ].filter((block): block is string => typeof block === 'string' && block !== '');
}

/** Explicit, because no two programs make the same address of a heading. */
function target(anchor: string): string {
  return `<a id="${anchor}"></a>`;
}

/** One sentence stands alone; several are done in order. */
function items(all: readonly Prose[]): string {
  if (all.length === 1) return all.map(prose).join('');
  return all.map((one, index) => `${index + 1}. ${prose(one)}`).join('\n');
}

function fieldItem({ name, value, note }: Field): string {
  return `- ${strong(name)}: ${prose(value)}${note ? `. ${prose(note)}` : ''}`;
}

function resultsBlock({ title, verifications }: Results): string {
  const lines = verifications.map((one) => verification(one, seenAnswers(one)));
  return `#### ${escaped(title)}\n\n${lines.join('\n')}`;
}

function verification(one: Verification, shown: readonly Likeness[]): string {
  const { words, sign } = VERDICTS[one.outcome];
  const count = tally(one);
  // Another marker than the fields have, so that the two lists do not become one.
  const question = one.question === undefined ? '' : `${escaped(oneLine(one.question))} `;
  const head = `* Check: ${sign} **${words}**${count && ` (${count})`}. ${question}${codeSpan(one.rule)}`;
  return [head, ...shown.map((answer) => `  - ${answerLine(answer)}`)].join('\n');
}

function answerLine({ subjects, subject, outcome, expected, observed, remedy }: Likeness): string {
  return [
    `${subjects.map(codeSpan).join(', ')}: ${VERDICTS[outcome].words}`,
    ...(expected.length > 0 ? [`Expected: ${prose(expected)}`] : []),
    `Seen: ${prose(observed)}`,
    ...(remedy.length > 0 ? [`${whatToDo(subjects, codeSpan(subject))}: ${prose(remedy)}`] : []),
  ].join('. ');
}

function whatToDo(subjects: readonly string[], first: string): string {
  return subjects.length > 1 ? `What to do for ${first}, and likewise for the others` : 'What to do';
}

/** It stands at the beginning of a line, where a few more signs mean something. */
function prose(spans: Prose): string {
  return spans
    .map(inline)
    .join('')
    .trim()
    .replace(/^[#+=-]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2');
}

function inline(span: Span): string {
  if (typeof span === 'string') return escaped(span.replace(/\s+/g, ' '));
  if ('code' in span) return codeSpan(span.code);
  if ('label' in span) return strong(span.label);
  return 'anchor' in span ? reference(span.text, span.anchor) : link(span);
}

function strong(text: string): string {
  return `**${escaped(oneLine(text))}**`;
}

function reference(text: string, anchor: string): string {
  return `[${escaped(text)}](#${anchor})`;
}

function link({ text, address }: Link): string {
  if (address === undefined) return escaped(oneLine(text));
  // In angle brackets, so that brackets and spaces in an address end nothing.
  return `[${escaped(oneLine(text))}](<${new URL(address).href.replace(/[<>\\]/g, encodeURIComponent)}>)`;
}

/** Fenced by more backticks than it holds: inside, nothing means anything. */
function codeSpan(text: string): string {
  const line = oneLine(text);
  const ticks = '`'.repeat(longestRun(line) + 1);
  const pad = /^`|`$|^ .* $/.test(line) || line === '' ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

function fence(lines: readonly string[]): string {
  const text = lines.map(oneLine);
  const ticks = '`'.repeat(Math.max(3, longestRun(text.join('\n')) + 1));
  return [`${ticks}text`, ...text, ticks].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Without what breaks a line, hides or turns the direction of writing. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ');
}

/** Everything that could mean something to Markdown or HTML, and `://`, which GitHub makes a link of. */
function escaped(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ')
      .replace(/[\\`*[\]<>&|~$]/g, '\\$&')
      // Between two letters it means nothing.
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\_')
      .replace(/:\/\//g, '\\://')
      .replace(/www\./gi, (found) => `${found.slice(0, -1)}\\.`)
  );
}
