import { isDeepStrictEqual } from 'node:util';
import type { Pair, YAMLMap } from 'yaml';
import { isMap, isNode, isScalar, isSeq } from 'yaml';
import { AppError } from '../domain/error.ts';
import type { Config } from './config.ts';
import { describeProblems, parseConfig } from './load.ts';
import { MAX_CONFIG_BYTES } from './read-file.ts';
import type { RenderedCredential, RenderedOwner } from './render.ts';
import { renderCredential, renderOwner } from './render.ts';
import { parseYaml } from './syntax.ts';

/** What is to be declared besides what is. */
export interface Addition {
  readonly owners: readonly RenderedOwner[];
  readonly credentials: readonly RenderedCredential[];
}

/** One change of a text: `text` takes the place of what stands from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Section {
  readonly name: 'owners' | 'credentials';
  /** Entries as lines that start at so many blanks. */
  readonly block: (indent: number) => string;
  /** The same as members of a map in braces. */
  readonly flow: string;
}

/**
 * The text of a configuration with more owners and credentials in it. Every other character stays what and where it is: comments,
 * quotes, order, line ends. What comes out was parsed again, and declares what was declared and the new, and nothing else.
 *
 * @param path for messages
 * @throws AppError invalid_config where the text is not a valid configuration, or the new would not make one
 */
export function amendConfig(path: string, text: string, addition: Addition): string {
  const before = parsed(path, text);
  const edits = findEdits(text, sectionsOf(addition));
  const amended = applyEdits(text, edits);
  // To parse what is far too large takes minutes.
  if (Buffer.byteLength(amended) > MAX_CONFIG_BYTES) throw tooLarge(path);
  const result = parseConfig(amended);
  // What is wrong with the new was said before, by its own lines. This is the last look, and a finding here is a bug of ours.
  if (!result.ok || !isSum(before, addition, result.config)) throw cannotBeAmended(path);
  return amended;
}

function tooLarge(path: string): AppError {
  const size = `${MAX_CONFIG_BYTES / 1024 / 1024} MiB`;
  return new AppError(
    'refused',
    `the configuration "${path}" would be larger than ${size}, which is as much as is read`,
    { hints: ['nothing was changed: import fewer credentials'] },
  );
}

/** The new alone, as a person may paste it. */
export function renderAddition(addition: Addition): string {
  return sectionsOf(addition)
    .map(({ name, block }) => `${name}:\n${block(2)}`)
    .join('');
}

function parsed(path: string, text: string): Config {
  const result = parseConfig(text);
  if (!result.ok) throw describeProblems(path, result.problems);
  return result.config;
}

function sectionsOf({ owners, credentials }: Addition): readonly Section[] {
  const all: readonly (Section & { readonly count: number })[] = [
    {
      name: 'owners',
      count: owners.length,
      block: (indent) => owners.map((owner) => renderOwner(owner, indent)).join(''),
      flow: members(owners),
    },
    {
      name: 'credentials',
      count: credentials.length,
      block: (indent) => credentials.map((credential) => renderCredential(credential, indent)).join(''),
      flow: members(credentials),
    },
  ];
  return all.filter(({ count }) => count > 0);
}

/** As JSON, which YAML takes between braces. */
function members(entries: readonly { readonly name: string }[]): string {
  const written = entries.map(({ name, ...rest }) => `${JSON.stringify(name)}: ${JSON.stringify(rest)}`);
  return written.join(', ');
}

function findEdits(text: string, sections: readonly Section[]): readonly Edit[] {
  const tree = parseYaml(text);
  if (!tree.ok || !isMap(tree.root)) return [];
  const { root } = tree;
  const edits = sections.flatMap((section) => editsFor(text, root, section));
  const atEnd = edits.some(({ start }) => start === text.length);
  // New lines begin behind the end of the last one.
  return atEnd && !text.endsWith('\n') ? [insertion(text.length, lineEndOf(text)), ...edits] : edits;
}

function lineEndOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

function editsFor(text: string, root: YAMLMap, section: Section): readonly Edit[] {
  const pair = root.items.find(({ key }) => isScalar(key) && key.source === section.name);
  const value = pair?.value;
  if (!isMap(value)) return [newSection(text, root, section)];
  const last = value.items.at(-1);
  if (value.flow && last) return [insertion(endOf(last), `, ${section.flow}`)];
  if (last) return [belowLast(text, columnOf(text, startOf(value)), endOf(last), section)];
  return inPlaceOfNone(text, root, pair, value, section);
}

