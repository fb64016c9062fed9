import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { JobFact, WorkflowFact } from '../../src/verify/facts.ts';
import { calledFile, readWorkflow } from '../../src/verify/workflow.ts';
import { SEED } from '../support/builders.ts';

function read(text: string): WorkflowFact {
  return readWorkflow('release.yml', parse(text), text);
}

function jobOf(text: string): JobFact | undefined {
  return read(text).jobs?.[0];
}

/** A job with one step that runs this. */
function running(script: string): JobFact | undefined {
  const document = { jobs: { publish: { 'runs-on': 'ubuntu-latest', steps: [{ run: script }] } } };
  return readWorkflow('release.yml', document, '').jobs?.[0];
}

function using(uses: string, inputs: Record<string, unknown> = {}): JobFact | undefined {
  const document = { jobs: { publish: { steps: [{ uses, with: inputs }] } } };
  return readWorkflow('release.yml', document, '').jobs?.[0];
}

const RELEASE = `
on: { push: { tags: ['v*'] } }
permissions: { contents: read }
env:
  CARGO_TERM_COLOR: always
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: cargo test
  publish-crate:
    needs: test
    environment: release
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: cargo publish -p sqlrite
        env:
          CARGO_REGISTRY_TOKEN: \${{ secrets.CRATES_IO_TOKEN }}
  publish-nodejs:
    environment: { name: release, url: 'https://example.org' }
    permissions: { contents: read, id-token: write }
    steps:
      - run: npm publish --access public
  notify:
    uses: ./.github/workflows/notify.yml
    secrets: inherit
`;

describe('readWorkflow', () => {
  it('reads the jobs of a release, with their environment, permission, registries and secrets', () => {
    expect(read(RELEASE)).toEqual({
      file: 'release.yml',
      jobs: [
        { id: 'test', environment: undefined, idToken: false, publishesTo: [], secrets: [] },
        {
          id: 'publish-crate',
          environment: 'release',
          idToken: false,
          publishesTo: ['crates-io'],
          secrets: ['CRATES_IO_TOKEN'],
        },
        { id: 'publish-nodejs', environment: 'release', idToken: true, publishesTo: ['npm'], secrets: [] },
        { id: 'notify', environment: undefined, idToken: false, publishesTo: [], secrets: [] },
      ],
      secrets: ['CRATES_IO_TOKEN'],
      calls: ['./.github/workflows/notify.yml'],
    });
  });

  it.each([
    ['null', null],
    ['a text', 'jobs'],
    ['a list', [{ jobs: {} }]],
    ['no jobs', { on: 'push' }],
    ['jobs that are a list', { jobs: ['publish'] }],
  ])('returns no jobs where the document is %s', (_, document) => {
    expect(readWorkflow('a.yml', document, '').jobs).toBeUndefined();
  });

  it('looks for secrets in the text where nothing could be parsed', () => {
    const text = `jobs:\n\t- \${{ secrets.crates_io_token }}\n# secrets.OTHER`;
    expect(readWorkflow('a.yml', undefined, text)).toEqual({
      file: 'a.yml',
      jobs: undefined,
      secrets: ['CRATES_IO_TOKEN'],
      calls: [],
    });
  });

  it('never throws, whatever the document is', () => {
    const names = ['jobs', 'steps', 'run', 'uses', 'with', 'env', 'permissions', 'environment', 'secrets'];
    const words = [
      'inherit',
      'write-all',
      `\${{ secrets.`,
      "']}}",
      'npm publish',
      'pyo3/maturin-action',
      'id-token',
    ];
    const leaf = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      fc.constantFrom(...words),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 5 }),
      ),
    }));
    const property = fc.property(tree, fc.string(), (document, text) => {
      const fact = readWorkflow('a.yml', document, text);
      expect(fact.secrets.every((name) => name === name.toUpperCase())).toBe(true);
    });
    fc.assert(property, { seed: SEED, numRuns: 2_000 });
  });

  it('reads documents that hold themselves, and deep ones', () => {
    const ring: Record<string, unknown> = { run: `\${{ secrets.A }}` };
    ring['again'] = ring;
    expect(readWorkflow('a.yml', { jobs: { one: ring } }, '').secrets).toEqual(['A']);
    let deep: unknown = `\${{ secrets.B }}`;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(readWorkflow('a.yml', { jobs: { one: { env: deep } } }, '').secrets).toEqual(['B']);
  });

  it('reads a large hostile text in time', () => {
    const started = process.hrtime.bigint();
    for (const piece of [`\${{ '`, `\${{`, "'", `\${{ secrets['`, 'npm - ', 'cargo -x '])
      running(piece.repeat(20_000));
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(5_000);
  });
});

