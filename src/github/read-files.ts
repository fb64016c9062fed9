import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import type { RepositoryFiles } from '../verify/facts.ts';
import type { WorkflowText } from '../verify/sources.ts';
import type { Entry, Folders } from './read-contents.ts';
import { readText } from './read-contents.ts';
import type { Reader } from './settings-reader.ts';

const WORKFLOWS = '.github/workflows';
const MOST_FILES = 100;
const MOST_BYTES = 524_288;

/** Every `*.yml` and `*.yaml` directly in `.github/workflows` of the default branch, where GitHub Actions looks for them. */
export async function readWorkflowTexts(
  reader: Reader,
  folders: Folders,
): Promise<Fact<readonly WorkflowText[]>> {
  const listing = await folders.list(WORKFLOWS);
  if (!listing.known) return listing;
  const files = listing.value.filter(({ name, isFile }) => isFile && /\.ya?ml$/.test(name));
  const large = files.find(({ size }) => size > MOST_BYTES);
  if (files.length > MOST_FILES) return tooMuch(`there are ${files.length} workflow files`, `${MOST_FILES}`);
  if (large) return tooMuch(`${WORKFLOWS}/${large.name} has ${large.size} bytes`, `${MOST_BYTES}`);
  const texts = await Promise.all(files.map(({ name }) => readText(reader, `${WORKFLOWS}/${name}`)));
  const read: WorkflowText[] = [];
  for (const [index, text] of texts.entries()) {
    if (!text.known) return text;
    read.push({ file: files[index]?.name ?? '', text: text.value });
  }
  return known(read);
}

function tooMuch(found: string, most: string): Fact<never> {
  return unavailable('unreachable', `${found}, and reseal reads no more than ${most}`);
}

const DEPENDABOT = ['dependabot.yml', 'dependabot.yaml'];
/** Renovate's own list (lib/config/app-strings.ts), without GitLab's folder and without package.json, which it deprecates. */
const RENOVATE = ['renovate.json', 'renovate.json5', 'renovate.jsonc'];
const RENOVATE_AT_ROOT = [
  ...RENOVATE,
  '.renovaterc',
  '.renovaterc.json',
  '.renovaterc.json5',
  '.renovaterc.jsonc',
];

/** GitHub takes the CODEOWNERS that it finds first: in `.github`, at the root, in `docs` ("About code owners", location). */
export async function readFiles(folders: Folders): Promise<Fact<RepositoryFiles>> {
  const [root, github] = await Promise.all([folders.list(''), folders.list('.github')]);
  if (!root.known) return root;
  if (!github.known) return github;
  const files = {
    dependabot: has(github.value, DEPENDABOT),
    renovate: has(root.value, RENOVATE_AT_ROOT) || has(github.value, RENOVATE),
  };
  if (has(github.value, ['CODEOWNERS'])) return known({ ...files, codeowners: '.github/CODEOWNERS' });
  if (has(root.value, ['CODEOWNERS'])) return known({ ...files, codeowners: 'CODEOWNERS' });
  if (!root.value.some(({ name, isFile }) => name === 'docs' && !isFile))
    return known({ ...files, codeowners: undefined });
  const docs = await folders.list('docs');
  if (!docs.known) return docs;
  return known({ ...files, codeowners: has(docs.value, ['CODEOWNERS']) ? 'docs/CODEOWNERS' : undefined });
}

function has(entries: readonly Entry[], names: readonly string[]): boolean {
  return entries.some(({ name, isFile }) => isFile && names.includes(name));
}
