import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { BranchFacts, BranchRule, BypassActor, ClassicProtection } from '../../../src/verify/facts.ts';
import type { Finding, Outcome } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { DeclaredPipeline } from '../../../src/verify/pipeline.ts';
import { branchRules } from '../../../src/verify/rules/branch.ts';
import {
  ACTIONS_APP,
  aBranch,
  aClassicProtection,
  aContext,
  aPipeline,
  CHECKS,
  facts,
} from '../../support/pipeline-facts.ts';

type Declared = DeclaredPipeline['branches'][number];

const REPO = 'joaoh82/rust_sqlite';
const DENIED = unavailable('permission', 'the token may not read it');
const ADMIN: BypassActor = { type: 'RepositoryRole', id: 5, mode: 'always' };
const PINNED = CHECKS.map((context) => ({ context, app: ACTIONS_APP }));
const LINT = 'main: rust lint';

const RULES: readonly BranchRule[] = [
  { source: 7, type: 'pull-request', approvals: 1, conversationResolution: true },
  { source: 7, type: 'checks', checks: PINNED },
  { source: 7, type: 'no-force-push' },
  { source: 7, type: 'no-deletion' },
];

function judge(branch: Partial<BranchFacts>, declared: Partial<Declared> = {}): readonly Finding[] {
  const [main] = aPipeline().branches;
  if (!main) throw new Error('the compliant pipeline declares a branch');
  const pipeline = aPipeline({ branches: [{ ...main, ...declared }] });
  return judgePipeline(
    branchRules,
    aContext({ pipeline, facts: facts({ branches: new Map([['main', aBranch(branch)]]) }) }),
  );
}

function byClassic(changes: Partial<ClassicProtection>): Partial<BranchFacts> {
  return { classic: known(aClassicProtection(changes)) };
}

function byRuleset(
  rules: readonly BranchRule[] = RULES,
  bypass: readonly BypassActor[] | undefined = [ADMIN],
  source = REPO,
): BranchFacts {
  return {
    classic: known(undefined),
    rules: known(rules),
    rulesets: known([{ id: 7, name: 'main rules', source, bypass }]),
  };
}

function without(type: BranchRule['type']): readonly BranchRule[] {
  return RULES.filter((rule) => rule.type !== type);
}

function find(findings: readonly Finding[], rule: string, subject = 'main'): Finding {
  const found = findings.find((one) => one.rule === rule && one.subject === subject);
  if (!found) throw new Error(`no finding ${rule}/${subject}`);
  return found;
}

/** Rules that answer so, each once. */
function rulesWith(outcome: Outcome, findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.filter((one) => one.outcome === outcome).map(({ rule }) => rule))];
}

const ALL = branchRules.map(({ id }) => id);

describe('the compliant branch', () => {
  const SPLIT: BranchFacts = {
    ...byRuleset([
      { source: 7, type: 'checks', checks: PINNED.slice(0, 7) },
      { source: 7, type: 'no-force-push' },
      { source: 7, type: 'pull-request', approvals: 0, conversationResolution: true },
    ]),
    ...byClassic({ checks: PINNED.slice(7), allowsForcePushes: true, conversationResolution: false }),
  };
  const SETUPS: readonly (readonly [string, Partial<BranchFacts>])[] = [
    ['the classic protection alone', {}],
    ['a ruleset alone', byRuleset()],
    ['both, each with half of it', SPLIT],
    ['a ruleset of the organisation', byRuleset(RULES, [ADMIN], 'acme')],
  ];

  it.each(SETUPS)('passes every rule by %s', (_by, branch) => {
    const findings = judge(branch);
    expect(rulesWith('pass', findings)).toEqual(ALL);
    expect(findings.every(({ outcome }) => outcome === 'pass')).toBe(true);
    expect(findings).toHaveLength(8 + 2 * CHECKS.length);
  });

  it('fails as a whole, and once, when nothing protects it', () => {
    const findings = judge(byRuleset([]));
    expect(rulesWith('fail', findings)).toEqual(['branch-protected']);
    expect(rulesWith('not-applicable', findings)).toEqual(ALL.filter((id) => id !== 'branch-protected'));
    const { remedy } = find(findings, 'branch-protected');
    expect(remedy).toContain(`https://github.com/${REPO}/settings/rules,`);
    expect(remedy).toContain('set "Required approvals" to 1');
    expect(remedy).toContain('"Repository admin"');
    for (const check of CHECKS) expect(remedy).toContain(`\`${check}\``);
  });

  it('is judged on what is declared, and on nothing else', () => {
    const declared = { pullRequest: false, approvals: 0, conversationResolution: false, checks: [] };
    const findings = judge({}, { ...declared, adminsMayBypass: undefined });
    expect(findings.map(({ rule }) => rule)).toEqual([
      'branch-protected',
      'branch-force-push',
      'branch-deletion',
      'branch-bypass',
    ]);
  });
});