describe('the environment of a job', () => {
  it.each([
    ['environment: release', 'release'],
    ['environment: { name: release }', 'release'],
    [`environment: \${{ inputs.environment }}`, `\${{ inputs.environment }}`],
    ['environment: 2', '2'],
    ["environment: ''", undefined],
    ['environment: { url: x }', undefined],
    ['environment: [release]', undefined],
    ['environment:', undefined],
  ])('is, of `%s`, %j', (line, expected) => {
    expect(jobOf(`jobs:\n  publish:\n    ${line}\n    steps: []`)?.environment).toBe(expected);
  });

  it('is resolved where an alias stands for it', () => {
    const text = 'jobs:\n  one: { environment: &where release }\n  two: { environment: *where }';
    expect(read(text).jobs?.map(({ environment }) => environment)).toEqual(['release', 'release']);
  });
});

describe('the permission for an OIDC token', () => {
  it.each([
    ['nothing', undefined, undefined, false],
    ['the workflow', { 'id-token': 'write' }, undefined, true],
    ['the job', undefined, { 'id-token': 'write' }, true],
    ['write-all', 'write-all', undefined, true],
    ['read-all', 'read-all', undefined, false],
    ['id-token: read', { 'id-token': 'read' }, undefined, false],
    ['a job that takes it away by {}', { 'id-token': 'write' }, {}, false],
    ['a job that names others', 'write-all', { contents: 'read' }, false],
    ['a job that names nothing', { 'id-token': 'write' }, null, false],
  ])('is told of %s', (_, workflow, job, expected) => {
    const document = {
      ...(workflow === undefined ? {} : { permissions: workflow }),
      jobs: { publish: job === undefined ? {} : { permissions: job } },
    };
    expect(readWorkflow('a.yml', document, '').jobs?.[0]?.idToken).toBe(expected);
  });
});

describe('the registries that a job publishes to', () => {
  it.each([
    ['cargo publish', 'crates-io'],
    ['cargo +nightly --locked publish -p sqlrite', 'crates-io'],
    ['cd sqlrite && cargo publish \\\n  --token "$TOKEN"', 'crates-io'],
    ['cargo publish --registry crates-io', 'crates-io'],
    [`for crate in a b; do ~/.cargo/bin/cargo publish -p \${crate}; done`, 'crates-io'],
    ['cargo workspaces publish --from-git', 'crates-io'],
    ['npm publish', 'npm'],
    ['npm --workspace sdk publish', 'npm'],
    ['npm stage publish', 'npm'],
    [`npx -y npm@11 --version; npm publish "./pkg" --tag \${{ inputs.dry && '--dry-run' }}`, 'npm'],
    ['(cd pkg && npm publish)', 'npm'],
    ['pnpm -r --filter "./sdk" publish --no-git-checks', 'npm'],
    ['yarn workspaces foreach -A npm publish', 'npm'],
    ['wasm-pack publish', 'npm'],
    ['python -m twine upload dist/*', 'pypi'],
    ['uv publish', 'pypi'],
    ['maturin upload --skip-existing *', 'pypi'],
    ['maturin publish', 'pypi'],
    ['twine upload --repository-url https://upload.pypi.org/legacy/ dist/*', 'pypi'],
  ])('are recognised by %j', (script, expected) => {
    expect(running(script)?.publishesTo).toEqual([expected]);
  });

  it.each([
    'cargo publish --dry-run',
    'cargo publish -n -p sqlrite',
    `cargo publish -p \${CRATE} --dry-run`,
    'cargo publish \\\n  --dry-run',
    'npm --dry-run publish',
    'uv publish --dry-run',
    'npm run publish',
    'npm run publish:docs',
    'npm ci && npm run build',
    '# npm publish',
    'true # then: npm publish; cargo publish',
    'echo "now run cargo publish"',
    'cargo install cargo-publish',
    'cargo publish --registry internal',
    'npm publish --registry=https://npm.pkg.github.com',
    'twine upload --repository testpypi dist/*',
    'twine upload -r testpypi dist/*',
    'uv publish --publish-url https://test.pypi.org/legacy/',
    'publish',
    '',
  ])('are none by %j', (script) => {
    expect(running(script)?.publishesTo).toEqual([]);
  });

  it.each([
    ['rust-lang/crates-io-auth-action@v1', {}, ['crates-io']],
    ['rust-lang/crates-io-auth-action@v1', { url: 'https://staging.crates.io' }, []],
    ['katyo/publish-crates@v2', {}, ['crates-io']],
    ['katyo/publish-crates@v2', { 'dry-run': true }, []],
    ['JS-DevTools/npm-publish@v4', {}, ['npm']],
    ['JS-DevTools/npm-publish@v4', { 'dry-run': 'true' }, []],
    ['JS-DevTools/npm-publish@v4', { registry: 'https://npm.pkg.github.com' }, []],
    ['pypa/gh-action-pypi-publish@release/v1', {}, ['pypi']],
    ['pypa/gh-action-pypi-publish@release/v1', { 'repository-url': 'https://test.pypi.org/legacy/' }, []],
    ['pypa/gh-action-pypi-publish@release/v1', { 'repository-url': `\${{ vars.URL }}` }, ['pypi']],
    ['PyO3/maturin-action@v1', { command: 'upload', args: '--skip-existing dist/*' }, ['pypi']],
    ['PyO3/maturin-action@v1', { command: 'build' }, []],
    ['actions/checkout@v5', {}, []],
  ])('are told of %s with %j', (uses, inputs, expected) => {
    expect(using(uses, inputs)?.publishesTo).toEqual(expected);
  });

  it('follows where setup-node points npm, step by step', () => {
    const node = (address: string) => ({ uses: 'actions/setup-node@v6', with: { 'registry-url': address } });
    const publish = { run: 'npm publish' };
    const told = (...steps: unknown[]) =>
      readWorkflow('a.yml', { jobs: { one: { steps } } }, '').jobs?.[0]?.publishesTo;
    const packages = node('https://npm.pkg.github.com');
    expect(told(packages, publish)).toEqual([]);
    expect(told(publish, packages)).toEqual(['npm']);
    expect(told(packages, publish, node('https://www.npmjs.com'), publish)).toEqual(['npm']);
  });
});

