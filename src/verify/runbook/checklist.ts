import { describeLifetime } from '../../domain/calendar.ts';
import type { Declaration } from '../../domain/credential.ts';
import type { Chapter, Draft, Prose, Results } from './document.ts';
import { chapterReference, field, label, listed, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, settingsPage } from './outline.ts';
import { rollback } from './rollback.ts';

/** @param before the chapters whose steps name the rules: what nobody has answered is listed too */
export function checklistChapter(subject: Subject, before: readonly Chapter[]): Chapter {
  return {
    anchor: 'chapter-6',
    title: 'Chapter 6. Verify, what was put off, and how to roll back',
    lead: [],
    steps: numbered(6, [
      verifyNow(subject, before),
      firstRelease(subject),
      hygiene(subject),
      deferred(subject),
      ...rollback(subject),
    ]),
  };
}

function verifyNow(subject: Subject, before: readonly Chapter[]): Draft {
  return {
    title: 'Verify',
    before: [
      say`reseal asks GitHub and the registries for every line of this page. Anything that could not be read is unknown, never fine.`,
    ],
    code: [`${subject.command} verify ${subject.pipeline.name}`],
    results: results(subject, before),
  };
}

const TITLES: readonly string[] = [
  'crates.io',
  'PyPI',
  'npm',
  'The environment',
  'Branch protection',
  'What keeps it in order',
];
const MANUAL = ['manual-approve-and-deploy', 'manual-merge-button'];
const HYGIENE = ['hygiene-dependency-updates', 'hygiene-codeowners', 'hygiene-reviewers'];

/** Every rule once, under its chapter: those that a step names, and those that were answered. */
function results(subject: Subject, before: readonly Chapter[]): readonly Results[] {
  const named = before.flatMap(({ steps }) => steps.flatMap(({ verify }) => verify.map(({ rule }) => rule)));
  const answered = subject.findings.map(({ rule }) => rule);
  const rules = [...new Set([...named, ...MANUAL, ...HYGIENE, ...answered])];
  const sectionOf = (rule: string) =>
    [...subject.rules.map(({ id, section }) => ({ rule: id, section })), ...subject.findings].find(
      (one) => one.rule === rule,
    )?.section;
  return [...TITLES, 'Others'].flatMap((title, index) => {
    const here = rules.filter((rule) => (sectionOf(rule) ?? TITLES.length + 1) === index + 1);
    const heading = index < TITLES.length ? `Chapter ${index + 1}: ${title}` : title;
    return here.length > 0 ? [{ title: heading, verifications: ask(subject, here) }] : [];
  });
}

function firstRelease(subject: Subject): Draft {
  const { environment, workflow, branches } = subject.pipeline;
  const branch = branches[0]?.name ?? 'main';
  return {
    title: 'What only a person can see',
    page: settingsPage(subject, 'actions', 'GitHub › Actions'),
    before: [
      say`Open a draft pull request into ${branch}. Its merge button must be grey until the approvals and the checks are there. Then close it.`,
      ...(environment.requiredReviewers.length > 0
        ? [
            say`Start ${workflow} with a small release. It must stop at ${label('Waiting')} and ask ${listed(environment.requiredReviewers)} to press ${label('Review deployments')}, to tick ${environment.name}, and to press ${label('Approve and deploy')}.`,
          ]
        : [say`Start ${workflow} with a small release, and watch it publish.`]),
      say`Look that each registry shows the new version. Then say that you looked, and verify once more: ${`${subject.command} verify ${subject.pipeline.name} --interactive`}`,
    ],
    why: say`These are the two gates that everything above is for, and no program can try them without going through.`,
    verify: ask(subject, MANUAL),
  };
}

function hygiene(subject: Subject): Draft {
  const { dependencyUpdates, codeowners } = subject.pipeline.hygiene;
  return {
    title: 'What keeps the repository in order',
    fields: [
      field('Dependency updates', dependencyUpdatesWanted(dependencyUpdates)),
      field('Code owners', codeownersWanted(codeowners)),
    ],
    why: say`Releases also die on dependencies that nobody updated, and on reviews that nobody was asked for.`,
    verify: ask(subject, HYGIENE),
  };
}

function dependencyUpdatesWanted(wanted: boolean | undefined): Prose {
  if (wanted === undefined) return ['not declared, so not checked'];
  return wanted
    ? say`a file ${'.github/dependabot.yml'} on the default branch, or ${'renovate.json'}`
    : ['put off'];
}

function codeownersWanted(wanted: boolean | undefined): Prose {
  if (wanted === undefined) return ['not declared, so not checked'];
  return wanted
    ? say`a file ${'.github/CODEOWNERS'} on the default branch`
    : ['put off, until there are several maintainers'];
}

function deferred(subject: Subject): Draft {
  const planned = subject.credentials.filter((one) => one.planned);
  return {
    title: 'Put off, and not forgotten',
    before:
      planned.length === 0
        ? [say`No credential is declared as planned.`]
        : [
            say`Declared as ${'planned: true'}: reseal names them once a month until they are made. When one is there, take that line away and record it:`,
          ],
    fields: planned.map((credential) => field(credential.name, describe(credential))),
    code: planned.map(({ name }) => `${subject.command} record ${name} --expires YYYY-MM-DD`),
    notes:
      subject.pipeline.environment.requiredReviewers.length === 1
        ? [
            say`A second reviewer. As soon as there is one, add the name to the environment and to the declaration, and tick ${label('Prevent self-review')} (${chapterReference(4)}).`,
          ]
        : [],
  };
}

function describe({ purpose, lifetime, owner }: Declaration): Prose {
  const parts = [
    purpose,
    lifetime && `lives for ${describeLifetime(lifetime)}`,
    owner === '' ? undefined : `owner ${owner}`,
  ];
  return [parts.filter((part) => part !== undefined).join('; ')];
}
