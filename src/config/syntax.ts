import type { Document, YAMLError } from 'yaml';
import { isScalar, LineCounter, parseDocument } from 'yaml';
import type { ConfigProblem } from './config.ts';
import { arrange, atTop, lineAndColumn } from './place.ts';

type SyntaxResult =
  | { readonly ok: true; readonly root: unknown; readonly lines: LineCounter }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads YAML 1.2 with its core schema: one document, with something in it. No message quotes the file. */
export function parseYaml(text: string): SyntaxResult {
  const binary = binaryProblem(text);
  if (binary) return { ok: false, problems: [binary] };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false, // the tree's reader looks for them, in linear time
    prettyErrors: false, // they quote the file
    logLevel: 'error', // on `silent` a second document goes unreported; nothing is printed
  });
  const problems = syntaxProblems(document, lines);
  if (problems.length > 0) return { ok: false, problems };
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) {
    return { ok: false, problems: [atTop('the file is empty: a configuration starts with "version: 1"')] };
  }
  return { ok: true, root, lines };
}

function binaryProblem(text: string): ConfigProblem | undefined {
  const message = 'this is not a text file: expected YAML in UTF-8, without control characters';
  if (!text.isWellFormed()) return atTop(message);
  const at = text.search(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/);
  if (at < 0) return undefined;
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1, path: '', message };
}

const WORDING: Partial<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'aliases (*name) are not used in this file: write the value out',
  BAD_ALIAS: 'aliases (*name) and anchors (&name) are not used in this file: write the value out',
  BAD_DIRECTIVE: 'directives (%…) are not used in this file: remove the line',
  BAD_DQ_ESCAPE: 'unknown escape sequence in double quotes: write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines around it, or a bracket is not closed',
  BAD_SCALAR_START: 'a text may not start with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ":" on one line: put the text in quotes, or the inner map on its own lines',
  BLOCK_IN_FLOW: 'an indented block may not stand inside brackets',
  KEY_OVER_1024_CHARS: 'a key of more than 1,024 characters: a quote or a ":" is missing nearby',
  MISSING_CHAR: 'a closing quote or bracket, a comma, a ":" or a space is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line: a ":" or a quote is missing nearby',
  MULTIPLE_DOCS: 'a second document starts here: expected one, without a further "---"',
  RESOURCE_EXHAUSTION: 'nested too deep',
  TAB_AS_INDENT: 'a tab in the indentation: use spaces',
  UNEXPECTED_TOKEN:
    'unexpected here: a quote or a bracket is missing or one too many, or a text needs quotes',
};

function syntaxProblems(document: Document.Parsed, lines: LineCounter): readonly ConfigProblem[] {
  const directives = document.warnings.filter((warning) => warning.code === 'BAD_DIRECTIVE');
  const all: readonly YAMLError[] = [...document.errors, ...directives];
  const exhausted = all.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  const problems = (exhausted ? [exhausted] : all).map((error) => ({
    ...lineAndColumn(lines, error.pos[0]),
    path: '',
    message: WORDING[error.code] ?? 'this is not valid YAML',
  }));
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== '1.2')
    problems.push(atTop('expected YAML 1.2: remove the line that starts with %YAML'));
  return arrange(problems);
}
