import type { Unavailable } from '../fact.ts';
import { unavailable } from '../fact.ts';
import type { PypiFact, PypiPublisher } from '../facts.ts';
import type { PublisherField } from '../mistakes.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';
import {
  describeField,
  isSameRepository,
  judgeEach,
  judgeExistence,
  listFields,
  listSome,
  publisherFields,
  quote,
} from './publisher.ts';

// `publisher` of the integrity API is the record that is registered at PyPI, not what the run claimed (pypi/warehouse:
// warehouse/oidc/models/github.py, attestation_identity). Labels of the forms: warehouse/templates/manage.

const GITHUB = 'GitHub';

const exists: Rule = {
  id: 'pypi-project-exists',
  section: 2,
  question: 'Does each declared PyPI project exist?',
  why: 'Until the first release, the publisher is a pending one: it reserves no name, and PyPI deletes it 30 days after it was made.',
  severity: 'high',
  permission: undefined,
  judge: (context) =>
    judgeExistence(context.pipeline.publishers.pypi, context.facts.pypi, 'PyPI', (name) =>
      pendingPublisher(context, name),
    ),
};

interface PublisherRule {
  readonly id: string;
  readonly question: string;
  readonly why: string;
  readonly severity: Rule['severity'];
  readonly expected: (context: Context) => string;
  /** Which publishers it is about: the fields of another service's mean something else. */
  readonly about: (publisher: PypiPublisher) => boolean;
  /** What is wrong with it; undefined: it is as declared. */
  readonly wrong: (publisher: PypiPublisher, context: Context) => string | undefined;
  /** What a publisher that is as declared shows. */
  readonly right: (publisher: PypiPublisher) => string;
}

function publisherRule({ expected: expects, about, wrong, right, ...rule }: PublisherRule): Rule {
  return {
    ...rule,
    section: 2,
    permission: undefined,
    judge: (context) => {
      const expected = expects(context);
      return judgeEach(context.pipeline.publishers.pypi, context.facts.pypi, expected, (project, name) => {
        const { publishers, unread } = publishersOf(project);
        const judged = publishers.filter(about);
        if (publishers.length === 0) return unknown(name, expected, unread ?? withoutPublisher(project));
        const mistakes = new Set(judged.flatMap((publisher) => wrong(publisher, context) ?? []));
        if (mistakes.size > 0) {
          return fail(name, expected, [...mistakes].join(' and '), replacePublisher(context, name));
        }
        if (unread) return unknown(name, expected, unread);
        const [first] = judged;
        return first
          ? pass(name, expected, right(first))
          : notApplicable(name, expected, 'the publisher is not GitHub Actions: see pypi-publisher-kind');
      });
    },
  };
}

const onGitHub = (publisher: PypiPublisher) => publisher.kind === GITHUB;

const kind = publisherRule({
  id: 'pypi-publisher-kind',
  question: 'Was the newest release of each PyPI project published by GitHub Actions?',
  why: 'A publisher of another service can release without the workflow, its environment and its reviewers.',
  severity: 'high',
  expected: () => 'the registered publisher is GitHub Actions',
  about: () => true,
  wrong: (publisher) =>
    onGitHub(publisher) ? undefined : `a publisher of the kind ${quote(publisher.kind)}`,
  right: () => 'GitHub Actions',
});

const repository = publisherRule({
  id: 'pypi-publisher-repository',
  question: 'Is the publisher of each PyPI project registered for this repository?',
  why: 'A publisher of another repository lets whoever writes there release in your name.',
  severity: 'high',
  expected: ({ pipeline }) => `the registered repository is ${pipeline.repo}`,
  about: onGitHub,
  wrong: (publisher, { pipeline }) =>
    isSameRepository(publisher.repository, pipeline.repo)
      ? undefined
      : registered('repository', pipeline.repo, publisher.repository),
  right: (publisher) => quote(publisher.repository),
});

const workflow = publisherRule({
  id: 'pypi-publisher-workflow',
  question: 'Is the publisher of each PyPI project registered for the declared workflow?',
  why: 'PyPI compares the file name exactly: another name refuses the release, or lets another workflow publish.',
  severity: 'high',
  expected: ({ pipeline }) => `the registered workflow is ${pipeline.workflow}`,
  about: onGitHub,
  wrong: (publisher, { pipeline }) =>
    publisher.workflow === pipeline.workflow
      ? undefined
      : registered('workflow', pipeline.workflow, publisher.workflow),
  right: (publisher) => quote(publisher.workflow),
});

