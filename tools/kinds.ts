// Writes docs/kinds.md from the catalogue in src/kinds. With --check: writes nothing, and ends with 1 when the page there is another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KINDS } from '../src/kinds/catalogue.ts';
import type { Part, Section } from '../src/kinds/explain.ts';
import { explain, KNOWN_IN_SHORT } from '../src/kinds/explain.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { capInShort, describeRule } from '../src/kinds/lifetime-words.ts';
import { sentenceCase } from '../src/kinds/sentence.ts';

const path = fileURLToPath(new URL('../docs/kinds.md', import.meta.url));
const howToAdd = readFileSync(new URL('add-a-kind.md', import.meta.url), 'utf8');

/** Outside of `code` and addresses, what Markdown would take for its own. */
function inMarkdown(text: string): string {
  return text
    .split(/(`[^`]*`|https:\/\/\S+)/)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(/[*<>|]|(?<!\w)_|_(?!\w)/g, '\\$&')))
    .join('');
}

/** As GitHub makes it of a heading. */
function anchor({ title }: Kind): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-');
}

function link(kind: Kind): string {
  return `[\`${kind.id}\`](#${anchor(kind)})`;
}

function row(kind: Kind): string {
  const known = KNOWN_IN_SHORT[kind.expiry.known];
  const cells = [kind.title, link(kind), known, kind.check ? 'yes' : 'no', capInShort(kind)];
  return `| ${cells.map((cell) => (cell.startsWith('[') ? cell : inMarkdown(cell))).join(' | ')} |`;
}

function part(one: Part): string {
  switch (one.as) {
    case 'text':
      return inMarkdown(one.text);
    case 'steps':
      return one.items.map((item, index) => `${index + 1}. ${inMarkdown(item)}`).join('\n');
    case 'list':
      return one.items.map((item) => `- ${inMarkdown(item)}`).join('\n');
    case 'links':
      return one.links.map(({ label, link }) => `- ${label}: <${link}>`).join('\n');
    case 'code':
      return `\`\`\`yaml\n${one.text}\n\`\`\``;
  }
}

function chapter({ title, parts }: Section): string {
  return [`**${title}**`, ...parts.map(part)].join('\n\n');
}

function page(kind: Kind): string {
  const issued = kind.id === 'generic' ? '' : ` Issued by ${inMarkdown(kind.issuer)}.`;
  const intro = `Kind \`${kind.id}\`.${issued}`;
  return [`### ${sentenceCase(kind.title)}`, intro, ...explain(kind, undefined).map(chapter)].join('\n\n');
}

/** What issuers have laid down, newest first. */
function rules(): string {
  const all = KINDS.flatMap((kind) => (kind.lifetimes.rules ?? []).map((rule) => ({ kind, rule })));
  return all
    .sort((a, b) => (a.rule.since < b.rule.since ? 1 : -1))
    .map(({ kind, rule }) => `- ${link(kind)}: ${inMarkdown(describeRule(rule, undefined))}`)
    .join('\n');
}

const wanted = `# Kinds of credentials

A mail says that a credential dies, and you have to replace it now. Beside **What**, the mail says what it is, such as *npm access token*: find that
in the table, and follow **Get the next one**. If somebody else may have the old one, read **If it leaks** first. The rest can wait
until daylight. \`NAME\` stands for the name of the credential, with which the mail's subject begins, and
\`reseal\` for what the mail prints in front of its commands.

The same, for one kind and without a network: \`reseal kinds npm-token\`, which also counts the days to what comes soon. If you have a value and do not know
what it is: \`reseal kinds --recognise < FILE\` says so; the value is sent nowhere, and nothing of it is shown.

| what it is | kind | its expiry is | checked live | lives at most |
|---|---|---|---|---|
${KINDS.map(row).join('\n')}

- **its expiry is** *read from it*: the value says when it dies; *observed live*: its issuer says so when it is checked; *entered*: only you know what you chose.
- **checked live**: its issuer is asked whether it works, before it is stored; how often, stands with each.
- **lives at most**: by a rule of its issuer; a later date is warned about. *None known* is no promise.

Issuers shorten lifetimes, also those of what was made before:

${rules()}

\`npm run kinds\` writes this page from [\`src/kinds/\`](../src/kinds). What it says of issuers comes from their published documentation and source, named at the end of
each section. It was not tried against the live services. [How to add one](#how-to-add-one) stands at the end.

## Each kind

${KINDS.map(page).join('\n\n')}

${howToAdd}`;

function current(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (!process.argv.includes('--check')) writeFileSync(path, wanted);
else if (current() !== wanted) {
  process.stderr.write('docs/kinds.md is stale: npm run kinds writes it\n');
  process.exitCode = 1;
}
