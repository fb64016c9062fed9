import type { DeclaredBranch, Demand } from '../demand.ts';
import {
  approvalsOf,
  CONVERSATION_RESOLUTION,
  checksOf,
  NO_DELETION,
  NO_FORCE_PUSH,
  PULL_REQUEST,
} from '../demand.ts';
import type { Pages } from '../pages.ts';
import type { Layer, Protection } from '../protection.ts';
import { effectiveProtection, isMet, isUnprotected } from '../protection.ts';
import { askFor, changeIn, protectFromScratch } from '../protection-remedy.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';
import { branchAdminEnforcement, branchBypass } from './branch-bypass.ts';

/** The classic protection needs it; of the rulesets, GitHub shows the rules to `metadata:read`. */
const PERMISSION = 'administration:read';

interface Seen {
  readonly branch: DeclaredBranch;
  readonly protection: Protection;
  readonly pages: Pages;
}

function onEachBranch(judge: (seen: Seen) => readonly Judgement[]): Rule['judge'] {
  return ({ pipeline, facts, pages }: Context) =>
    pipeline.branches.flatMap((branch) =>
      judge({ branch, protection: effectiveProtection(facts.branches.get(branch.name)), pages }),
    );
}

const branchProtected: Rule = {
  id: 'branch-protected',
  section: 5,
  question: 'Is the branch protected at all?',
  why: 'Releases are made from this branch: without protection, whoever may push can put any code into the next one.',
  severity: 'high',
  permission: PERMISSION,
  judge: onEachBranch(({ branch, protection, pages }) => {
    const expected = 'a classic protection or an active ruleset';
    const { layers, unread } = protection;
    if (layers.length > 0) return [pass(branch.name, expected, listNames(layers))];
    if (unread) return [unknown(branch.name, expected, unread)];
    const observed = 'neither a classic protection nor an active rule of a kind that is looked at';
    return [fail(branch.name, expected, observed, protectFromScratch(branch, pages))];
  }),
};

const branchPullRequest: Rule = {
  id: 'branch-pull-request',
  section: 5,
  question: 'Must changes come by pull request?',
  why: 'A direct push is seen by nobody before it can be released.',
  severity: 'high',
  permission: PERMISSION,
  judge: onEachBranch((seen) =>
    seen.branch.pullRequest ? [judgeDemand(seen, PULL_REQUEST, () => 'no pull request is asked for')] : [],
  ),
};

const branchApprovals: Rule = {
  id: 'branch-approvals',
  section: 5,
  question: 'Does a pull request need as many approvals as declared?',
  why: 'With fewer approvals, one stolen account is enough to change what is released.',
  severity: 'high',
  permission: PERMISSION,
  judge: onEachBranch((seen) => {
    const { approvals } = seen.branch;
    if (approvals === 0) return [];
    const demand = approvalsOf(approvals);
    return [
      withoutPullRequest(seen, demand) ??
        judgeDemand(seen, demand, (layers) => {
          const most = Math.max(0, ...layers.map((layer) => layer.approvals ?? 0));
          return most === 0 ? 'no approval is asked for' : `enough: ${approvalsOf(most).words}`;
        }),
    ];
  }),
};

const branchConversationResolution: Rule = {
  id: 'branch-conversation-resolution',
  section: 5,
  question: 'Must every conversation be resolved before merging?',
  why: 'Otherwise a change goes in while somebody’s objection to it stands unanswered.',
  severity: 'medium',
  permission: PERMISSION,
  judge: onEachBranch((seen) =>
    seen.branch.conversationResolution
      ? [
          withoutPullRequest(seen, CONVERSATION_RESOLUTION) ??
            judgeDemand(seen, CONVERSATION_RESOLUTION, () => 'conversations may stay unresolved'),
        ]
      : [],
  ),
};

const branchCheck: Rule = {
  id: 'branch-check',
  section: 5,
  question: 'Must each declared check pass before merging, by exactly that name?',
  why: 'A check that is not required can fail and the change is merged all the same. A required name that nothing reports blocks every merge.',
  severity: 'high',
  permission: PERMISSION,
  judge: onEachBranch((seen) =>
    seen.branch.checks.map((check) => {
      const subject = `${seen.branch.name}: ${check}`;
      const near = nearMisses(check, seen);
      const named = near.map((name) => JSON.stringify(name)).join(', ');
      const judgement = judgeDemand(
        seen,
        checksOf(check),
        () => (near.length > 0 ? `not required, but a similar name is: ${named}` : 'not required'),
        subject,
      );
      if (judgement.outcome !== 'fail' || near.length === 0) return judgement;
      const otherwise = `if ${named} is the right name, write it so under checks in the configuration`;
      return { ...judgement, remedy: `${judgement.remedy}; ${otherwise}` };
    }),
  ),
};