describe('the secrets of a job', () => {
  const secretsIn = (text: string) =>
    readWorkflow('a.yml', { jobs: { one: { env: { VALUE: text } } } }, '').jobs?.[0]?.secrets;

  it.each([
    [`\${{ secrets.NPM_TOKEN }}`, ['NPM_TOKEN']],
    [`\${{secrets.npm_token}}`, ['NPM_TOKEN']],
    [`\${{ SECRETS.Npm_Token }}`, ['NPM_TOKEN']],
    [`\${{ secrets['NPM_TOKEN'] }}`, ['NPM_TOKEN']],
    [`\${{ secrets [ 'npm_token' ] || secrets . OTHER }}`, ['NPM_TOKEN', 'OTHER']],
    [`a \${{ '}}' && secrets.A }} b \${{ secrets.B }}`, ['A', 'B']],
    [`\${{ format('it''s {0}', secrets.A) }}`, ['A']],
    [`\${{ secrets.A`, ['A']],
    [`\${{ toJSON(secrets) }}`, ['*']],
    [`\${{ secrets[matrix.name] }}`, ['*']],
    [`\${{ secrets[format('{0}_TOKEN', matrix.name)] }}`, ['*']],
    [`\${{ secrets.* }}`, ['*']],
    ['cat secrets.json', []],
    [`\${{ 'secrets.A' }}`, []],
    [`\${{ needs.one.outputs.secrets.A }}`, []],
    [`\${{ my-secrets.A }}`, []],
  ])('are read of %j', (text, expected) => {
    expect(secretsIn(text)).toEqual(expected);
  });

  it('are found in keys, inputs, matrices and containers alike', () => {
    const job = {
      container: { credentials: { password: `\${{ secrets.A }}` } },
      strategy: { matrix: { include: [{ token: `\${{ secrets.B }}` }] } },
      steps: [{ with: { token: `\${{ secrets.C }}` } }, { env: { [`\${{ secrets.D }}`]: 1 } }],
    };
    expect(readWorkflow('a.yml', { jobs: { job } }, '').jobs?.[0]?.secrets).toEqual(['A', 'B', 'C', 'D']);
  });

  it('are also those that stand in the env of the workflow, save where the job calls another', () => {
    const document = {
      env: { TOKEN: `\${{ secrets.A }}` },
      jobs: { own: {}, call: { uses: './.github/workflows/b.yml' } },
    };
    const jobs = readWorkflow('a.yml', document, '').jobs ?? [];
    expect(jobs.map(({ secrets }) => secrets)).toEqual([['A'], []]);
  });

  it('are every one where all are handed to a workflow elsewhere', () => {
    const document = { jobs: { call: { uses: 'acme/ci/.github/workflows/b.yml@v1', secrets: 'inherit' } } };
    const fact = readWorkflow('a.yml', document, '');
    expect([fact.jobs?.[0]?.secrets, fact.secrets]).toEqual([['*'], ['*']]);
  });

  it('leaves comments out, which a parser drops', () => {
    expect(read(`jobs:\n  one: {} # was \${{ secrets.A }}`).secrets).toEqual([]);
  });
});

describe('calledFile', () => {
  it.each([
    ['./.github/workflows/publish.yml', 'publish.yml'],
    ['acme/ci/.github/workflows/publish.yml@v1', undefined],
  ])('returns of %s %j', (call, expected) => {
    expect(calledFile(call)).toBe(expected);
  });
});
