import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../src/verify/fact.ts';
import type { BranchFacts, BranchRule, BypassActor } from '../../src/verify/facts.ts';
import type { Layer, Protection } from '../../src/verify/protection.ts';
import { effectiveProtection, isMet, isUnprotected } from '../../src/verify/protection.ts';
import { aBranch, aClassicProtection } from '../support/pipeline-facts.ts';

const DENIED = unavailable('permission', 'GitHub asks for the permission administration:read');
const UNREACHABLE = unavailable('unreachable', 'GitHub did not answer');
const PULL: BranchRule = { source: 7, type: 'pull-request', approvals: 1, conversationResolution: false };

function protectedBy(
  rules: readonly BranchRule[],
  bypass: readonly BypassActor[] | undefined = [],
): Protection {
  const rulesets = [...new Set(rules.map(({ source }) => source))].map((id) => ({
    id,
    name: 'main rules',
    source: 'joaoh82/rust_sqlite',
    bypass,
  }));
  return effectiveProtection(
    aBranch({ classic: known(undefined), rules: known(rules), rulesets: known(rulesets) }),
  );
}

function only({ layers }: Protection): Layer {
  const [layer] = layers;
  if (!layer || layers.length > 1) throw new Error(`one layer expected, not ${layers.length}`);
  return layer;
}

describe('effectiveProtection', () => {
  it('takes the classic protection as one layer', () => {
    const layer = only(effectiveProtection(aBranch()));
    expect(layer).toMatchObject({
      name: 'the classic protection',
      approvals: 1,
      conversationResolution: true,
      forbidsForcePush: true,
      forbidsDeletion: true,
      admins: known('may-bypass'),
      others: known([]),
    });
    expect(layer.checks).toHaveLength(14);
  });

  it('takes each ruleset as a layer, with the strictest of its rules', () => {
    const { layers, unread } = protectedBy([
      PULL,
      { source: 7, type: 'pull-request', approvals: 3, conversationResolution: true },
      { source: 7, type: 'checks', checks: [{ context: 'a', app: 1 }] },
      { source: 7, type: 'checks', checks: [{ context: 'b', app: undefined }] },
      { source: 9, type: 'no-force-push' },
      { source: 9, type: 'no-deletion' },
    ]);
    expect(unread).toBeUndefined();
    expect(layers).toMatchObject([
      {
        name: 'the ruleset "main rules"',
        approvals: 3,
        conversationResolution: true,
        forbidsForcePush: false,
      },
      { approvals: undefined, checks: [], forbidsForcePush: true, forbidsDeletion: true },
    ]);
    expect(layers[0]?.checks.map(({ context }) => context)).toEqual(['a', 'b']);
  });

  it('has no layer where neither system asks for anything', () => {
    const protection = protectedBy([]);
    expect(protection).toEqual({ layers: [], unread: undefined });
    expect(isUnprotected(protection)).toBe(true);
  });

  const UNREAD: readonly (readonly [string, Partial<BranchFacts> | undefined, string])[] = [
    ['the classic protection', { classic: DENIED }, `of the classic protection: ${DENIED.reason}`],
    ['the rulesets', { rules: UNREACHABLE }, `of the rulesets: ${UNREACHABLE.reason}`],
    [
      'both, for two reasons',
      { classic: DENIED, rules: UNREACHABLE },
      `of the classic protection: ${DENIED.reason}; of the rulesets: ${UNREACHABLE.reason}`,
    ],
    [
      'both, for one reason',
      { classic: DENIED, rules: DENIED },
      `of the branch's protection: ${DENIED.reason}`,
    ],
    ['the branch at all', undefined, 'the branch was not looked at'],
  ];

  it.each(UNREAD)('says why when it could not read %s', (_what, changes, reason) => {
    const protection = effectiveProtection(
      changes && aBranch({ classic: known(undefined), rules: known([]), ...changes }),
    );
    expect(protection.unread?.reason).toBe(reason);
    expect(isUnprotected(protection)).toBe(false);
  });
});