describe('one change', () => {
  const DENY_BYPASS = 'Do not allow bypassing the above settings';
  const TEAM: BypassActor = { type: 'Team', id: 12, mode: 'always' };
  /** What is changed, the only rule that fails, and what its remedy has to name. */
  const ONE: readonly (readonly [string, Partial<BranchFacts>, string, string])[] = [
    [
      'no pull request (classic)',
      byClassic({ approvals: undefined }),
      'branch-pull-request',
      'settings/branches',
    ],
    [
      'no pull request (ruleset)',
      byRuleset(without('pull-request')),
      'branch-pull-request',
      'settings/rules/7',
    ],
    ['no approval (classic)', byClassic({ approvals: 0 }), 'branch-approvals', 'before merging" to 1'],
    [
      'no approval (ruleset)',
      byRuleset([...without('pull-request'), { ...RULES[0], approvals: 0 } as BranchRule]),
      'branch-approvals',
      '"Required approvals" to 1',
    ],
    [
      'conversations may stay open',
      byClassic({ conversationResolution: false }),
      'branch-conversation-resolution',
      'Require conversation resolution before merging',
    ],
    ['a check is missing', byClassic({ checks: PINNED.slice(1) }), 'branch-check', '`rust (ubuntu-latest)`'],
    ['no checks (ruleset)', byRuleset(without('checks')), 'branch-check', '"Require status checks to pass"'],
    [
      'a check takes any source',
      byClassic({ checks: [...PINNED.slice(1), { context: 'rust (ubuntu-latest)', app: undefined }] }),
      'branch-check-source',
      'in place of "any source"',
    ],
    [
      'force pushes (classic)',
      byClassic({ allowsForcePushes: true }),
      'branch-force-push',
      'clear "Allow force',
    ],
    ['force pushes (ruleset)', byRuleset(without('no-force-push')), 'branch-force-push', 'tick "Block force'],
    ['deletion (classic)', byClassic({ allowsDeletion: true }), 'branch-deletion', 'clear "Allow deletions"'],
    ['deletion (ruleset)', byRuleset(without('no-deletion')), 'branch-deletion', 'tick "Restrict deletions"'],
    [
      'administrators bound (classic)',
      byClassic({ adminsAreBound: true }),
      'branch-admin-enforcement',
      DENY_BYPASS,
    ],
    ['administrators bound (ruleset)', byRuleset(RULES, []), 'branch-admin-enforcement', '"Add bypass"'],
    ['a user may push', byClassic({ bypassPullRequest: ['octocat'] }), 'branch-bypass', 'remove octocat'],
    ['a team may bypass', byRuleset(RULES, [ADMIN, TEAM]), 'branch-bypass', 'remove the team 12'],
  ];

  it.each(ONE)('is named by its own rule and no other: %s', (_what, branch, rule, named) => {
    const findings = judge(branch);
    expect(rulesWith('fail', findings)).toEqual([rule]);
    expect(rulesWith('unknown', findings)).toEqual([]);
    const failing = findings.filter(({ outcome }) => outcome === 'fail');
    expect(failing[0]?.remedy).toContain(named);
    expect(failing.every(({ remedy }) => remedy.includes(`https://github.com/${REPO}/settings/`))).toBe(true);
  });

  it('leaves what belongs to a pull request to the rule that asks for one', () => {
    const findings = judge(byRuleset(without('pull-request')));
    expect(rulesWith('not-applicable', findings)).toEqual([
      'branch-approvals',
      'branch-conversation-resolution',
    ]);
  });

  it('passes resolved conversations that are asked for without a pull request', () => {
    const findings = judge(byClassic({ approvals: undefined }));
    expect(find(findings, 'branch-conversation-resolution').outcome).toBe('pass');
  });

  it('leads to the page of the organisation that owns the ruleset', () => {
    const { remedy } = find(judge(byRuleset(RULES, [], 'acme')), 'branch-admin-enforcement');
    expect(remedy).toContain('https://github.com/organizations/acme/settings/rules/7 ');
  });

  it('asks for a new ruleset of the repository where only the organisation has one', () => {
    const { remedy } = find(judge(byRuleset(without('no-deletion'), [ADMIN], 'acme')), 'branch-deletion');
    expect(remedy).toContain('"New branch ruleset"');
  });
});

