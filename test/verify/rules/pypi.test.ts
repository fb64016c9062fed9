import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/verify/fact.ts';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { PypiFact, PypiPublisher } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { Context } from '../../../src/verify/rule.ts';
import { pypiRules } from '../../../src/verify/rules/pypi.ts';
import { aContext, aPipeline, aPypiProject, facts } from '../../support/pipeline-facts.ts';

const UNREAD = unavailable('unreachable', 'PyPI did not answer');
const PUBLISHER: PypiPublisher = {
  kind: 'GitHub',
  repository: 'joaoh82/rust_sqlite',
  workflow: 'release.yml',
  environment: 'release',
};

function withProject(fact: Fact<PypiFact | undefined>, context = aContext()): Context {
  return { ...context, facts: facts({ pypi: new Map([['sqlrite', fact]]) }) };
}

/** One file for each publisher: `a.whl`, `b.whl`… */
function withPublishers(...publishers: readonly Fact<PypiPublisher | undefined>[]): Context {
  const files = publishers.map((publisher, index) => ({ file: `${'abcdefgh'[index]}.whl`, publisher }));
  return withProject(known(aPypiProject({ files })));
}

function outcomes(context: Context): Readonly<Record<string, string>> {
  return Object.fromEntries(judgePipeline(pypiRules, context).map(({ rule, outcome }) => [rule, outcome]));
}

function failing(context: Context): readonly string[] {
  return Object.entries(outcomes(context)).flatMap(([rule, outcome]) => (outcome === 'fail' ? [rule] : []));
}

function findingOf(rule: string, context: Context): Finding {
  const found = judgePipeline(pypiRules, context).find((one) => one.rule === rule);
  expect(found).toBeDefined();
  return found as Finding;
}

const FORM =
  'Owner: "joaoh82"; Repository name: "rust_sqlite"; Workflow name: "release.yml"; Environment name: "release"';
const PAGE = 'https://pypi.org/manage/project/sqlrite/settings/publishing/';
const ABOUT_PUBLISHER = [
  'pypi-publisher-kind',
  'pypi-publisher-repository',
  'pypi-publisher-workflow',
  'pypi-publisher-environment',
];

