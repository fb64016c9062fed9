import { formatDay } from '../../domain/calendar.ts';
import type { Unavailable } from '../fact.ts';
import type { NpmFact, PipelineFacts, SecretFact } from '../facts.ts';
import { settingsOf } from '../pages.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';
import { npmProvenanceRules } from './npm-provenance.ts';
import { publisherForm, tokenSettings } from './npm-publisher.ts';
import {
  describeField,
  judgeEach,
  judgeExistence,
  publishedAs,
  quote,
  spelledRepository,
} from './publisher.ts';

const exists: Rule = {
  id: 'npm-package-exists',
  section: 3,
  question: 'Does each declared npm package exist?',
  why: 'npm registers a trusted publisher only for a package that exists, so that the first version must be published by hand.',
  severity: 'high',
  permission: undefined,
  judge: (context) =>
    judgeExistence(context.pipeline.publishers.npm, context.facts.npm, 'npm', (name) =>
      placeholder(context, name),
    ),
};

const publishedByOidc: Rule = {
  id: 'npm-published-by-oidc',
  section: 3,
  question: 'Did the newest version of each npm package come by its trusted publisher?',
  why: 'A version that came another way was published with a token or by hand, which no workflow, reviewer or branch rule had to allow.',
  severity: 'high',
  permission: undefined,
  judge: (context) => {
    const expected = 'the newest version came by a trusted publisher';
    return judgeEach(context.pipeline.publishers.npm, context.facts.npm, expected, (found, name) => {
      const version = `${found.version} of ${formatDay(found.publishedAt)}`;
      if (found.trustedPublisher) return pass(name, expected, `${version} came by a trusted publisher`);
      const remedy = `Register the publisher: ${publisherForm(context, name)} In ${context.pipeline.workflow}, give the publishing job id-token: write and no NODE_AUTH_TOKEN, on a runner of GitHub's with npm 11.5.1 or later. The next version shows whether it worked.`;
      return fail(name, expected, `${version} was published with a token or by hand`, remedy);
    });
  },
};

const repositoryField: Rule = {
  id: 'npm-repository-field',
  section: 3,
  question: 'Does the package.json of each npm package name this repository?',
  why: 'npm refuses provenance (E422) for a package whose repository.url is not exactly the repository of the workflow, in upper and lower case too, and trusted publishing always sends provenance from a public repository.',
  severity: 'high',
  permission: undefined,
  judge: (context) => {
    const repo = spelledRepository(context);
    const expected = `repository in package.json is ${repo}`;
    return judgeEach(
      context.pipeline.publishers.npm,
      context.facts.npm,
      expected,
      ({ repositoryField: field }, name) => {
        const found = field === undefined ? undefined : repositoryIn(field);
        if (found === repo) return pass(name, expected, `repository is ${quote(field ?? '')}`);
        const observed =
          field === undefined ? 'package.json names no repository' : describeRepository(repo, field, found);
        return fail(name, expected, observed, correctField(repo, name));
      },
    );
  },
};

