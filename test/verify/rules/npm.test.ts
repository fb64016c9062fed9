import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { NpmFact, PipelineFacts, Provenance, SecretFact } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { Context } from '../../../src/verify/rule.ts';
import { npmRules } from '../../../src/verify/rules/npm.ts';
import {
  aContext,
  anNpmPackage,
  aPipeline,
  aSecret,
  facts,
  NPM_PACKAGES,
} from '../../support/pipeline-facts.ts';

const REPO = 'joaoh82/rust_sqlite';
const CHANGED = 'sqlrite-notes';
const UNREAD = unavailable('unreachable', 'npm answered with HTML');
const DENIED = unavailable('permission', 'GitHub asks for the permission secrets:read');
const PER_PACKAGE = npmRules.map(({ id }) => id).filter((id) => id !== 'npm-token-leftover');

/** The last of the three packages is another than the declared lines ask for. */
function withPackage(changes: Partial<NpmFact>): Context {
  const found = anNpmPackage({ name: CHANGED, ...changes });
  return aContext({ facts: facts({ npm: new Map([...facts().npm, [CHANGED, known(found)]]) }) });
}

function withProvenance(changes: Partial<Provenance>): Context {
  const provenance = { repository: REPO, workflow: 'release.yml', environment: 'release', ...changes };
  return withPackage({ provenance: known(provenance) });
}

function withSecrets(changes: Partial<PipelineFacts['secrets']>): Context {
  return aContext({ facts: facts({ secrets: { ...facts().secrets, ...changes } }) });
}

function failing(context: Context): readonly string[] {
  const found = judgePipeline(npmRules, context).filter(({ outcome }) => outcome === 'fail');
  return found.map(({ rule, subject }) => `${rule} of ${subject}`);
}

function findingOf(rule: string, context: Context, subject: string = CHANGED): Finding {
  const found = judgePipeline(npmRules, context).find((one) => one.rule === rule && one.subject === subject);
  expect(found).toBeDefined();
  return found as Finding;
}

const FORM =
  'https://www.npmjs.com/package/sqlrite-notes/access, choose GitHub Actions under Trusted Publisher, enter Organization or user: "joaoh82"; Repository: "rust_sqlite"; Workflow filename: "release.yml"; Environment name: "release"; Allowed actions: "npm publish"';

describe('the rules about npm', () => {
  it('all pass where every declared line holds', () => {
    const found = judgePipeline(npmRules, aContext());
    expect(found).toHaveLength(PER_PACKAGE.length * NPM_PACKAGES.length + 2);
    expect(found.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  });

  it('say nothing where no package is declared', () => {
    const { publishers } = aPipeline();
    const context = aContext({ pipeline: aPipeline({ publishers: { ...publishers, npm: [] } }) });
    expect(judgePipeline(npmRules, context)).toEqual([]);
  });

  it('are all unknown, with the reason, where npm could not be read', () => {
    const npm = new Map(NPM_PACKAGES.map((name) => [name, UNREAD]));
    const found = judgePipeline(npmRules, aContext({ facts: facts({ npm }) }));
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(npmRules.map(({ id }) => id)));
    for (const { outcome, observed } of found)
      expect([outcome, observed]).toEqual(['unknown', UNREAD.reason]);
  });

  it('leave the other packages alone where one could not be read', () => {
    const npm = new Map([...facts().npm, [CHANGED, UNREAD]]);
    const found = judgePipeline(npmRules, aContext({ facts: facts({ npm }) }));
    const about = found.filter(({ rule }) => rule !== 'npm-token-leftover');
    for (const { subject, outcome } of about) expect(outcome).toBe(subject === CHANGED ? 'unknown' : 'pass');
  });
});

describe('npm-package-exists', () => {
  function without(name: string): Context {
    return aContext({ facts: facts({ npm: new Map([...facts().npm, [name, known(undefined)]]) }) });
  }

  it('alone fails for a package that was never published; its other rules do not apply', () => {
    expect(failing(without(CHANGED))).toEqual([`npm-package-exists of ${CHANGED}`]);
    const others = judgePipeline(npmRules, without(CHANGED)).filter(
      ({ rule, subject }) => subject === CHANGED && rule !== 'npm-package-exists',
    );
    expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['not-applicable']));
  });

  it('tells how to publish the placeholder, and the way out of a similar name', () => {
    const { remedy } = findingOf('npm-package-exists', without(CHANGED));
    expect(remedy).toContain(
      '{ "name": "sqlrite-notes", "version": "0.0.0", "repository": { "type": "git", "url": "git+https://github.com/joaoh82/rust_sqlite.git" } }',
    );
    expect(remedy).toContain('npm publish. If npm finds the name too similar');
    expect(remedy).toContain(FORM);
  });

  it('makes a scoped placeholder public', () => {
    const { remedy } = findingOf('npm-package-exists', without('@joaoh82/sqlrite'), '@joaoh82/sqlrite');
    expect(remedy).toContain(
      'npm publish --access public. Then open https://www.npmjs.com/package/@joaoh82/sqlrite/access',
    );
  });
});