describe('who may bypass a layer', () => {
  const ADMIN: BypassActor = { type: 'RepositoryRole', id: 5, mode: 'always' };
  const BY_PULL_REQUEST: BypassActor = { ...ADMIN, mode: 'pull_request' };

  const ADMINS: readonly (readonly [string, readonly BypassActor[], string])[] = [
    ['nobody', [], 'bound'],
    ['the role Admin', [ADMIN], 'may-bypass'],
    ['the role Admin, exempt', [{ ...ADMIN, mode: 'exempt' }], 'may-bypass'],
    ['the role Admin, for pull requests', [BY_PULL_REQUEST], 'may-bypass-in-pull-requests'],
    ['the owners of the organisation', [{ type: 'OrganizationAdmin', id: 1, mode: 'always' }], 'may-bypass'],
    [
      'two of them',
      [BY_PULL_REQUEST, { type: 'OrganizationAdmin', id: undefined, mode: 'always' }],
      'may-bypass',
    ],
    ['the role Maintain', [{ ...ADMIN, id: 2 }], 'bound'],
  ];

  it.each(ADMINS)('reads of administrators, when the list holds %s', (_who, bypass, expected) => {
    expect(only(protectedBy([PULL], bypass)).admins).toEqual(known(expected));
  });

  it('names the others, as far as the answer does', () => {
    const bypass: readonly BypassActor[] = [
      ADMIN,
      { type: 'RepositoryRole', id: 2, mode: 'always' },
      { type: 'RepositoryRole', id: 4, mode: 'exempt' },
      { type: 'RepositoryRole', id: 8_001, mode: 'always' },
      { type: 'Team', id: 12, mode: 'pull_request' },
      { type: 'Integration', id: 15_368, mode: 'always' },
      { type: 'User', id: 3, mode: 'always' },
      { type: 'DeployKey', id: undefined, mode: 'always' },
      { type: 'EnterpriseOwner', id: undefined, mode: 'always' },
    ];
    expect(only(protectedBy([PULL], bypass)).others).toEqual(
      known([
        'the role Maintain',
        'the role Write (exempt)',
        'the custom role 8001',
        'the team 12 (for pull requests only)',
        'the app 15368',
        'the user 3',
        'deploy keys',
        'EnterpriseOwner',
      ]),
    );
  });

  it('does not know it of a ruleset whose list is hidden, was not read, or could not be', () => {
    const rules = known([PULL]);
    const classic = known(undefined);
    const ruleset = { id: 7, name: 'main rules', source: 'acme', bypass: undefined };
    const reasons = [known([ruleset]), known([]), UNREACHABLE].map((rulesets) => {
      const { admins, others } = only(effectiveProtection({ classic, rules, rulesets }));
      expect(others).toEqual(admins);
      return admins.known ? 'known' : admins.reason;
    });
    expect(reasons).toEqual([
      'only who may write the ruleset sees its bypass list',
      'the ruleset 7 was not read',
      UNREACHABLE.reason,
    ]);
  });

  it('does not know it of a classic protection that does not show it, unless there is no pull request to bypass', () => {
    const others = (approvals: number | undefined) =>
      only(
        effectiveProtection(
          aBranch({ classic: known(aClassicProtection({ approvals, bypassPullRequest: undefined })) }),
        ),
      ).others.known;
    expect([others(1), others(undefined)]).toEqual([false, true]);
  });
});

describe('isMet', () => {
  const askedFor = ({ approvals }: Layer) => approvals === 1;

  it('is met when either system asks for it', () => {
    expect(isMet(effectiveProtection(aBranch()), askedFor)).toEqual(known(true));
    expect(isMet(protectedBy([PULL]), askedFor)).toEqual(known(true));
  });

  it('is not met when both were read and neither asks for it', () => {
    expect(isMet(protectedBy([{ source: 7, type: 'no-deletion' }]), askedFor)).toEqual(known(false));
  });

  it('is met by what could be read, and else not known', () => {
    const classic = DENIED;
    const rulesets = known([]);
    expect(isMet(effectiveProtection({ classic, rules: known([PULL]), rulesets }), askedFor)).toEqual(
      known(true),
    );
    expect(isMet(effectiveProtection({ classic, rules: known([]), rulesets }), askedFor).known).toBe(false);
  });
});
