import type { Fact, Unavailable } from './fact.ts';
import { known, unavailable } from './fact.ts';
import type {
  BranchFacts,
  BranchRule,
  BypassActor,
  ClassicProtection,
  RequiredCheck,
  RulesetFact,
} from './facts.ts';

/**
 * What one system asks of a branch: the classic protection, or one ruleset. GitHub stacks them: what any of them asks for counts
 * (docs.github.com, "About rulesets", rule layering).
 */
export interface Layer {
  /** Such as `the classic protection` or `the ruleset "main"`. */
  readonly name: string;
  readonly origin: Origin;
  /** Undefined: it asks for no pull request. */
  readonly approvals: number | undefined;
  readonly conversationResolution: boolean;
  readonly checks: readonly RequiredCheck[];
  readonly forbidsForcePush: boolean;
  readonly forbidsDeletion: boolean;
  readonly admins: Fact<AdminBypass>;
  /** Whoever else may bypass it, in words. */
  readonly others: Fact<readonly string[]>;
}

export type Origin =
  | { readonly kind: 'classic' }
  /** `owner`: `owner/name` of the repository, or the organisation; undefined: not known. */
  | { readonly kind: 'ruleset'; readonly id: number; readonly owner: string | undefined };

/** What an administrator may do about a layer. */
export type AdminBypass = 'bound' | 'may-bypass' | 'may-bypass-in-pull-requests';

/** All that protects a branch, as far as it could be read. */
export interface Protection {
  readonly layers: readonly Layer[];
  /** There may be more layers than these; undefined: there are not. */
  readonly unread: Unavailable | undefined;
}

/** Ids of GitHub's own repository roles, the same everywhere. */
const ADMIN_ROLE = 5;
const ROLES: ReadonlyMap<number, string> = new Map([
  [2, 'the role Maintain'],
  [4, 'the role Write'],
]);

/** Both systems together. @param facts undefined: nobody asked about this branch */
export function effectiveProtection(facts: BranchFacts | undefined): Protection {
  if (!facts) return { layers: [], unread: unavailable('unreachable', 'the branch was not looked at') };
  const { classic, rules } = facts;
  return {
    layers: [
      ...(classic.known && classic.value ? [classicLayer(classic.value)] : []),
      ...(rules.known ? rulesetLayers(rules.value, facts) : []),
    ],
    unread: unreadOf(facts),
  };
}

/** Known to ask for nothing at all. */
export function isUnprotected({ layers, unread }: Protection): boolean {
  return layers.length === 0 && unread === undefined;
}

/** Whether any layer meets it. Where one could not be read, the others can say yes, and never no. */
export function isMet({ layers, unread }: Protection, by: (layer: Layer) => boolean): Fact<boolean> {
  if (layers.some(by)) return known(true);
  return unread ?? known(false);
}

function unreadOf({ classic, rules }: BranchFacts): Unavailable | undefined {
  const missing = [
    ...(classic.known ? [] : [{ of: 'the classic protection', fact: classic }]),
    ...(rules.known ? [] : [{ of: 'the rulesets', fact: rules }]),
  ];
  const [first, second] = missing;
  if (!first) return undefined;
  const { obstacle, reason } = first.fact;
  if (second?.fact.reason === reason) return unavailable(obstacle, `of the branch's protection: ${reason}`);
  return unavailable(obstacle, missing.map(({ of, fact }) => `of ${of}: ${fact.reason}`).join('; '));
}

function classicLayer(classic: ClassicProtection): Layer {
  const { approvals, bypassPullRequest, adminsAreBound } = classic;
  const unseen = unavailable('permission', 'GitHub does not show who may bypass its pull request');
  return {
    name: 'the classic protection',
    origin: { kind: 'classic' },
    approvals,
    conversationResolution: classic.conversationResolution,
    checks: classic.checks,
    forbidsForcePush: !classic.allowsForcePushes,
    forbidsDeletion: !classic.allowsDeletion,
    admins: known(adminsAreBound ? 'bound' : 'may-bypass'),
    // Without a pull request there is none to bypass.
    others: approvals === undefined ? known([]) : bypassPullRequest ? known(bypassPullRequest) : unseen,
  };
}

function rulesetLayers(rules: readonly BranchRule[], { rulesets }: BranchFacts): readonly Layer[] {
  return [...new Set(rules.map(({ source }) => source))].map((id) => {
    const ruleset = rulesets.known ? rulesets.value.find((one) => one.id === id) : undefined;
    const list = ruleset?.bypass;
    const unseen = rulesets.known ? unseenList(id, ruleset) : rulesets;
    return {
      name: ruleset ? `the ruleset ${JSON.stringify(ruleset.name)}` : `the ruleset ${id}`,
      origin: { kind: 'ruleset', id, owner: ruleset?.source },
      ...demanded(rules.filter(({ source }) => source === id)),
      admins: list ? known(adminsIn(list)) : unseen,
      others: list ? known(list.filter((actor) => !isAdmin(actor)).map(describeActor)) : unseen,
    };
  });
}

function unseenList(id: number, ruleset: RulesetFact | undefined): Unavailable {
  if (!ruleset) return unavailable('unreachable', `the ruleset ${id} was not read`);
  return unavailable('permission', 'only who may write the ruleset sees its bypass list');
}

/** A ruleset may hold several rules of one type: the strictest counts. */
function demanded(rules: readonly BranchRule[]): Omit<Layer, 'name' | 'origin' | 'admins' | 'others'> {
  const pulls = rules.filter((rule) => rule.type === 'pull-request');
  return {
    approvals: pulls.length > 0 ? Math.max(...pulls.map(({ approvals }) => approvals)) : undefined,
    conversationResolution: pulls.some((pull) => pull.conversationResolution),
    checks: rules.flatMap((rule) => (rule.type === 'checks' ? rule.checks : [])),
    forbidsForcePush: rules.some(({ type }) => type === 'no-force-push'),
    forbidsDeletion: rules.some(({ type }) => type === 'no-deletion'),
  };
}

function isAdmin({ type, id }: BypassActor): boolean {
  return type === 'OrganizationAdmin' || (type === 'RepositoryRole' && id === ADMIN_ROLE);
}

function adminsIn(list: readonly BypassActor[]): AdminBypass {
  const admins = list.filter(isAdmin);
  if (admins.length === 0) return 'bound';
  const always = admins.some(({ mode }) => mode !== 'pull_request');
  return always ? 'may-bypass' : 'may-bypass-in-pull-requests';
}

function describeActor({ type, id, mode }: BypassActor): string {
  const limit = mode === 'pull_request' ? ' (for pull requests only)' : mode === 'exempt' ? ' (exempt)' : '';
  return `${nameActor(type, id)}${limit}`;
}

/** The answer holds ids only, and the names behind them would need further permissions. */
function nameActor(type: string, id: number | undefined): string {
  const numbered = (what: string) => (id === undefined ? what : `${what} ${id}`);
  switch (type) {
    case 'RepositoryRole':
      return (id !== undefined && ROLES.get(id)) || numbered('the custom role');
    case 'Team':
      return numbered('the team');
    case 'Integration':
      return numbered('the app');
    case 'User':
      return numbered('the user');
    case 'DeployKey':
      return 'deploy keys';
    default:
      return numbered(type);
  }
}