describe('npm-published-by-oidc', () => {
  it('alone fails for a version that came with a token; what rests on its provenance is unknown', () => {
    const context = withPackage({ trustedPublisher: false, provenance: known(undefined) });
    expect(failing(context)).toEqual([`npm-published-by-oidc of ${CHANGED}`]);
    const { observed, remedy } = findingOf('npm-published-by-oidc', context);
    expect(observed).toBe('0.2.0 of 2026-07-01 was published with a token or by hand');
    expect(remedy).toContain(FORM);
    expect(findingOf('npm-provenance-repository', context).outcome).toBe('unknown');
  });
});

describe('npm-repository-field', () => {
  it.each([
    'git+https://github.com/joaoh82/rust_sqlite.git',
    'https://github.com/joaoh82/rust_sqlite',
    'https://github.com/joaoh82/rust_sqlite/',
    'https://www.github.com/joaoh82/rust_sqlite',
    'git://github.com/joaoh82/rust_sqlite.git',
    'git+ssh://git@github.com/joaoh82/rust_sqlite.git',
    'ssh://git@github.com:joaoh82/rust_sqlite.git',
    'git@github.com:joaoh82/rust_sqlite.git',
    'github:joaoh82/rust_sqlite',
    'joaoh82/rust_sqlite',
  ])('passes for %s', (field) => {
    expect(findingOf('npm-repository-field', withPackage({ repositoryField: field })).outcome).toBe('pass');
  });

  it.each([
    [undefined, 'package.json names no repository'],
    ['https://github.com/someone/else', 'repository is "someone/else"'],
    [
      'https://github.com/JoaoH82/rust_sqlite.git',
      'repository is "JoaoH82/rust_sqlite": upper and lower case differ',
    ],
    ['rust_sqlite', 'repository is "rust_sqlite": the owner is missing (no plain address'],
    ['https://github.com/joaoh82/rust_sqlite/tree/main/sdk', '(no plain address of a repository'],
    ['https://gitlab.com/joaoh82/rust_sqlite', '(no plain address of a repository'],
    ['https://evil.example/github.com/joaoh82/rust_sqlite', '(no plain address of a repository'],
    ['', 'repository is "": it is empty'],
    ['\u001b[2J', 'repository is "\\u001b[2J"'],
  ])('alone fails for %j', (field, observed) => {
    const context = withPackage({ repositoryField: field });
    expect(failing(context)).toEqual([`npm-repository-field of ${CHANGED}`]);
    const found = findingOf('npm-repository-field', context);
    expect(found.observed).toContain(observed);
    expect(found.remedy).toContain('"url": "git+https://github.com/joaoh82/rust_sqlite.git"');
  });

  it('asks for the spelling of GitHub where the declaration has another', () => {
    const context = aContext({ pipeline: aPipeline({ repo: 'JOAOH82/Rust_SQLite' }) });
    expect(failing(context)).toEqual([]);
    const { facts: found } = withPackage({ trustedPublisher: false });
    const { remedy } = findingOf('npm-published-by-oidc', { ...context, facts: found });
    expect(remedy).toContain('Organization or user: "joaoh82"; Repository: "rust_sqlite"');
  });
});

