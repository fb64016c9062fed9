import type { DeclaredBranch, Demand } from './demand.ts';
import {
  approvalsOf,
  CONVERSATION_RESOLUTION,
  checksOf,
  NO_DELETION,
  NO_FORCE_PUSH,
  PULL_REQUEST,
} from './demand.ts';
import type { Pages } from './pages.ts';
import { settingsOf } from './pages.ts';
import type { Layer, Protection } from './protection.ts';

const RULES = 'Settings → Rules → Rulesets of the repository';

/** Where to set what no layer asks for: in the classic rule or the repository's ruleset that is there, else in a new ruleset. */
export function askFor(demand: Demand, branch: string, { layers }: Protection, pages: Pages): string {
  const here = layers.find(({ origin }) => origin.kind === 'classic') ?? layers.find(isOfRepository);
  if (!here) return newRuleset(branch, [demand.ruleset], pages);
  return changeIn(here, here.origin.kind === 'classic' ? demand.classic : demand.ruleset, branch, pages);
}

/** @param change what to do in the form, such as `tick "Block force pushes"` */
export function changeIn({ origin, name }: Layer, change: string, branch: string, pages: Pages): string {
  if (origin.kind === 'classic') {
    const page = settingsOf(pages, 'settings/branches', 'Settings → Branches of the repository');
    return `at ${page}, "Edit" the rule that covers \`${branch}\`: ${change}; then "Save changes"`;
  }
  const { id, owner } = origin;
  if (owner === undefined || owner.includes('/')) {
    const page = settingsOf(pages, `settings/rules/${id}`, `${RULES} → ${name}`);
    return `at ${page} (${name}): ${change}; then "Save changes"`;
  }
  return `at ${organisationPage(owner, id, name, pages)} (${name}, which an owner of ${owner} may edit): ${change}; then "Save changes"`;
}

/** Everything that is declared of a branch which nothing protects yet. */
export function protectFromScratch(branch: DeclaredBranch, pages: Pages): string {
  const demands = [
    NO_DELETION,
    NO_FORCE_PUSH,
    ...(branch.pullRequest ? [PULL_REQUEST] : []),
    ...(branch.approvals > 0 ? [approvalsOf(branch.approvals)] : []),
    ...(branch.conversationResolution ? [CONVERSATION_RESOLUTION] : []),
    ...(branch.checks.length > 0 ? [checksOf(...branch.checks)] : []),
  ];
  const bypass = branch.adminsMayBypass
    ? ['under "Bypass list", "Add bypass": "Repository admin" ("Always allow")']
    : [];
  return newRuleset(branch.name, [...bypass, ...demands.map(({ ruleset }) => ruleset)], pages);
}

function newRuleset(branch: string, changes: readonly string[], pages: Pages): string {
  const page = settingsOf(pages, 'settings/rules', RULES);
  const target = `"Add target" → "Include by pattern": \`${branch}\``;
  return `at ${page}, "New ruleset" → "New branch ruleset": "Enforcement status" "Active"; ${target}; ${changes.join('; ')}; then "Create"`;
}

function isOfRepository({ origin }: Layer): boolean {
  return origin.kind === 'ruleset' && (origin.owner?.includes('/') ?? false);
}

function organisationPage(owner: string, id: number, name: string, { repository }: Pages): string {
  const words = `Settings → Repository → Rulesets of the organisation ${owner} → ${name}`;
  return repository ? `${new URL(repository).origin}/organizations/${owner}/settings/rules/${id}` : words;
}
