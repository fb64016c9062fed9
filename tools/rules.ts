// Writes docs/rules.md from the rules of src/verify/rules and from the changes that test/verify/mutations.test.ts makes to a compliant
// pipeline. With --check: writes nothing, and ends with 1 when the page there is another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Section } from '../src/verify/finding.ts';
import type { Rule } from '../src/verify/rule.ts';
import { RULES } from '../src/verify/rules/all.ts';
import { MUTATIONS } from '../test/verify/mutations.ts';

const path = fileURLToPath(new URL('../docs/rules.md', import.meta.url));

const CHAPTERS: Readonly<Record<Section, string>> = {
  1: 'Secrets and crates.io',
  2: 'PyPI',
  3: 'npm',
  4: 'The environment and the workflow',
  5: 'Branch protection',
  6: 'What is left to a person, and order',
};

const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');

function row({ id, question, why, severity, permission }: Rule): string {
  const seen = MUTATIONS.filter(({ rule }) => rule === id).map(({ what }) => what);
  const said = id.startsWith('manual-')
    ? 'never: a person confirms it'
    : seen.join('; ') || 'never: it informs';
  const cells = [`\`${id}\``, question, why, severity, permission ? `\`${permission}\`` : 'public', said];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function chapter(section: Section): string {
  const rules = RULES.filter((rule) => rule.section === section).map(row);
  return `## ${section}. ${CHAPTERS[section]}

| rule | question | why it matters | severity | read with | fails when, for example |
|---|---|---|---|---|---|
${rules.join('\n')}
`;
}

const wanted = `# Rules

What \`reseal verify\` asks: ${RULES.length} rules, one file a chapter in \`src/verify/rules/\`. \`npm run rules\` writes this page from them. The last column names the ${MUTATIONS.length} single
changes to a compliant pipeline that \`test/verify/mutations.test.ts\` makes at the stand-ins: each is named by its own rule, and by no other.

${([1, 2, 3, 4, 5, 6] as const).map(chapter).join('\n')}`;

function current(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (!process.argv.includes('--check')) writeFileSync(path, wanted);
else if (current() !== wanted) {
  process.stderr.write('docs/rules.md is stale: npm run rules writes it\n');
  process.exitCode = 1;
}