/** `credentials: {}` becomes a block, below whatever comment stands behind it. */
function inPlaceOfNone(
  text: string,
  root: YAMLMap,
  pair: Pair<unknown, unknown> | undefined,
  value: YAMLMap,
  section: Section,
): readonly Edit[] {
  const [start, end] = [startOf(value), endOf(value)];
  if (root.flow) return [insertion(start + 1, section.flow)];
  // A comment between the braces would go with them: it is left to the person who wrote it.
  if (text.slice(start, end).includes('#')) return [];
  const indent = columnOf(text, startOf(pair?.key)) + 2;
  return [removal(text, start, end), onLines(text, endOfLine(text, end), section.block(indent))];
}

/** Below the last entry, and below the comments that are indented as its lines are: they belong to it. */
function belowLast(text: string, indent: number, end: number, { block }: Section): Edit {
  let at = endOfLine(text, end);
  for (let next = at; next < text.length; ) {
    const lineEnd = endOfLine(text, next + 1);
    const line = text.slice(next, lineEnd);
    const comment = /^( *)#/.exec(line);
    if (comment && (comment[1] ?? '').length >= indent && indent > 0) at = lineEnd;
    else if (line.trim() !== '') break;
    next = lineEnd;
  }
  return onLines(text, at, block(indent));
}

function newSection(text: string, root: YAMLMap, { name, block, flow }: Section): Edit {
  const last = root.items.at(-1);
  if (root.flow) return insertion(last ? endOf(last) : startOf(root) + 1, `, "${name}": { ${flow} }`);
  const column = columnOf(text, startOf(root));
  const content = last ? endOfLine(text, endOf(last)) : text.length;
  // `...` ends a document.
  const marker = /^\.\.\.(?=\s|$)/m.exec(text.slice(content));
  const at = marker ? content + marker.index : text.length;
  return onLines(text, at, `${' '.repeat(column)}${name}:\n${block(column + 2)}`);
}

/** Lines of their own, with the line ends of the file. */
function onLines(text: string, at: number, lines: string): Edit {
  return insertion(at, lines.replaceAll('\n', lineEndOf(text)));
}

/** With the blanks in front that would be left over at the end of a line. */
function removal(text: string, from: number, end: number): Edit {
  const isLast = /^[ \t]*(?:\r?\n|$)/.test(text.slice(end, end + 200));
  const blanks = isLast ? (/[ ]*$/.exec(text.slice(0, from))?.[0].length ?? 0) : 0;
  return { start: from - blanks, end, text: '' };
}

function insertion(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

/** From the last to the first, so that the places of those before stay true; two at one place in their order. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  return sorted.reduceRight(
    (all, { start, end, text: by }) => all.slice(0, start) + by + all.slice(end),
    text,
  );
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** Where the last character of it stands, comments and line ends behind it left out. */
function endOf(node: unknown): number {
  if (isMap(node) && !node.flow) return endOfPair(node.items.at(-1)) ?? startOf(node);
  if (isSeq(node) && !node.flow) return endOf(node.items.at(-1));
  if (isNode(node)) return node.range?.[1] ?? 0;
  return endOfPair(node as Pair) ?? 0;
}

function endOfPair(pair: Pair | undefined): number | undefined {
  if (!pair) return undefined;
  const { key, value } = pair;
  return Math.max(endOf(key), isNode(value) ? endOf(value) : 0);
}

/** Behind the line break of the line in which the character before `offset` stands. */
function endOfLine(text: string, offset: number): number {
  const at = text.indexOf('\n', Math.max(0, offset - 1));
  return at < 0 ? text.length : at + 1;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function isSum(before: Config, { owners, credentials }: Addition, after: Config): boolean {
  const { owners: wereOwners, credentials: were, ...rest } = before;
  const { owners: areOwners, credentials: are, ...others } = after;
  return (
    isDeepStrictEqual(others, rest) &&
    isDeepStrictEqual(byName(areOwners), byName([...wereOwners, ...owners])) &&
    isDeepStrictEqual(byName(are), byName([...were, ...credentials.map(declared)]))
  );
}

function declared(credential: RenderedCredential): Config['credentials'][number] {
  const { name, kind, owner, purpose, lifetime, destinations } = credential;
  return {
    name,
    kind,
    owner,
    purpose,
    lifetime: lifetime as Config['credentials'][number]['lifetime'],
    nameAtIssuer: undefined,
    scopes: [],
    planned: false,
    destinations,
  };
}

/** The order of the file does not matter, and names that look like numbers change it. */
function byName<Entry extends { readonly name: string }>(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function cannotBeAmended(path: string): AppError {
  return new AppError(
    'invalid_config',
    `the new declarations cannot be written into "${path}" as it is laid out`,
    {
      hints: [
        'nothing was changed: print them with --print, and put them into the file by hand',
        'or write "owners" and "credentials" with one entry a line, without braces around them, and try again',
      ],
    },
  );
}