const environment = publisherRule({
  id: 'pypi-publisher-environment',
  question: 'Is the publisher of each PyPI project tied to the declared environment?',
  why: 'Without an environment, every job of the workflow may publish, whether or not a reviewer has approved it.',
  severity: 'medium',
  expected: ({ pipeline }) => `the registered environment is ${pipeline.environment.name}`,
  about: onGitHub,
  wrong: (publisher, { pipeline }) => {
    // PyPI keeps it in lower case and compares it without regard to case.
    const wanted = pipeline.environment.name.toLowerCase();
    if (publisher.environment === wanted) return undefined;
    return registered('environment', wanted, publisher.environment ?? '');
  },
  right: (publisher) => quote(publisher.environment ?? ''),
});

const fileProvenance: Rule = {
  id: 'pypi-file-provenance',
  section: 2,
  question: 'Does every file of the newest release show which publisher uploaded it?',
  why: 'A file that was uploaded without attestations proves nothing about how it got there: it may have been uploaded by hand.',
  severity: 'medium',
  permission: undefined,
  judge: (context) => {
    const expected = 'every file of the newest release has attestations';
    return judgeEach(context.pipeline.publishers.pypi, context.facts.pypi, expected, (project, name) =>
      judgeFiles(context, project, name, expected),
    );
  },
};

function judgeFiles({ pipeline }: Context, project: PypiFact, name: string, expected: string): Judgement {
  const { files, version } = project;
  const bare = files.filter(({ publisher }) => publisher.known && !publisher.value).map(({ file }) => file);
  if (bare.length > 0) {
    const observed = `${bare.length} of ${files.length} files of ${version} were uploaded without attestations, which proves nothing about how: ${listSome(bare)}`;
    return fail(name, expected, observed, attest(pipeline.workflow, pipeline.environment.name));
  }
  const { unread } = publishersOf(project);
  if (unread) return unknown(name, expected, unread);
  if (files.length === 0) return unknown(name, expected, withoutPublisher(project));
  return pass(name, expected, `all ${files.length} files of ${version}`);
}

interface Publishers {
  readonly publishers: readonly PypiPublisher[];
  readonly unread: Unavailable | undefined;
}

function publishersOf({ files }: PypiFact): Publishers {
  const read = files.map(({ publisher }) => publisher);
  return {
    publishers: read.flatMap((fact) => (fact.known && fact.value ? [fact.value] : [])),
    unread: read.find((fact): fact is Unavailable => !fact.known),
  };
}

function withoutPublisher({ name, version, files }: PypiFact): Unavailable {
  return unavailable(
    'not-published',
    files.length === 0
      ? `${name} ${version} has no files`
      : `no file of ${name} ${version} has attestations, so that none shows its publisher`,
  );
}

function registered(field: PublisherField, expected: string, observed: string): string {
  return `${field} ${describeField(field, expected, observed)}`;
}

/** Labels are the same for a pending publisher and for one of a project. */
function githubForm(context: Context): readonly (readonly [string, string])[] {
  const fields = publisherFields(context);
  return [
    ['Owner', fields.owner],
    ['Repository name', fields.repository],
    ['Workflow name', fields.workflow],
    ['Environment name', fields.environment],
  ];
}

function replacePublisher(context: Context, name: string): string {
  return `Open ${context.pages.pypi}/manage/project/${name}/settings/publishing/. Under "Add a new publisher" choose GitHub, enter ${listFields(githubForm(context))}, and press Add. Then press Remove beside the wrong one: PyPI cannot change a publisher. The next release shows whether it worked.`;
}

function pendingPublisher(context: Context, name: string): string {
  const form = listFields([['PyPI Project Name', name], ...githubForm(context)]);
  return `Open ${context.pages.pypi}/manage/account/publishing/. Under "Add a new pending publisher" choose GitHub, enter ${form}, and press Add. Release within 30 days: PyPI deletes a pending publisher after that, and the name is not reserved until then.`;
}

function attest(file: string, name: string): string {
  return `In ${file} upload with pypa/gh-action-pypi-publish@release/v1, in a job with environment: ${name} and id-token: write, without a password and without attestations: false. Files of a release cannot be replaced: the next release shows whether it worked. If nobody of you uploaded these, yank the release.`;
}

export const pypiRules: readonly Rule[] = [exists, kind, repository, workflow, environment, fileProvenance];