// How npm writes it: hosted-git-info, shortcuts included. A place within the repository is none of them.
const FORMS = [
  /^(?:git\+)?(?:https?|ssh|git):\/\/(?:[^@/]*@)?(?:www\.)?github\.com[/:]([^/#?\s]+)\/([^/#?\s]+?)(?:\.git)?\/?$/,
  /^git@github\.com:([^/#?\s]+)\/([^/#?\s]+?)(?:\.git)?$/,
  /^(?:github:)?([^/:#?@\s]+)\/([^/:#?@\s]+?)(?:\.git)?$/,
];

/** `owner/name` of what package.json calls its repository; undefined: none of GitHub's. */
function repositoryIn(field: string): string | undefined {
  for (const form of FORMS) {
    const [, owner, name] = form.exec(field) ?? [];
    if (owner && name) return `${owner}/${name}`;
  }
  return undefined;
}

function describeRepository(repo: string, field: string, found: string | undefined): string {
  if (found !== undefined) return `repository is ${describeField('repository', repo, found)}`;
  // A URL is what belongs here: only of a text that is none can the form be at fault.
  const words = field.includes(':') ? quote(field) : describeField('repository', repo, field);
  return `repository is ${words} (no plain address of a repository at github.com)`;
}

function correctField(repo: string, name: string): string {
  return `In the package.json of ${name} write "repository": { "type": "git", "url": "git+https://github.com/${repo}.git" }, with "directory" beside it where the package lies in a folder, and publish the next version.`;
}

const tokenLeftover: Rule = {
  id: 'npm-token-leftover',
  section: 3,
  question: 'Is an npm token kept that trusted publishing has made unnecessary?',
  why: 'A token that no release needs can still publish to npm for whoever gets hold of it.',
  severity: 'medium',
  permission: 'environments:read and secrets:read',
  judge: (context) => {
    const { npm } = context.pipeline.publishers;
    if (npm.length === 0) return [];
    const { environment, repository } = context.facts.secrets;
    return [
      judgeLeftover(context, context.pipeline.environment.name, environment),
      judgeLeftover(context, context.pipeline.repo, repository),
    ];
  },
};

const TOKEN_NAMES = ['NPM_TOKEN', 'NODE_AUTH_TOKEN'];

function judgeLeftover(
  context: Context,
  subject: string,
  secrets: PipelineFacts['secrets']['environment'],
): Judgement {
  const expected = `no ${TOKEN_NAMES.join(' or ')}, since every package has a trusted publisher`;
  const need = needForToken(context);
  if (typeof need === 'string') return notApplicable(subject, expected, need);
  if (need) return unknown(subject, expected, need);
  if (!secrets.known) return unknown(subject, expected, secrets);
  const kept = tokensAmong(secrets.value);
  if (kept.length === 0) return pass(subject, expected, 'no npm token is kept');
  const observed = `${kept.join(' and ')} is kept, and the newest version of every package came by a trusted publisher`;
  return fail(subject, expected, observed, dropTokens(context, subject, kept));
}

function tokensAmong(secrets: readonly SecretFact[]): readonly string[] {
  return secrets.map(({ name }) => name.toUpperCase()).filter((name) => TOKEN_NAMES.includes(name));
}

/** Why a token may still be needed, or why that cannot be told. */
function needForToken({ pipeline, facts }: Context): string | Unavailable | undefined {
  const read = pipeline.publishers.npm.map((name) => publishedAs(facts.npm, name));
  const published = read.map((fact) => (fact.known ? fact.value : undefined));
  const unread = read.find((fact): fact is Unavailable => !fact.known);
  if (unread) return unread;
  if (published.includes(undefined)) return 'a declared package does not exist yet';
  const others = published.filter((found): found is NpmFact => found?.trustedPublisher === false);
  if (others.length === 0) return undefined;
  return `the newest version of ${others.map(({ name }) => name).join(', ')} did not come by a trusted publisher`;
}

function dropTokens(context: Context, subject: string, kept: readonly string[]): string {
  const { pipeline, pages } = context;
  const inEnvironment = subject === pipeline.environment.name;
  const page = inEnvironment
    ? `${settingsOf(pages, 'settings/environments', 'the settings of the repository, under Environments')} open ${subject} and`
    : settingsOf(
        pages,
        'settings/secrets/actions',
        'the settings of the repository, under Secrets and variables, Actions,',
      );
  const names = pipeline.publishers.npm.map((name) => tokenSettings(context, name));
  return `At ${page} delete ${kept.join(' and ')}. At ${pages.npm} open your picture, Access Tokens, and delete the token. Then ${names.join('; ')}. A token that only installs private packages may stay, under another name.`;
}

function placeholder(context: Context, name: string): string {
  const scoped = name.startsWith('@');
  const repo = spelledRepository(context);
  const content = `{ "name": "${name}", "version": "0.0.0", "repository": { "type": "git", "url": "git+https://github.com/${repo}.git" } }`;
  const publish = scoped ? 'npm publish --access public' : 'npm publish';
  const similar = scoped
    ? ''
    : ' If npm finds the name too similar to another one, take a scoped one (@owner/name).';
  return `Publish a placeholder by hand. In an empty folder write package.json: ${content}. Run npm login, then ${publish}.${similar} Then ${publisherForm(context, name)}`;
}

export const npmRules: readonly Rule[] = [
  exists,
  publishedByOidc,
  repositoryField,
  ...npmProvenanceRules,
  tokenLeftover,
];