describe('the rules about the provenance', () => {
  it.each([
    [
      'npm-provenance-repository',
      { repository: 'someone/else' },
      '"someone/else"',
      'npm deprecate sqlrite-notes@0.2.0',
    ],
    ['npm-provenance-workflow', { workflow: 'publish.yml' }, '"publish.yml"', FORM],
    ['npm-provenance-workflow', { workflow: 'release.yaml' }, 'it ends in .yaml instead of .yml', FORM],
    [
      'npm-provenance-environment',
      { environment: 'staging' },
      '"staging"',
      'write environment: release in the job',
    ],
    ['npm-provenance-environment', { environment: 'Release' }, 'upper and lower case differ', FORM],
    ['npm-provenance-environment', { environment: '' }, 'it is empty', FORM],
  ] as const)('%s alone fails for %j', (rule, changes, observed, remedy) => {
    const context = withProvenance(changes);
    expect(failing(context)).toEqual([`${rule} of ${CHANGED}`]);
    const found = findingOf(rule, context);
    expect(found.observed).toContain(observed);
    expect(found.observed).toContain('compared, not cryptographically verified');
    expect(found.remedy).toContain(remedy);
  });

  it('say of a pass, too, that it was only compared', () => {
    const { observed } = findingOf('npm-provenance-repository', aContext());
    expect(observed).toBe(`"${REPO}" (compared, not cryptographically verified)`);
  });

  it.each(['npm-provenance-repository', 'npm-provenance-workflow', 'npm-provenance-environment'])(
    '%s is unknown where the certificate could not be read, or there is none',
    (rule) => {
      const unread = findingOf(rule, withPackage({ provenance: UNREAD }));
      expect(unread).toMatchObject({ outcome: 'unknown', observed: UNREAD.reason });
      const none = findingOf(rule, withPackage({ provenance: known(undefined) }));
      expect(none.outcome).toBe('unknown');
      expect(none.observed).toContain('0.2.0 was published without provenance: private packages have none');
    },
  );

  it('know that a private repository never has one', () => {
    const repository = known({
      fullName: REPO,
      private: true,
      defaultBranch: 'main',
      ownedByOrganisation: false,
    });
    const context = withPackage({ provenance: known(undefined) });
    const { observed } = findingOf('npm-provenance-workflow', {
      ...context,
      facts: { ...context.facts, repository },
    });
    expect(observed).toContain('npm makes none from a private repository');
  });
});

describe('npm-provenance-environment', () => {
  it('is unknown for certificates that name none: older ones never do', () => {
    const provenance = known({ repository: REPO, workflow: 'release.yml', environment: undefined });
    const npm = new Map(NPM_PACKAGES.map((name) => [name, known(anNpmPackage({ name, provenance }))]));
    const context = aContext({ facts: facts({ npm }) });
    expect(failing(context)).toEqual([]);
    const found = findingOf('npm-provenance-environment', context);
    expect(found).toMatchObject({ outcome: 'unknown' });
    expect(found.observed).toContain('older ones never do');
  });

  it('fails where the certificate of another package, no newer than it, names one', () => {
    const context = withProvenance({ environment: undefined });
    expect(failing(context)).toEqual([`npm-provenance-environment of ${CHANGED}`]);
    expect(findingOf('npm-provenance-environment', context).observed).toContain(
      'none, though the certificate of @joaoh82/sqlrite 0.2.0 names one',
    );
  });

  it('is unknown where only newer certificates name one', () => {
    const provenance = known({ repository: REPO, workflow: 'release.yml', environment: undefined });
    const context = withPackage({ provenance, publishedAt: new Date('2025-01-01T08:00:00Z') });
    expect(findingOf('npm-provenance-environment', context).outcome).toBe('unknown');
  });
});

describe('npm-token-leftover', () => {
  const kept = known<readonly SecretFact[]>([aSecret('NPM_TOKEN'), aSecret('CRATES_IO_TOKEN')]);

  it('alone fails for a token in the environment', () => {
    const context = withSecrets({ environment: kept });
    expect(failing(context)).toEqual(['npm-token-leftover of release']);
    const { observed, remedy } = findingOf('npm-token-leftover', context, 'release');
    expect(observed).toContain('NPM_TOKEN is kept');
    expect(remedy).toContain(
      'https://github.com/joaoh82/rust_sqlite/settings/environments open release and delete NPM_TOKEN',
    );
    expect(remedy).toContain('Require two-factor authentication and disallow tokens');
  });

  it('alone fails for a token of the repository', () => {
    const context = withSecrets({ repository: known([aSecret('NODE_AUTH_TOKEN')]) });
    expect(failing(context)).toEqual([`npm-token-leftover of ${REPO}`]);
    expect(findingOf('npm-token-leftover', context, REPO).remedy).toContain(
      'https://github.com/joaoh82/rust_sqlite/settings/secrets/actions delete NODE_AUTH_TOKEN',
    );
  });

  it.each([
    ['release', { environment: DENIED }],
    [REPO, { repository: DENIED }],
  ])('is unknown for %s where its secrets cannot be read', (subject, changes) => {
    const found = findingOf('npm-token-leftover', withSecrets(changes), subject);
    expect(found).toMatchObject({ outcome: 'unknown', observed: DENIED.reason });
  });

  it.each([
    ['was published with a token', known(anNpmPackage({ name: CHANGED, trustedPublisher: false }))],
    ['does not exist yet', known(undefined)],
  ])('does not apply while a package %s', (_, fact) => {
    const { secrets, npm } = facts();
    const context = aContext({
      facts: facts({ npm: new Map([...npm, [CHANGED, fact]]), secrets: { ...secrets, environment: kept } }),
    });
    expect(findingOf('npm-token-leftover', context, 'release').outcome).toBe('not-applicable');
  });
});