describe('branch-approvals', () => {
  it('passes with more than declared, and fails with fewer', () => {
    const more = judge(byClassic({ approvals: 2 }));
    const fewer = judge(byClassic({ approvals: 1 }), { approvals: 2 });
    expect(find(more, 'branch-approvals').outcome).toBe('pass');
    expect(find(fewer, 'branch-approvals')).toMatchObject({
      outcome: 'fail',
      observed: 'enough: 1 approval',
    });
  });

  it('is judged alone when no pull request is declared', () => {
    const findings = judge(byClassic({ approvals: undefined }), { pullRequest: false });
    expect(find(findings, 'branch-approvals')).toMatchObject({
      outcome: 'fail',
      observed: 'no approval is asked for',
    });
  });
});

describe('branch-check', () => {
  const NEAR = ['Rust Lint', 'rust  lint', 'CI / rust lint', 'rust lint (stable)'];

  it.each(NEAR)('names %j as a near miss of `rust lint`', (near) => {
    const checks = PINNED.map(({ context, app }) => ({
      context: context === 'rust lint' ? near : context,
      app,
    }));
    const finding = find(judge(byClassic({ checks })), 'branch-check', LINT);
    expect(finding.outcome).toBe('fail');
    expect(finding.observed).toBe(`not required, but a similar name is: ${JSON.stringify(near)}`);
    expect(finding.remedy).toContain('write it so under checks');
  });

  it('takes no declared check for a near miss of another', () => {
    const { observed } = find(
      judge(byClassic({ checks: PINNED.slice(1) })),
      'branch-check',
      `main: ${CHECKS[0]}`,
    );
    expect(observed).toBe('not required');
  });
});

describe('branch-check-source', () => {
  const LOOSE = PINNED.map(({ context }) => ({ context, app: undefined }));

  it('passes when one of two systems ties the check to an app', () => {
    const findings = judge({ ...byRuleset(), ...byClassic({ checks: LOOSE }) });
    expect(find(findings, 'branch-check-source', LINT)).toMatchObject({
      outcome: 'pass',
      observed: `only the app ${ACTIONS_APP}`,
    });
  });

  it('does not apply to a check that is not required', () => {
    const findings = judge(byClassic({ checks: [] }));
    expect(rulesWith('not-applicable', findings)).toEqual(['branch-check-source']);
  });

  it('is unknown where the system that could not be read may tie it', () => {
    const findings = judge({ ...byClassic({ checks: LOOSE }), rules: DENIED });
    expect(find(findings, 'branch-check-source', LINT).outcome).toBe('unknown');
  });
});

