import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { PipelineFacts, RepositoryFiles } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { DeclaredPipeline } from '../../../src/verify/pipeline.ts';
import { hygieneRules } from '../../../src/verify/rules/hygiene.ts';
import { aContext, anEnvironment, aPipeline, facts } from '../../support/pipeline-facts.ts';

const UNREACHABLE = unavailable('unreachable', 'GitHub did not answer');

function judge(
  rule: string,
  changes: Partial<PipelineFacts> = {},
  declared: Partial<DeclaredPipeline> = {},
): Finding | undefined {
  const context = aContext({ pipeline: aPipeline(declared), facts: facts(changes) });
  return judgePipeline(hygieneRules, context).find((finding) => finding.rule === rule);
}

function withFiles(changes: Partial<RepositoryFiles>): Partial<PipelineFacts> {
  return { files: known({ dependabot: false, renovate: false, codeowners: undefined, ...changes }) };
}

function hygiene(wanted: boolean | undefined): Partial<DeclaredPipeline> {
  return { hygiene: { dependencyUpdates: wanted, codeowners: wanted } };
}

describe('hygiene-dependency-updates', () => {
  const rule = 'hygiene-dependency-updates';

  it('passes with Dependabot, with Renovate and with both', () => {
    expect(judge(rule)).toMatchObject({ outcome: 'pass', observed: 'Dependabot' });
    expect(judge(rule, withFiles({ renovate: true }))?.observed).toBe('Renovate');
    expect(judge(rule, withFiles({ dependabot: true, renovate: true }))?.observed).toBe(
      'Dependabot and Renovate',
    );
  });

  it('fails with neither, and says what to write for what the pipeline publishes', () => {
    const finding = judge(rule, withFiles({}));
    expect(finding).toMatchObject({ outcome: 'fail', observed: 'none' });
    expect(finding?.remedy).toContain('/new/main?filename=.github/dependabot.yml');
    for (const one of ['github-actions', 'cargo', 'npm', 'pip']) {
      expect(finding?.remedy).toContain(`package-ecosystem: ${one},`);
    }
  });

  it('says the file in words when the default branch is not known', () => {
    const finding = judge(rule, { ...withFiles({}), repository: UNREACHABLE });
    expect(finding?.remedy).toContain('"Create new file" of the repository: .github/dependabot.yml');
  });
});

describe('hygiene-codeowners', () => {
  const rule = 'hygiene-codeowners';

  it('passes with the file, and fails without it, when it is asked for', () => {
    const there = judge(rule, withFiles({ codeowners: '.github/CODEOWNERS' }), hygiene(true));
    expect(there).toMatchObject({ outcome: 'pass', observed: '.github/CODEOWNERS' });
    const gone = judge(rule, withFiles({}), hygiene(true));
    expect(gone?.outcome).toBe('fail');
    expect(gone?.remedy).toContain('`* @joaoh82`');
  });
});

describe('a file of the repository', () => {
  const RULES = ['hygiene-dependency-updates', 'hygiene-codeowners'];

  it.each(RULES)(
    'passes %s with and without it when it is not asked for, and says what was found',
    (rule) => {
      const there = withFiles({ dependabot: true, codeowners: 'docs/CODEOWNERS' });
      expect(judge(rule, there, hygiene(false))?.outcome).toBe('pass');
      expect(judge(rule, there, hygiene(false))?.observed).not.toBe('none');
      expect(judge(rule, withFiles({}), hygiene(false))).toMatchObject({ outcome: 'pass', observed: 'none' });
    },
  );

  it.each(RULES)('is not judged by %s when nothing is declared', (rule) => {
    expect(judge(rule, withFiles({}), hygiene(undefined))).toBeUndefined();
  });

  it.each(RULES)('makes %s unknown when it could not be looked for', (rule) => {
    const finding = judge(rule, { files: UNREACHABLE }, hygiene(true));
    expect(finding).toMatchObject({ outcome: 'unknown', observed: UNREACHABLE.reason });
  });
});

describe('hygiene-reviewers', () => {
  const rule = 'hygiene-reviewers';

  function reviewedBy(...requiredReviewers: readonly string[]): Partial<DeclaredPipeline> {
    return { environment: { ...aPipeline().environment, requiredReviewers } };
  }

  function reviewers(...names: readonly string[]): Partial<PipelineFacts> {
    return { environment: known(anEnvironment({ reviewers: names })) };
  }

  const FEW: readonly (readonly [string, readonly string[], string])[] = [
    ['one person is', ['joaoh82'], 'one maintainer: nobody else could approve'],
    ['one team is', ['acme/ops'], 'one team is declared, acme/ops: whoever is in it can approve'],
    ['nobody is', [], 'no reviewer is declared'],
  ];

  it.each(FEW)('does not apply when %s declared', (_who, names, observed) => {
    expect(judge(rule, {}, reviewedBy(...names))).toMatchObject({ outcome: 'not-applicable', observed });
  });

  it('passes with two in the environment', () => {
    const finding = judge(rule, reviewers('joaoh82', 'ana'), reviewedBy('joaoh82', 'ana'));
    expect(finding).toMatchObject({ outcome: 'pass', observed: 'joaoh82, ana' });
  });

  it('fails with one, and names who is missing', () => {
    const finding = judge(rule, reviewers('JoaoH82'), reviewedBy('joaoh82', 'ana'));
    expect(finding?.outcome).toBe('fail');
    expect(finding?.remedy).toContain('under "Required reviewers" add ana;');
  });

  it('is unknown when the environment could not be read, and does not apply without one', () => {
    const declared = reviewedBy('joaoh82', 'ana');
    expect(judge(rule, { environment: UNREACHABLE }, declared)?.outcome).toBe('unknown');
    expect(judge(rule, { environment: known(undefined) }, declared)?.outcome).toBe('not-applicable');
  });
});
