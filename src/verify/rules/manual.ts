import { formatDay } from '../../domain/calendar.ts';
import type { DeclaredBranch } from '../demand.ts';
import { approvalsOf, CONVERSATION_RESOLUTION } from '../demand.ts';
import type { ManualRule } from '../manual.ts';
import { isLapsed, lapsesAt, manualKey } from '../manual.ts';
import { settingsOf } from '../pages.ts';
import { effectiveProtection, isUnprotected } from '../protection.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { notApplicable, unknown } from '../rule.ts';
import { listFields, publishedAs, publisherFields } from './publisher.ts';

type Line = Rule & { readonly id: ManualRule };

const pypiPendingPublisher: Line = {
  id: 'manual-pypi-pending-publisher',
  section: 2,
  question: 'Does the pending publisher at PyPI still stand, while the project does not exist?',
  why: 'PyPI deletes a pending publisher 30 days after it was made and shows it to nobody but its maker. Without it the first release is refused.',
  severity: 'high',
  permission: undefined,
  judge: (context) =>
    context.pipeline.publishers.pypi.map((project) => {
      const expected = 'a pending publisher, younger than 30 days';
      const fact = publishedAs(context.facts.pypi, project);
      if (!fact.known) return unknown(project, expected, fact);
      if (fact.value) return notApplicable(project, expected, 'the project exists: it needs none any more');
      const { pypi } = context.pages;
      const { owner, repository, workflow, environment } = publisherFields(context);
      const fields = listFields([
        ['PyPI Project Name', project],
        ['Owner', owner],
        ['Repository name', repository],
        ['Workflow name', workflow],
        ['Environment name', environment],
      ]);
      const look = `at ${pypi}/manage/account/publishing/, under "Pending publishers": an old one, or one of unknown age, is removed; then "Add a new pending publisher" → "GitHub" with these fields: ${fields}. PyPI counts its 30 days from then`;
      return judgeLine(context, 'manual-pypi-pending-publisher', project, { expected, look });
    }),
};

const npmTrustedPublisher: Line = {
  id: 'manual-npm-trusted-publisher',
  section: 3,
  question: 'Are the fields of the trusted publisher at npm as declared?',
  why: 'npm shows them to nobody but the owner with a second factor, and answers a wrong one with a misleading 404 when a release is published.',
  severity: 'medium',
  permission: undefined,
  judge: (context) =>
    context.pipeline.publishers.npm.map((name) => {
      const { owner, repository, workflow, environment } = publisherFields(context);
      const expected = listFields([
        ['Organization or user', owner],
        ['Repository', repository],
        ['Workflow filename', workflow],
        ['Environment name', environment],
      ]);
      const fact = context.facts.npm.get(name);
      if (fact?.known && !fact.value) {
        return notApplicable(name, expected, 'the package is not at npm yet: only then can it have one');
      }
      const look = `at ${context.pages.npm}/package/${name}/access, under "Trusted Publisher", compare the fields: ${expected}. Repository is the bare name, neither an address nor with its owner; "npm publish" must be among the allowed actions`;
      return judgeLine(context, 'manual-npm-trusted-publisher', name, { expected, look });
    }),
};

const approveAndDeploy: Line = {
  id: 'manual-approve-and-deploy',
  section: 6,
  question: 'Did a release run wait for "Approve and deploy"?',
  why: 'Only a run shows that the publishing jobs wait for a person: one that names another environment is not held by its rules.',
  severity: 'medium',
  permission: undefined,
  judge: (context) => {
    const { environment, workflow } = context.pipeline;
    if (environment.requiredReviewers.length === 0) return [];
    const expected = 'a release run waits for a reviewer';
    const fact = context.facts.environment;
    if (fact.known && !fact.value) {
      return [notApplicable(environment.name, expected, 'the environment does not exist')];
    }
    const page = settingsOf(context.pages, `actions/workflows/${workflow}`, `Actions → ${workflow}`);
    const look = `at ${page}, open a release run while it waits: it shows "Review deployments", there tick \`${environment.name}\`, and "Approve and deploy" (or "Reject") stands below`;
    return [judgeLine(context, 'manual-approve-and-deploy', environment.name, { expected, look })];
  },
};

const mergeButton: Line = {
  id: 'manual-merge-button',
  section: 6,
  question: 'Is the merge button of a draft pull request blocked until all that is declared is there?',
  why: 'It shows all the rules at work together, also a required check that nothing reports and that would block every merge.',
  severity: 'low',
  permission: undefined,
  judge: (context) =>
    context.pipeline.branches.flatMap((branch) => {
      const needs = mergeNeeds(branch);
      if (needs === undefined) return [];
      const expected = `merging is blocked until it has ${needs}`;
      if (isUnprotected(effectiveProtection(context.facts.branches.get(branch.name)))) {
        return [notApplicable(branch.name, expected, `${branch.name} is not protected`)];
      }
      const page = settingsOf(
        context.pages,
        `compare/${branch.name}`,
        '"New pull request" of the repository',
      );
      const look = `at ${page}, open a draft pull request into \`${branch.name}\`: the box at its merge button names ${needs} as missing (the button of a draft is blocked in any case: the list is what counts)`;
      return [judgeLine(context, 'manual-merge-button', branch.name, { expected, look })];
    }),
};

/** Lines that only a person can confirm. They never pass and never fail: they say when one last did. */
export const manualRules: readonly Line[] = [
  pypiPendingPublisher,
  npmTrustedPublisher,
  approveAndDeploy,
  mergeButton,
];

function judgeLine(
  { pipeline, facts }: Context,
  rule: ManualRule,
  subject: string,
  { expected, look }: { readonly expected: string; readonly look: string },
): Judgement {
  const manual = { subject, outcome: 'manual', expected } as const;
  const remedy = `${look}; then say so with \`reseal verify ${pipeline.name} --interactive\``;
  const confirmedAt = facts.confirmed.get(manualKey(rule, subject));
  if (!confirmedAt) return { ...manual, observed: 'never confirmed', remedy };
  const confirmed = `confirmed on ${formatDay(confirmedAt)}`;
  if (!isLapsed(rule, confirmedAt, facts.at)) return { ...manual, observed: confirmed, remedy: '' };
  return { ...manual, observed: `${confirmed}, lapsed on ${formatDay(lapsesAt(rule, confirmedAt))}`, remedy };
}

/** Such as `1 approval, resolved conversations and 14 checks`; undefined: nothing that a merge would wait for. */
function mergeNeeds({ approvals, conversationResolution, checks }: DeclaredBranch): string | undefined {
  const needs = [
    ...(approvals > 0 ? [approvalsOf(approvals).words] : []),
    ...(conversationResolution ? [CONVERSATION_RESOLUTION.words] : []),
    ...(checks.length > 0 ? [checks.length === 1 ? '1 check' : `${checks.length} checks`] : []),
  ];
  const last = needs.pop();
  return last && needs.length > 0 ? `${needs.join(', ')} and ${last}` : last;
}
