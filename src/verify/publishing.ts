import type { Registry } from './facts.ts';
import { withoutExpressions } from './secret-references.ts';

// Which registries the steps of a job publish to, as far as the usual commands and actions show it. A script that publishes by
// other means (`make release`, a local action) is not recognised; a job in which one stands is then not taken for a publishing one.

/** By program: what comes after its name. */
const COMMANDS: ReadonlyMap<string, readonly (readonly [string, Registry])[]> = new Map([
  [
    'cargo',
    [
      ['publish', 'crates-io'],
      ['workspaces publish', 'crates-io'],
      ['ws publish', 'crates-io'],
    ],
  ],
  // `yarn npm publish` is found by its last two words.
  [
    'npm',
    [
      ['publish', 'npm'],
      ['stage publish', 'npm'],
    ],
  ],
  ['pnpm', [['publish', 'npm']]],
  ['yarn', [['publish', 'npm']]],
  ['bun', [['publish', 'npm']]],
  ['lerna', [['publish', 'npm']]],
  ['changeset', [['publish', 'npm']]],
  ['wasm-pack', [['publish', 'npm']]],
  ['twine', [['upload', 'pypi']]],
  ['uv', [['publish', 'pypi']]],
  [
    'maturin',
    [
      ['publish', 'pypi'],
      ['upload', 'pypi'],
    ],
  ],
  ['poetry', [['publish', 'pypi']]],
  ['flit', [['publish', 'pypi']]],
  ['hatch', [['publish', 'pypi']]],
  ['pdm', [['publish', 'pypi']]],
]);

interface PublishingAction {
  readonly registry: Registry;
  /** The input that can name another address to publish to. */
  readonly address: readonly string[];
}

const ACTIONS: ReadonlyMap<string, PublishingAction> = new Map([
  ['rust-lang/crates-io-auth-action', { registry: 'crates-io', address: ['url'] }],
  ['katyo/publish-crates', { registry: 'crates-io', address: [] }],
  ['js-devtools/npm-publish', { registry: 'npm', address: ['registry'] }],
  ['pypa/gh-action-pypi-publish', { registry: 'pypi', address: ['repository-url', 'repository_url'] }],
]);

/** What an address holds that belongs to the registry itself. */
const OURS: Readonly<Record<Registry, RegExp>> = {
  'crates-io': /\/\/crates\.io(?:\/|$)|^crates-io$/,
  npm: /npmjs/,
  pypi: /\/\/upload\.pypi\.org/,
};

/** The options by which a command publishes to another address; `testpypi` and its like are found by their names. */
const ADDRESS: Readonly<Record<Registry, RegExp>> = {
  'crates-io': /\s--(?:registry|index)[ =](\S+)/,
  npm: /\s--registry[ =](\S+)/,
  pypi: /\s--(?:repository|repository-url|publish-url)[ =](\S*(?:test\.?pypi|:\/\/)\S*)|\s-r (\S*test\.?pypi\S*)/i,
};

/** Each once. `--dry-run` does not count, nor does what goes to another registry, TestPyPI or GitHub Packages. */
export function registriesOf(steps: readonly unknown[]): readonly Registry[] {
  const found = new Set<Registry>();
  // setup-node decides where `npm publish` goes in the steps after it.
  let npmElsewhere = false;
  for (const step of steps) {
    const { uses, run, inputs } = readStep(step);
    const address = inputs['registry-url'];
    if (actionOf(uses) === 'actions/setup-node' && address !== undefined)
      npmElsewhere = isElsewhere('npm', address);
    for (const registry of [...registriesOfAction(uses, inputs), ...registriesOfScript(run)])
      if (registry !== 'npm' || !npmElsewhere) found.add(registry);
  }
  return [...found];
}

interface Step {
  readonly uses: string;
  readonly run: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

function readStep(step: unknown): Step {
  const { uses, run, with: inputs } = asMapping(step);
  return { uses: textOf(uses), run: textOf(run), inputs: asMapping(inputs) };
}

/** A mapping as it is; anything else as an empty one. */
export function asMapping(value: unknown): Readonly<Record<string, unknown>> {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMapping ? (value as Readonly<Record<string, unknown>>) : {};
}

/** A scalar as text; anything else as none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** `owner/name`, in lower case. */
function actionOf(uses: string): string {
  return (uses.split('@')[0] ?? '').toLowerCase();
}

function registriesOfAction(uses: string, inputs: Step['inputs']): readonly Registry[] {
  const name = actionOf(uses);
  if (name === 'pyo3/maturin-action')
    return registriesOfScript(`maturin ${textOf(inputs['command'])} ${textOf(inputs['args'])}`);
  const action = ACTIONS.get(name);
  if (!action || textOf(inputs['dry-run']) === 'true') return [];
  const goesElsewhere = action.address.some((input) => isElsewhere(action.registry, inputs[input]));
  return goesElsewhere ? [] : [action.registry];
}

/** Whether an address is another registry's. What a variable or an expression holds is taken for the registry's own. */
function isElsewhere(registry: Registry, address: unknown): boolean {
  return (
    typeof address === 'string' && address !== '' && !address.includes('$') && !OURS[registry].test(address)
  );
}

function registriesOfScript(script: string): readonly Registry[] {
  return commandsOf(script).flatMap((words) =>
    registriesOfCommand(words).filter(
      (registry) => !isRehearsal(registry, words) && !goesElsewhere(registry, words),
    ),
  );
}

/** The words of each command; without quotes and brackets, which do not change what is run. What is only printed is left out. */
function commandsOf(script: string): readonly (readonly string[])[] {
  return withoutExpressions(script)
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*/, '').replace(/["'`(){}]/g, ' '))
    .flatMap((line) => line.split(/&&|[|;]/))
    .map((command) => command.split(/\s+/).filter((word) => word !== ''))
    .filter(([first]) => first !== 'echo' && first !== 'printf');
}

function registriesOfCommand(words: readonly string[]): readonly Registry[] {
  return words.flatMap((word, index) =>
    (COMMANDS.get(word.split('/').at(-1) ?? '') ?? [])
      .filter(([subcommands]) => follows(words, index + 1, subcommands.split(' ')))
      .map(([, registry]) => registry),
  );
}

/** So many words may stand before a subcommand: a bound, since what is read may be hostile. */
const MOST_OPTIONS = 20;

/** Whether the subcommands come next; options, and the values of options, may stand between. */
function follows(words: readonly string[], start: number, subcommands: readonly string[]): boolean {
  let at = start;
  for (const subcommand of subcommands) {
    while (words[at] !== subcommand) {
      const word = words[at];
      const isValue = at > start && words[at - 1]?.startsWith('-') === true;
      if (word === undefined || at - start >= MOST_OPTIONS || !(/^[-+]/.test(word) || isValue)) return false;
      at++;
    }
    at++;
  }
  return true;
}

function isRehearsal(registry: Registry, words: readonly string[]): boolean {
  const isShort = registry === 'crates-io' && words.includes('-n');
  return isShort || words.includes('--dry-run') || words.includes('--dry-run=true');
}

function goesElsewhere(registry: Registry, words: readonly string[]): boolean {
  const match = ADDRESS[registry].exec(words.join(' '));
  return match !== null && isElsewhere(registry, match[1] ?? match[2]);
}
