import type { DeclaredPipeline } from '../pipeline.ts';
import type { Chapter, Draft } from './document.ts';
import { box, chapterReference, field, label, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, settingsPage } from './outline.ts';

// Labels: github/docs, content/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches.

type Branch = DeclaredPipeline['branches'][number];

export function branchesChapter(subject: Subject): Chapter {
  const { branches } = subject.pipeline;
  const nothing = branches.length === 0;
  return {
    anchor: 'chapter-5',
    title: 'Chapter 5. Branch protection',
    lead: nothing
      ? [say`This pipeline declares no protected branch: nothing to do here.`]
      : [
          say`Whoever can push to a branch that may deploy can change what is published. This is written for a classic rule; a ruleset does as well, and reseal counts both together.`,
        ],
    steps: nothing
      ? []
      : numbered(
          5,
          branches.flatMap((branch) => branchSteps(subject, branch)),
        ),
  };
}

function branchSteps(subject: Subject, branch: Branch): readonly Draft[] {
  const only = subject.pipeline.branches.length === 1;
  const drafts = [
    ...(branch.checks.length > 0 ? [runOnce(subject, branch)] : []),
    open(subject, branch),
    pullRequest(subject, branch),
    ...(branch.checks.length > 0 ? [checks(subject, branch)] : []),
    conversations(subject, branch),
    administrators(subject, branch),
    history(subject, branch),
  ];
  return only
    ? drafts
    : drafts.map((draft) => ({ ...draft, title: `${branch.name}: ${lower(draft.title)}` }));
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}

function runOnce(subject: Subject, { name, checks: all }: Branch): Draft {
  return {
    title: 'Let every check run once',
    page: settingsPage(subject, 'pulls', 'GitHub › Pull requests'),
    before: [
      say`Open a draft pull request into ${name}, with any small change, and wait until all ${all.length} checks have reported.`,
    ],
    why: say`The form offers only checks that reported in this repository within the last seven days.`,
  };
}

function open(subject: Subject, { name }: Branch): Draft {
  return {
    title: 'Open the rule',
    page: settingsPage(
      subject,
      'settings/branches',
      'GitHub › Settings › Branches › Add classic branch protection rule',
    ),
    before: [say`If there is a rule for ${name} already, press ${label('Edit')} beside it.`],
    fields: [field('Branch name pattern', name)],
    after: [say`Leave the page open: the next steps are further down on it.`],
    verify: ask(subject, ['branch-protected'], name),
  };
}

function pullRequest(subject: Subject, { name, pullRequest: wanted, approvals }: Branch): Draft {
  if (!wanted && approvals === 0) {
    return {
      title: 'Pull requests: not asked for',
      fields: [box('Require a pull request before merging', false)],
      verify: ask(subject, ['branch-pull-request'], name),
    };
  }
  return {
    title: 'Only by pull request',
    fields: [
      box('Require a pull request before merging', true),
      box('Require approvals', approvals > 0),
      ...(approvals > 0 ? [field('Required number of approvals before merging', String(approvals))] : []),
    ],
    why: say`A change is seen by somebody, and by the checks, before it can be released.`,
    notes:
      approvals > 0
        ? [
            say`GitHub lets nobody approve a pull request of their own. Whoever is alone merges with ${label('Merge without waiting for requirements to be met (bypass rules)')}, which only administrators see, and only where they may pass the rule by.`,
          ]
        : [],
    verify: ask(subject, ['branch-pull-request', 'branch-approvals'], name),
  };
}

function checks(subject: Subject, { name, checks: all }: Branch): Draft {
  return {
    title: `The checks, ${all.length} of them`,
    before: [
      say`Type each name into ${label('Search for status checks in the last week for this repository')}, choose it, and choose ${label('GitHub Actions')} in place of ${label('any source')} beside it.`,
    ],
    fields: [
      box('Require status checks to pass before merging', true),
      ...all.map((check, index) => field(`Check ${index + 1}`, check)),
    ],
    why: say`A check that is not in this list may fail, and the merge goes through all the same. One with ${label('any source')} can be reported as passed by whoever may write a status.`,
    notes: [
      say`The name is that of the job, with the values of its matrix in brackets. Renaming a job, or adding a system to the matrix, leaves the old name waiting for ever: change the declaration and this list together.`,
      say`A workflow with ${'paths:'} does not report for other changes, and then the merge waits for ever.`,
    ],
    verify: ask(subject, ['branch-check', 'branch-check-source'], name),
  };
}

function conversations(subject: Subject, { name, conversationResolution: wanted }: Branch): Draft {
  return {
    title: 'Conversations',
    fields: [box('Require conversation resolution before merging', wanted)],
    ...(wanted ? { why: say`An objection in a review cannot be overlooked by merging.` } : {}),
    verify: ask(subject, ['branch-conversation-resolution'], name),
  };
}

function administrators(subject: Subject, { name, adminsMayBypass }: Branch): Draft {
  const box_ = 'Do not allow bypassing the above settings';
  return {
    title: 'Whether administrators are bound',
    fields: [
      adminsMayBypass === undefined
        ? field(box_, ['not declared: tick it unless you have a reason'])
        : box(box_, !adminsMayBypass),
    ],
    why: adminsMayBypass
      ? say`It is declared that administrators may pass, for emergency fixes. Each time, write down why (${chapterReference(6)}).`
      : say`A rule that the most powerful accounts can ignore does not stop somebody who stole one of them.`,
    notes: [
      say`In a ruleset the same is its ${label('Bypass list')}. reseal shows who is on it where GitHub lets it look.`,
    ],
    verify: ask(subject, ['branch-admin-enforcement', 'branch-bypass'], name),
  };
}

function history(subject: Subject, { name }: Branch): Draft {
  return {
    title: 'What was merged stays, and save',
    fields: [box('Allow force pushes', false), box('Allow deletions', false)],
    after: [say`Press ${label('Create')}, or ${label('Save changes')}.`],
    why: say`Otherwise what was reviewed can be replaced after the review.`,
    verify: ask(subject, ['branch-force-push', 'branch-deletion'], name),
  };
}