describe('what could not be read', () => {
  it('makes every rule unknown when neither system could be', () => {
    const findings = judge({ classic: DENIED, rules: DENIED, rulesets: DENIED });
    expect(rulesWith('unknown', findings)).toEqual(ALL);
    expect(
      findings.every(({ outcome, observed }) => outcome === 'unknown' && observed.includes(DENIED.reason)),
    ).toBe(true);
  });

  it('makes every rule unknown when the branch was not looked at', () => {
    const findings = judgePipeline(branchRules, aContext({ facts: facts({ branches: new Map() }) }));
    expect(findings.every(({ outcome }) => outcome === 'unknown')).toBe(true);
  });

  it('is made up for by a ruleset that asks for everything, save who may bypass', () => {
    const findings = judge({ ...byRuleset(), classic: DENIED });
    expect(rulesWith('unknown', findings)).toEqual(['branch-admin-enforcement', 'branch-bypass']);
    expect(rulesWith('fail', findings)).toEqual([]);
  });

  it('leaves unknown, and never failing, what the other system does not ask for', () => {
    const findings = judge({ ...byRuleset([{ source: 7, type: 'no-deletion' }]), classic: DENIED });
    expect(rulesWith('pass', findings)).toEqual(['branch-protected', 'branch-deletion']);
    expect(rulesWith('fail', findings)).toEqual([]);
    expect(rulesWith('not-applicable', findings)).toEqual([]);
  });

  it('is unknown whether an unprotected branch is, when one system was not read', () => {
    const findings = judge({ classic: DENIED });
    expect(rulesWith('unknown', findings)).toEqual(ALL);
  });

  it('says that only who may write a ruleset sees its bypass list', () => {
    const findings = judge({
      ...byRuleset(),
      rulesets: known([{ id: 7, name: 'r', source: REPO, bypass: undefined }]),
    });
    expect(rulesWith('unknown', findings)).toEqual(['branch-admin-enforcement', 'branch-bypass']);
    expect(find(findings, 'branch-bypass').observed).toBe(
      'only who may write the ruleset sees its bypass list',
    );
  });
});

describe('branch-admin-enforcement', () => {
  const BOUND = { adminsMayBypass: false };
  const admins = (branch: Partial<BranchFacts>, declared: Partial<Declared> = BOUND) =>
    find(judge(branch, declared), 'branch-admin-enforcement');

  it('passes when administrators are bound as declared', () => {
    expect(admins(byClassic({ adminsAreBound: true })).outcome).toBe('pass');
    expect(admins(byRuleset(RULES, [])).outcome).toBe('pass');
  });

  it('fails when they may bypass what binds everybody else', () => {
    const finding = admins({});
    expect(finding.outcome).toBe('fail');
    expect(finding.remedy).toContain('tick "Do not allow bypassing the above settings"');
    expect(admins(byRuleset()).remedy).toContain('under "Bypass list", remove "Repository admin"');
  });

  it('counts a layer that binds, whatever another lets them bypass', () => {
    expect(admins({ ...byRuleset(), ...byClassic({ adminsAreBound: true }) }).outcome).toBe('pass');
    const half = admins({ ...byRuleset(), ...byClassic({ adminsAreBound: true, checks: PINNED.slice(1) }) });
    expect(half).toMatchObject({ outcome: 'fail' });
    expect(half.observed).toContain('administrators may bypass the ruleset "main rules"');
    expect(half.observed).toContain('the check `rust (ubuntu-latest)`');
  });

  it('names the layer that binds them against the declaration, and no other', () => {
    const branch = { ...byRuleset(), ...byClassic({ adminsAreBound: true, checks: [] }) };
    const finding = admins(branch, { adminsMayBypass: true });
    expect(finding.observed).toBe(
      'the classic protection binds administrators (a pull request, 1 approval, resolved conversations)',
    );
    expect(finding.remedy).not.toContain('Bypass list');
  });

  it('says when they may do so for pull requests only', () => {
    const branch = byRuleset(RULES, [{ ...ADMIN, mode: 'pull_request' }]);
    const allowed = admins(branch, { adminsMayBypass: true });
    expect(allowed).toMatchObject({
      outcome: 'pass',
      observed: 'administrators may bypass the ruleset "main rules", for pull requests only',
    });
    expect(admins(branch).outcome).toBe('fail');
  });

  it('does not apply where nothing that is declared is asked for', () => {
    expect(admins(byRuleset([{ source: 7, type: 'no-deletion' }])).outcome).toBe('not-applicable');
  });
});

describe('branch-bypass', () => {
  it('fails for those that are seen, also when another list is hidden', () => {
    const branch = {
      ...byRuleset(RULES, undefined),
      ...byClassic({ bypassPullRequest: ['octocat', 'acme/ops'] }),
    };
    const finding = find(judge(branch), 'branch-bypass');
    expect(finding.outcome).toBe('fail');
    expect(finding.observed).toBe('the classic protection may be bypassed by octocat, acme/ops');
  });
});