const branchCheckSource: Rule = {
  id: 'branch-check-source',
  section: 5,
  question: 'Is each required check tied to the app that reports it?',
  why: 'A check that takes any source is satisfied by whoever may write a commit status, also by a leaked token.',
  severity: 'low',
  permission: PERMISSION,
  judge: onEachBranch((seen) => seen.branch.checks.map((check) => judgeSource(seen, check))),
};

const branchForcePush: Rule = {
  id: 'branch-force-push',
  section: 5,
  question: 'Are force pushes refused?',
  why: 'A force push rewrites what was reviewed and released, and leaves no trace in the branch.',
  severity: 'high',
  permission: PERMISSION,
  judge: onEachBranch((seen) => [judgeDemand(seen, NO_FORCE_PUSH, () => 'force pushes are allowed')]),
};

const branchDeletion: Rule = {
  id: 'branch-deletion',
  section: 5,
  question: 'Is the branch safe from deletion?',
  why: 'Who may delete the branch can make it anew with another history.',
  severity: 'medium',
  permission: PERMISSION,
  judge: onEachBranch((seen) => [judgeDemand(seen, NO_DELETION, () => 'the branch may be deleted')]),
};

/** Branch protection, the runbook's chapter 5. */
export const branchRules: readonly Rule[] = [
  branchProtected,
  branchPullRequest,
  branchApprovals,
  branchConversationResolution,
  branchCheck,
  branchCheckSource,
  branchForcePush,
  branchDeletion,
  branchAdminEnforcement,
  branchBypass,
];

function judgeDemand(
  { branch, protection, pages }: Seen,
  demand: Demand,
  unmet: (layers: readonly Layer[]) => string,
  subject = branch.name,
): Judgement {
  const expected = demand.words;
  if (isUnprotected(protection)) return notApplicable(subject, expected, `${branch.name} is not protected`);
  const met = isMet(protection, demand.isMetBy);
  if (!met.known) return unknown(subject, expected, met);
  const { layers } = protection;
  if (met.value) return pass(subject, expected, `ensured by ${listNames(layers.filter(demand.isMetBy))}`);
  return fail(subject, expected, unmet(layers), askFor(demand, branch.name, protection, pages));
}

/** What belongs to a pull request waits for the rule that asks for one. */
function withoutPullRequest({ branch, protection }: Seen, demand: Demand): Judgement | undefined {
  if (!branch.pullRequest || isUnprotected(protection)) return undefined;
  const asked = isMet(protection, PULL_REQUEST.isMetBy);
  const met = isMet(protection, demand.isMetBy);
  if (!asked.known || asked.value || (met.known && met.value)) return undefined;
  return notApplicable(branch.name, demand.words, 'no pull request is asked for');
}

function judgeSource({ branch, protection, pages }: Seen, check: string): Judgement {
  const subject = `${branch.name}: ${check}`;
  const expected = 'only its own app can report it';
  if (isUnprotected(protection)) return notApplicable(subject, expected, `${branch.name} is not protected`);
  const requiring = protection.layers.filter(checksOf(check).isMetBy);
  const apps = requiring
    .flatMap(({ checks }) => checks)
    .flatMap(({ context, app }) => (context === check && app !== undefined ? [app] : []));
  if (apps.length > 0) return pass(subject, expected, `only the app ${[...new Set(apps)].join(' or ')}`);
  if (protection.unread) return unknown(subject, expected, protection.unread);
  const [layer] = requiring;
  if (!layer) return notApplicable(subject, expected, 'the check is not required');
  const field = `Require status checks to pass${layer.origin.kind === 'classic' ? ' before merging' : ''}`;
  const change = `under "${field}", at \`${check}\`, choose the app that reports it ("GitHub Actions" for a job of a workflow) in place of "any source"`;
  const observed = `any source: whoever may write a status satisfies it (${listNames(requiring)})`;
  return fail(subject, expected, observed, changeIn(layer, change, branch.name, pages));
}

/** Required names that differ in case, spaces, the leading `workflow / ` or the trailing part of a matrix only. */
function nearMisses(check: string, { branch, protection }: Seen): readonly string[] {
  const required = protection.layers.flatMap(({ checks }) => checks.map(({ context }) => context));
  const others = [...new Set(required)].filter((context) => !branch.checks.includes(context));
  return others.filter((context) => core(context) === core(check));
}

function core(check: string): string {
  return check
    .toLowerCase()
    .replace(/^.* \/ /, '')
    .replace(/\s*\([^()]*\)\s*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function listNames(layers: readonly Layer[]): string {
  return layers.map(({ name }) => name).join(' and ');
}