describe('the rules about PyPI', () => {
  it('all pass where every declared line holds', () => {
    const found = judgePipeline(pypiRules, aContext());
    expect(found.map(({ rule }) => rule)).toEqual(pypiRules.map(({ id }) => id));
    expect(found.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  });

  it('say nothing where no project is declared', () => {
    const { publishers } = aPipeline();
    const context = aContext({ pipeline: aPipeline({ publishers: { ...publishers, pypi: [] } }) });
    expect(judgePipeline(pypiRules, context)).toEqual([]);
  });

  it('are all unknown, with the reason, where PyPI could not be read', () => {
    for (const { outcome, observed } of judgePipeline(pypiRules, withProject(UNREAD))) {
      expect([outcome, observed]).toEqual(['unknown', UNREAD.reason]);
    }
  });
});

describe('pypi-project-exists', () => {
  it('alone fails for a project that does not exist, and the others do not apply', () => {
    const context = withProject(known(undefined));
    const others = [...ABOUT_PUBLISHER, 'pypi-file-provenance'].map((rule) => [rule, 'not-applicable']);
    expect(outcomes(context)).toEqual({ 'pypi-project-exists': 'fail', ...Object.fromEntries(others) });
    const { remedy } = findingOf('pypi-project-exists', context);
    expect(remedy).toContain('https://pypi.org/manage/account/publishing/');
    expect(remedy).toContain(`PyPI Project Name: "sqlrite"; ${FORM}`);
    expect(remedy).toContain('within 30 days');
  });
});

describe('the rules about the publisher', () => {
  it.each([
    ['pypi-publisher-kind', { kind: 'GitLab' }, 'a publisher of the kind "GitLab"'],
    ['pypi-publisher-repository', { repository: 'someone/else' }, 'repository "someone/else"'],
    ['pypi-publisher-workflow', { workflow: 'Release.yml' }, '"Release.yml": upper and lower case differ'],
    ['pypi-publisher-workflow', { workflow: 'release.yaml' }, 'it ends in .yaml instead of .yml'],
    [
      'pypi-publisher-environment',
      { environment: undefined },
      'it is empty, so that a job of any environment will do',
    ],
    ['pypi-publisher-environment', { environment: 'Release' }, 'upper and lower case differ'],
    ['pypi-publisher-environment', { environment: 'staging' }, 'environment "staging"'],
  ])('%s alone fails for %j', (rule, changes, observed) => {
    const context = withPublishers(known({ ...PUBLISHER, ...changes }));
    expect(failing(context)).toEqual([rule]);
    const found = findingOf(rule, context);
    expect(found.observed).toContain(observed);
    expect(found.remedy).toContain(PAGE);
    expect(found.remedy).toContain(FORM);
  });

  it('take upper and lower case of the repository for the same, as PyPI does', () => {
    const context = withPublishers(known({ ...PUBLISHER, repository: 'JoaoH82/Rust_SQLite' }));
    expect(failing(context)).toEqual([]);
  });

  it('know that PyPI keeps the environment in lower case', () => {
    const { environment } = aPipeline();
    const pipeline = aPipeline({ environment: { ...environment, name: 'Release' } });
    const context = aContext({ pipeline });
    expect(findingOf('pypi-publisher-environment', context).outcome).toBe('pass');
  });

  it('ask nothing of a publisher of another service but its kind', () => {
    const context = withPublishers(known({ ...PUBLISHER, kind: 'Google', workflow: '' }));
    expect(outcomes(context)).toMatchObject({
      'pypi-publisher-kind': 'fail',
      'pypi-publisher-repository': 'not-applicable',
      'pypi-publisher-workflow': 'not-applicable',
      'pypi-publisher-environment': 'not-applicable',
    });
  });

  it('find the one file that came by another publisher, and name each mistake once', () => {
    const other = known({ ...PUBLISHER, workflow: 'test.yml' });
    const context = withPublishers(known(PUBLISHER), other, other);
    expect(findingOf('pypi-publisher-workflow', context)).toMatchObject({
      outcome: 'fail',
      observed: 'workflow "test.yml"',
    });
  });

  it('are unknown where one file could not be read, and still fail for another', () => {
    const right = withPublishers(known(PUBLISHER), UNREAD);
    const wrong = withPublishers(known({ ...PUBLISHER, workflow: 'test.yml' }), UNREAD);
    for (const rule of ABOUT_PUBLISHER) {
      expect(findingOf(rule, right)).toMatchObject({ outcome: 'unknown', observed: UNREAD.reason });
    }
    expect(failing(wrong)).toEqual(['pypi-publisher-workflow']);
  });
});

describe('pypi-file-provenance', () => {
  it('alone fails for a file without attestations, and names it', () => {
    const context = withPublishers(known(PUBLISHER), known(undefined));
    expect(failing(context)).toEqual(['pypi-file-provenance']);
    const { observed, remedy } = findingOf('pypi-file-provenance', context);
    expect(observed).toBe(
      '1 of 2 files of 0.2.0 were uploaded without attestations, which proves nothing about how: b.whl',
    );
    expect(remedy).toContain('pypa/gh-action-pypi-publish');
  });

  it('alone fails where no file has any; which publisher it was is unknown then', () => {
    const context = withPublishers(...Array.from({ length: 8 }, () => known(undefined)));
    expect(failing(context)).toEqual(['pypi-file-provenance']);
    expect(findingOf('pypi-file-provenance', context).observed).toContain(
      'a.whl, b.whl, c.whl, d.whl, e.whl and 3 more',
    );
    for (const rule of ABOUT_PUBLISHER) expect(findingOf(rule, context).outcome).toBe('unknown');
  });

  it('is unknown where a file could not be read', () => {
    const found = findingOf('pypi-file-provenance', withPublishers(known(PUBLISHER), UNREAD));
    expect(found).toMatchObject({ outcome: 'unknown', observed: UNREAD.reason });
  });

  it('is unknown, like the publisher, where the release has no files', () => {
    const context = withPublishers();
    for (const rule of [...ABOUT_PUBLISHER, 'pypi-file-provenance']) {
      expect(findingOf(rule, context)).toMatchObject({
        outcome: 'unknown',
        observed: 'sqlrite 0.2.0 has no files',
      });
    }
  });
});
