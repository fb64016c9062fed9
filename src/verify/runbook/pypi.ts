import type { Chapter, Draft, Field } from './document.ts';
import { chapterReference, field, label, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, ownerOf, repositoryOf, settingsPage, site } from './outline.ts';

// Labels: pypi/warehouse, warehouse/templates/manage/account/publishing.html. Expiry of a pending publisher: warehouse/oidc/tasks.py.

export function pypiChapter(subject: Subject): Chapter {
  const { pypi } = subject.pipeline.publishers;
  return {
    anchor: 'chapter-2',
    title: 'Chapter 2. PyPI',
    lead:
      pypi.length === 0
        ? [say`This pipeline declares no PyPI project: nothing to do here.`]
        : [
            say`Needs: the workflow file and the environment (${chapterReference(4)}). Nothing is stored for PyPI: the workflow trades its own identity for a token that lives for 15 minutes.`,
          ],
    steps:
      pypi.length === 0
        ? []
        : numbered(2, [...pypi.flatMap((name) => project(subject, name)), leftovers(subject, pypi)]),
  };
}

function project(subject: Subject, name: string): readonly Draft[] {
  return [pending(subject, name), existing(subject, name)];
}

function publisherFields(subject: Subject): readonly Field[] {
  const { pipeline } = subject;
  return [
    field('Owner', ownerOf(subject)),
    field('Repository name', repositoryOf(subject), say`The name alone: no address, no owner in front.`),
    field('Workflow name', pipeline.workflow, say`The file name, not the name at the top of the file.`),
    field(
      'Environment name',
      pipeline.environment.name,
      say`PyPI calls it optional. Empty, any job of the workflow could publish.`,
    ),
  ];
}

function pending(subject: Subject, name: string): Draft {
  return {
    title: `${name} is not at PyPI yet: a pending publisher`,
    page: {
      text: 'PyPI › Your account › Publishing › Add a new pending publisher › GitHub',
      address: `${subject.pages.pypi}/manage/account/publishing/`,
    },
    before: [
      say`Only for a project that does not exist: look at ${site(`${subject.pages.pypi}/project/${name}/`)} first. If it exists and is yours, go on with the next step.`,
    ],
    fields: [field('PyPI Project Name', name), ...publisherFields(subject)],
    after: [
      say`Press ${label('Add')}. The first upload by the workflow creates the project and turns this into an ordinary publisher.`,
    ],
    why: say`The project is created by the workflow itself, so that no token ever exists for it.`,
    notes: [
      say`A pending publisher does not reserve the name: until the first upload, anybody can take it.`,
      say`PyPI deletes it 30 days after it was made, and sends one mail 5 days before. Nobody but you can see it, reseal neither. Make it when the first release is near, and say that you looked with ${`${subject.command} verify ${subject.pipeline.name} --interactive`}.`,
      say`A name that differs from an existing one only by case, by ${'-'}, ${'_'} and ${'.'}, or by letters that look alike (${'l'} and ${'1'}, ${'o'} and ${'0'}) is refused as too similar to an existing project. PyPI has no scopes, so the way out is another name: change it in the package's own file and in the declaration.`,
    ],
    verify: ask(subject, ['manual-pypi-pending-publisher', 'pypi-project-exists'], name),
  };
}

function existing(subject: Subject, name: string): Draft {
  return {
    title: `${name} is at PyPI: its trusted publisher`,
    page: {
      text: `PyPI › Your projects › ${name} › Manage › Publishing › Add a new publisher › GitHub`,
      address: `${subject.pages.pypi}/manage/project/${name}/settings/publishing/`,
    },
    before: [say`If the list of publishers already shows exactly this one, there is nothing to do.`],
    fields: publisherFields(subject),
    after: [
      say`Press ${label('Add')}, then ${label('Remove')} every other publisher that nobody can explain.`,
    ],
    why: say`PyPI accepts an upload when owner, repository, file name and environment are all the same as here, and says only at the upload that they are not.`,
    notes: [
      say`A publisher cannot be edited: remove it and add it again.`,
      say`A workflow that is called by another one cannot be the publisher.`,
      say`Files for a release that is older than 14 days are refused. A release that failed half way must be run again within that time.`,
    ],
    // Files are told by their own names, so what is said of them belongs to the one project that has them.
    verify: [
      ...ask(
        subject,
        [
          'pypi-project-exists',
          'pypi-publisher-kind',
          'pypi-publisher-repository',
          'pypi-publisher-workflow',
        ],
        name,
      ),
      ...ask(subject, ['pypi-publisher-environment', 'pypi-file-provenance'], name),
    ],
  };
}

function leftovers(subject: Subject, names: readonly string[]): Draft {
  return {
    title: 'No token is left over',
    page: settingsPage(subject, 'settings/environments', 'GitHub › Settings › Environments'),
    before: [
      say`Delete any secret that held a PyPI token, from the environment and from the repository.`,
      ...names.map(
        (name) =>
          say`Remove the token of ${name} at ${site(`${subject.pages.pypi}/manage/account/#api-tokens`)}. PyPI's tokens never expire by themselves.`,
      ),
    ],
    why: say`A token that is kept "just in case" publishes past all the rules of this page.`,
    verify: ask(subject, ['secret-undeclared']),
  };
}
