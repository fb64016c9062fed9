import type { Chapter, Draft, Prose } from './document.ts';
import { chapterReference, field, label, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, ownerOf, repositoryOf, settingsPage, site } from './outline.ts';

/** What this is, how long it takes, and who can do it. */
export function introduction(subject: Subject): readonly Prose[] {
  const { pipeline } = subject;
  return [
    say`This is everything that a person sets up by hand so that ${pipeline.workflow} of ${pipeline.repo} can publish, and nobody else can. It is written from what is declared of the pipeline ${pipeline.name}: change the declaration, not this page.`,
    say`For a new repository it takes about ${minutesOf(subject)} minutes, most of them waiting for pages to load. Go from top to bottom; the one jump is said where it comes. For a repository that is set up already, read the check under each step, and do the steps whose check does not pass.`,
    say`Values like ${subject.pipeline.workflow} are typed exactly as they stand: upper and lower case, dots and all. Names of buttons and fields are ${label('like this')}, as the services wrote them in 2026. You need administrator's rights on the repository, and an account with a second factor at each registry.`,
  ];
}

/** A guess, and said to be about that: the pages that one loads, and the forms that one fills in. */
function minutesOf({ pipeline: { publishers, branches } }: Subject): number {
  const crates = publishers.cratesIo ? 10 : 0;
  const total = 20 + crates + 5 * publishers.pypi.length + 10 * publishers.npm.length + 10 * branches.length;
  return Math.ceil(total / 5) * 5;
}

export function startChapter(subject: Subject): Chapter {
  return {
    anchor: 'chapter-0',
    title: 'Before you start: what must exist before what',
    lead: [
      say`A token needs an environment to be stored in, a trusted publisher needs a package and the file name of a workflow, and a required check must have run once before GitHub offers it. Hence this order:`,
    ],
    steps: numbered(0, [
      ...accounts(subject),
      workflowFile(subject),
      ...ownTokens(subject),
      environmentFirst(subject),
    ]),
  };
}

function accounts({ pipeline: { publishers }, pages }: Subject): readonly Draft[] {
  const { cratesIo, pypi, npm } = publishers;
  const used = [
    cratesIo && say`crates.io: log in with GitHub at ${site(pages.cratesIo)}.`,
    pypi.length > 0 && say`PyPI: an account with a second factor at ${site(pages.pypi)}.`,
    npm.length > 0 && say`npm: an account with a second factor at ${site(pages.npm)}.`,
  ].filter((line) => line !== undefined && line !== false);
  if (used.length === 0) return [];
  return [
    {
      title: 'Accounts',
      before: [...used, say`Verify the mail address of each: without that, publishing is refused.`],
      why: say`Publishing rights belong to people. Have two owners at each registry, so that one lost telephone does not end the releases.`,
    },
  ];
}

function workflowFile(subject: Subject): Draft {
  const { pipeline } = subject;
  return {
    title: 'The repository and its workflow file',
    page: settingsPage(subject, '', pipeline.repo),
    before: [
      say`Create the repository, and put the workflow on its default branch. Until the environment stands (${chapterReference(4)}), nothing may start it.`,
    ],
    fields: [
      field('Owner', ownerOf(subject)),
      field('Repository name', repositoryOf(subject)),
      field('Workflow file', `.github/workflows/${pipeline.workflow}`),
    ],
    why: say`Every publisher below is bound to this owner, this repository and this file name. Renaming one later breaks each of them, and the first to notice is the next release.`,
    notes: [
      say`Wherever a form asks for the workflow, only the file name goes in: ${pipeline.workflow}, without its folder.`,
      say`Where the workflow is called by another one, the registries look at the calling file. Publish from ${pipeline.workflow} itself.`,
    ],
    verify: ask(subject, ['workflow-exists']),
  };
}

/** Permissions: docs.github.com, "Permissions required for fine-grained personal access tokens". */
function ownTokens(subject: Subject): readonly Draft[] {
  const { pages, pipeline } = subject;
  const page = {
    text: 'GitHub › Settings › Developer settings › Fine-grained tokens › Generate new token',
    address: pages.repository && new URL('/settings/personal-access-tokens/new', pages.repository).href,
  };
  const common = (name: string) => [
    field('Token name', name),
    field('Resource owner', ownerOf(subject)),
    field('Expiration', say`as long as the organisation allows; reseal reads it and reminds you`),
    field('Repository access', say`${label('Only select repositories')}, and there ${pipeline.repo}`),
  ];
  return [
    {
      title: 'The token with which reseal stores secrets',
      page,
      fields: [
        ...common('reseal seal'),
        field(
          'Repository permissions',
          say`${label('Environments')}: ${label('Read and write')}`,
          say`${label('Metadata')} comes along. Nothing else.`,
        ),
      ],
      after: [
        say`Press ${label('Generate token')}, and write it, alone on one line, into the file that ${'github.seal.token-file'} of reseal's configuration names.`,
      ],
      why: say`It can seal a secret and see that it landed. It cannot read one, nor change a rule.`,
    },
    {
      title: 'The token with which reseal verifies',
      page,
      fields: [
        ...common('reseal verify'),
        field(
          'Repository permissions',
          say`${label('Actions')}, ${label('Administration')}, ${label('Contents')}, ${label('Dependabot secrets')}, ${label('Environments')}, ${label('Secrets')}: ${label('Read-only')} each`,
        ),
      ],
      after: [
        say`Press ${label('Generate token')}, and write it into the file that ${'github.verify.token-file'} names.`,
      ],
      why: say`It reads settings, and the names of secrets, and changes nothing. What it may not read, reseal shows as unknown.`,
    },
  ];
}

function environmentFirst({ pipeline: { environment } }: Subject): Draft {
  return {
    title: `Now do chapter 4, and come back here`,
    before: [
      say`Create the environment ${environment.name} with all of its rules: ${chapterReference(4)}, five minutes. Then go on with ${chapterReference(1)}.`,
    ],
    why: say`A run that names an environment which does not exist creates it, without any protection. And a secret that is stored before the rules stand can be read by whatever runs first.`,
  };
}
