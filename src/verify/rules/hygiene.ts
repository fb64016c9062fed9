import type { RepositoryFiles } from '../facts.ts';
import { settingsOf } from '../pages.ts';
import type { DeclaredPipeline } from '../pipeline.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';

const dependencyUpdates: Rule = {
  id: 'hygiene-dependency-updates',
  section: 6,
  question: 'Does a bot propose updates of dependencies?',
  why: 'What a release is built from ages: known holes stay in it until somebody thinks of them.',
  severity: 'low',
  permission: 'contents:read',
  judge: (context) =>
    judgeFile(context, context.pipeline.hygiene.dependencyUpdates, {
      subject: 'dependency updates',
      expected: 'Dependabot or Renovate is set up',
      found: ({ dependabot, renovate }) =>
        [...(dependabot ? ['Dependabot'] : []), ...(renovate ? ['Renovate'] : [])].join(' and '),
      file: '.github/dependabot.yml',
      content: dependabotContent(context.pipeline),
      hint: ', with the folder of each manifest as its directory',
    }),
};

const codeowners: Rule = {
  id: 'hygiene-codeowners',
  section: 6,
  question: 'Does a CODEOWNERS file say who answers for what?',
  why: 'With several maintainers, GitHub asks the right ones for a review only where this file names them.',
  severity: 'low',
  permission: 'contents:read',
  judge: (context) =>
    judgeFile(context, context.pipeline.hygiene.codeowners, {
      subject: 'CODEOWNERS',
      expected: 'a CODEOWNERS file',
      found: (files) => files.codeowners ?? '',
      file: '.github/CODEOWNERS',
      content: codeownersContent(context.pipeline),
    }),
};

const reviewers: Rule = {
  id: 'hygiene-reviewers',
  section: 6,
  question: 'Can more than one person approve a release?',
  why: 'With one reviewer, nobody can release while that person is away, and nobody else ever looks.',
  severity: 'low',
  permission: 'actions:read',
  judge: ({ pipeline, facts, pages }) => {
    const { name, requiredReviewers } = pipeline.environment;
    const expected = 'at least two reviewers';
    const [only] = requiredReviewers;
    if (requiredReviewers.length < 2) return [notApplicable(name, expected, fewReviewers(only))];
    if (!facts.environment.known) return [unknown(name, expected, facts.environment)];
    const environment = facts.environment.value;
    if (!environment) return [notApplicable(name, expected, 'the environment does not exist')];
    const observed = environment.reviewers.join(', ') || 'nobody has to approve';
    if (environment.reviewers.length >= 2) return [pass(name, expected, observed)];
    const page = settingsOf(pages, 'settings/environments', 'Settings → Environments of the repository');
    const missing = requiredReviewers.filter((one) => !includes(environment.reviewers, one)).join(', ');
    const remedy = `at ${page}, open \`${name}\`: under "Required reviewers" add ${missing}; then "Save protection rules"`;
    return [fail(name, expected, observed, remedy)];
  },
};

/** What keeps the repository in order, where it is declared: of the runbook's chapter 6. */
export const hygieneRules: readonly Rule[] = [dependencyUpdates, codeowners, reviewers];

interface Looked {
  readonly subject: string;
  readonly expected: string;
  /** What is there, in words; empty: nothing. */
  readonly found: (files: RepositoryFiles) => string;
  readonly file: string;
  readonly content: string;
  /** Said after the content. */
  readonly hint?: string;
}

/** @param wanted false: not asked for, and no harm where it is there; undefined: nobody declared anything */
function judgeFile(
  { facts, pages }: Context,
  wanted: boolean | undefined,
  { subject, expected, found, file, content, hint = '' }: Looked,
): readonly Judgement[] {
  if (wanted === undefined) return [];
  const asked = wanted ? expected : `not asked for: ${expected}`;
  if (!facts.files.known) return [unknown(subject, asked, facts.files)];
  const there = found(facts.files.value);
  if (there || !wanted) return [pass(subject, asked, there || 'none')];
  const branch = facts.repository.known ? facts.repository.value.defaultBranch : undefined;
  const words = `"Add file" → "Create new file" of the repository: ${file}`;
  const page = branch ? settingsOf(pages, `new/${branch}?filename=${file}`, words) : words;
  return [fail(subject, asked, 'none', `at ${page}, write \`${content}\`${hint}; then "Commit changes..."`)];
}

/** In one line, which YAML takes as well. */
function dependabotContent({ publishers }: DeclaredPipeline): string {
  const ecosystems = [
    'github-actions',
    ...(publishers.cratesIo ? ['cargo'] : []),
    ...(publishers.npm.length > 0 ? ['npm'] : []),
    ...(publishers.pypi.length > 0 ? ['pip'] : []),
  ];
  const updates = ecosystems.map(
    (one) => `{ package-ecosystem: ${one}, directory: /, schedule: { interval: weekly } }`,
  );
  return `{ version: 2, updates: [${updates.join(', ')}] }`;
}

function codeownersContent({ environment, repo }: DeclaredPipeline): string {
  const { requiredReviewers } = environment;
  const owners = requiredReviewers.length > 0 ? requiredReviewers : [repo.split('/')[0] ?? ''];
  return `* ${owners.map((owner) => `@${owner}`).join(' ')}`;
}

function fewReviewers(only: string | undefined): string {
  if (only === undefined) return 'no reviewer is declared';
  if (only.includes('/')) return `one team is declared, ${only}: whoever is in it can approve`;
  return 'one maintainer: nobody else could approve';
}

/** Logins and slugs are the same in any case. */
function includes(names: readonly string[], name: string): boolean {
  return names.some((one) => one.toLowerCase() === name.toLowerCase());
}
