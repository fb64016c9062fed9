import type { DeclaredPipeline } from './pipeline.ts';
import type { Layer } from './protection.ts';

export type DeclaredBranch = DeclaredPipeline['branches'][number];

/** One thing that a branch's protection is to ask for. */
export interface Demand {
  /** Such as `a pull request`. */
  readonly words: string;
  readonly isMetBy: (layer: Layer) => boolean;
  /** What to set in the form of a classic rule, with its field names. */
  readonly classic: string;
  /** What to set in the form of a ruleset. */
  readonly ruleset: string;
}

// The names of the fields are those of GitHub's forms: docs.github.com, "Managing a branch protection rule" and "Available rules
// for rulesets".

export const PULL_REQUEST: Demand = {
  words: 'a pull request',
  isMetBy: ({ approvals }) => approvals !== undefined,
  classic: 'tick "Require a pull request before merging"',
  ruleset: 'tick "Require a pull request before merging"',
};

export const CONVERSATION_RESOLUTION: Demand = {
  words: 'resolved conversations',
  isMetBy: ({ conversationResolution }) => conversationResolution,
  classic: 'tick "Require conversation resolution before merging"',
  ruleset:
    'under "Require a pull request before merging", tick "Require conversation resolution before merging"',
};

export const NO_FORCE_PUSH: Demand = {
  words: 'no force pushes',
  isMetBy: ({ forbidsForcePush }) => forbidsForcePush,
  classic: 'clear "Allow force pushes"',
  ruleset: 'tick "Block force pushes"',
};

export const NO_DELETION: Demand = {
  words: 'no deletion',
  isMetBy: ({ forbidsDeletion }) => forbidsDeletion,
  classic: 'clear "Allow deletions"',
  ruleset: 'tick "Restrict deletions"',
};

/** More than asked for will do. */
export function approvalsOf(count: number): Demand {
  return {
    words: count === 1 ? '1 approval' : `${count} approvals`,
    isMetBy: ({ approvals }) => approvals !== undefined && approvals >= count,
    classic: `tick "Require approvals" and set "Required number of approvals before merging" to ${count}`,
    ruleset: `under "Require a pull request before merging", set "Required approvals" to ${count}`,
  };
}

/** GitHub compares names exactly. @param names as they are to be added, one or more */
export function checksOf(...names: readonly string[]): Demand {
  const added = names.map((name) => `\`${name}\``).join(', ');
  return {
    words: names.length === 1 ? `the check ${added}` : `${names.length} checks`,
    isMetBy: ({ checks }) => names.every((name) => checks.some(({ context }) => context === name)),
    classic: `tick "Require status checks to pass before merging", and in its search field find and add ${added} (GitHub finds there what ran in the last seven days)`,
    ruleset: `tick "Require status checks to pass", and under "Add checks" add ${added}`,
  };
}

/** What is declared of a pull request and the checks, in the order of the forms. */
export function declaredDemands({
  pullRequest,
  approvals,
  conversationResolution,
  checks,
}: DeclaredBranch): readonly Demand[] {
  return [
    ...(pullRequest ? [PULL_REQUEST] : []),
    ...(approvals > 0 ? [approvalsOf(approvals)] : []),
    ...(conversationResolution ? [CONVERSATION_RESOLUTION] : []),
    ...checks.map((name) => checksOf(name)),
  ];
}
