import { describe, expect, it } from 'vitest';
import { addDays } from '../../../src/domain/calendar.ts';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { PipelineFacts } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { ManualRule } from '../../../src/verify/manual.ts';
import { holdsDays, isLapsed, lapsesAt, MANUAL_RULES, manualKey } from '../../../src/verify/manual.ts';
import type { DeclaredPipeline } from '../../../src/verify/pipeline.ts';
import { manualRules } from '../../../src/verify/rules/manual.ts';
import { aBranch, aContext, aPipeline, facts, NPM_PACKAGES, READ_AT } from '../../support/pipeline-facts.ts';

const PENDING = { pypi: new Map([['sqlrite', known(undefined)]]) };

/** Each line with a subject of the declared pipeline, and something that its remedy has to name. */
const LINES: readonly (readonly [ManualRule, string, string])[] = [
  ['manual-pypi-pending-publisher', 'sqlrite', 'https://pypi.org/manage/account/publishing/'],
  [
    'manual-npm-trusted-publisher',
    NPM_PACKAGES[0],
    `https://www.npmjs.com/package/${NPM_PACKAGES[0]}/access`,
  ],
  ['manual-approve-and-deploy', 'release', '/actions/workflows/release.yml, open a release run'],
  ['manual-merge-button', 'main', '1 approval, resolved conversations and 14 checks'],
];

function judge(
  rule: ManualRule,
  subject: string,
  changes: Partial<PipelineFacts> = {},
  declared: Partial<DeclaredPipeline> = {},
): Finding | undefined {
  const context = aContext({ pipeline: aPipeline(declared), facts: facts({ ...PENDING, ...changes }) });
  const findings = judgePipeline(manualRules, context);
  return findings.find((finding) => finding.rule === rule && finding.subject === subject);
}

function confirmedOn(rule: ManualRule, subject: string, daysAgo: number): Partial<PipelineFacts> {
  return { confirmed: new Map([[manualKey(rule, subject), addDays(READ_AT, -daysAgo)]]) };
}

describe('a confirmation', () => {
  it('is kept by the rule and its subject', () => {
    expect(manualKey('manual-merge-button', 'release/1.x')).toBe('manual-merge-button/release/1.x');
    expect(manualRules.map(({ id }) => id)).toEqual(MANUAL_RULES);
  });

  it.each([
    ['manual-pypi-pending-publisher', 25],
    ['manual-npm-trusted-publisher', 365],
    ['manual-approve-and-deploy', 365],
    ['manual-merge-button', 365],
  ] as const)('of %s holds for %i days, to the instant', (rule, days) => {
    const until = addDays(READ_AT, days);
    expect(holdsDays(rule)).toBe(days);
    expect(lapsesAt(rule, READ_AT)).toEqual(until);
    expect(isLapsed(rule, READ_AT, new Date(until.getTime() - 1))).toBe(false);
    expect(isLapsed(rule, READ_AT, until)).toBe(true);
  });
});

describe('a line that only a person can confirm', () => {
  it.each(LINES)('says what to do when nobody ever confirmed it: %s', (rule, subject, named) => {
    const finding = judge(rule, subject);
    expect(finding).toMatchObject({ outcome: 'manual', observed: 'never confirmed' });
    expect(finding?.remedy).toContain(named);
    expect(finding?.remedy).toContain('`reseal verify rust_sqlite --interactive`');
  });

  it.each(LINES)('says when it was confirmed, and asks for nothing: %s', (rule, subject) => {
    const finding = judge(rule, subject, confirmedOn(rule, subject, 22));
    expect(finding).toMatchObject({ outcome: 'manual', observed: 'confirmed on 2026-11-01', remedy: '' });
  });

  it.each(LINES)('says what to do when the confirmation has lapsed: %s', (rule, subject, named) => {
    const finding = judge(rule, subject, confirmedOn(rule, subject, holdsDays(rule)));
    expect(finding?.outcome).toBe('manual');
    expect(finding?.observed).toMatch(/^confirmed on \d{4}-\d\d-\d\d, lapsed on 2026-11-23$/);
    expect(finding?.remedy).toContain(named);
  });

  it('takes the confirmation of one subject for no other', () => {
    const changes = confirmedOn('manual-npm-trusted-publisher', NPM_PACKAGES[0], 1);
    expect(judge('manual-npm-trusted-publisher', NPM_PACKAGES[1], changes)?.observed).toBe('never confirmed');
  });

  it('names every field of a publisher form with its exact value', () => {
    const pypi = judge('manual-pypi-pending-publisher', 'sqlrite')?.remedy;
    expect(pypi).toContain(
      'PyPI Project Name: "sqlrite"; Owner: "joaoh82"; Repository name: "rust_sqlite"; Workflow name: "release.yml"; Environment name: "release".',
    );
    const npm = judge('manual-npm-trusted-publisher', NPM_PACKAGES[2])?.remedy;
    expect(npm).toContain(
      'Organization or user: "joaoh82"; Repository: "rust_sqlite"; Workflow filename: "release.yml"; Environment name: "release".',
    );
  });
});

describe('manual-pypi-pending-publisher', () => {
  const rule = 'manual-pypi-pending-publisher';

  it('does not apply once the project exists', () => {
    expect(judge(rule, 'sqlrite', { pypi: facts().pypi })?.outcome).toBe('not-applicable');
  });

  it('is unknown when PyPI could not be read, or was not', () => {
    const denied = unavailable('unreachable', 'PyPI did not answer');
    const finding = judge(rule, 'sqlrite', { pypi: new Map([['sqlrite', denied]]) });
    expect(finding).toMatchObject({ outcome: 'unknown', observed: 'PyPI did not answer' });
    expect(judge(rule, 'sqlrite', { pypi: new Map() })?.outcome).toBe('unknown');
  });
});

describe('a line whose object is not there', () => {
  it('does not apply to a package that npm does not have', () => {
    const npm = new Map([[NPM_PACKAGES[0], known(undefined)]]);
    expect(judge('manual-npm-trusted-publisher', NPM_PACKAGES[0], { npm })?.outcome).toBe('not-applicable');
  });

  it('does not apply without the environment', () => {
    const finding = judge('manual-approve-and-deploy', 'release', { environment: known(undefined) });
    expect(finding?.outcome).toBe('not-applicable');
  });

  it('does not apply to a branch that nothing protects', () => {
    const branches = new Map([['main', aBranch({ classic: known(undefined) })]]);
    expect(judge('manual-merge-button', 'main', { branches })?.outcome).toBe('not-applicable');
  });

  it('is left out where nothing is declared that it would be about', () => {
    const environment = { ...aPipeline().environment, requiredReviewers: [] };
    const branches = aPipeline().branches.map((branch) => ({
      ...branch,
      approvals: 0,
      conversationResolution: false,
      checks: [],
    }));
    const publishers = { pypi: [], npm: [], cratesIo: undefined };
    const pipeline = aPipeline({ environment, branches, publishers });
    expect(judgePipeline(manualRules, aContext({ pipeline }))).toEqual([]);
  });
});
