import type { Chapter, Draft, Field } from './document.ts';
import { chapterReference, field, label, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, ownerOf, repositoryOf, settingsPage, site } from './outline.ts';

// Labels and limits: npm/documentation, content/packages-and-modules/securing-your-code/trusted-publishers.mdx; npm's `npm trust`.

export function npmChapter(subject: Subject): Chapter {
  const { npm } = subject.pipeline.publishers;
  const nothing = npm.length === 0;
  return {
    anchor: 'chapter-3',
    title: 'Chapter 3. npm',
    lead: nothing
      ? [say`This pipeline declares no npm package: nothing to do here.`]
      : [
          say`Needs: the workflow file and the environment (${chapterReference(4)}). For each package in this order: its own ${'package.json'}, a first version if npm does not have it, its trusted publisher, and the door for tokens closed.`,
        ],
    steps: nothing
      ? []
      : numbered(3, [
          ...npm.flatMap((name) => [
            packageFile(subject, name),
            placeholder(subject, name),
            publisher(subject, name),
          ]),
          closeDoor(subject, npm),
        ]),
  };
}

function repositoryAddress({ pipeline, pages }: Subject): string {
  return `git+${pages.repository ?? `https://github.com/${pipeline.repo}`}.git`;
}

function packageFile(subject: Subject, name: string): Draft {
  const repository = { type: 'git', url: repositoryAddress(subject) };
  return {
    title: `${name}: what its package.json must say`,
    page: undefined,
    before: [say`In the package's own ${'package.json'}:`],
    code: [
      `"name": ${JSON.stringify(name)},`,
      `"repository": ${JSON.stringify(repository)},`,
      ...(isScoped(name) ? ['"publishConfig": { "access": "public" }'] : []),
    ],
    why: say`npm compares this address with the repository that the workflow ran in, letter by letter, and refuses the release when they differ.`,
    verify: ask(subject, ['npm-repository-field'], name),
  };
}

function isScoped(name: string): boolean {
  return name.startsWith('@');
}

function placeholder(subject: Subject, name: string): Draft {
  const scope = name.slice(1, Math.max(1, name.indexOf('/')));
  return {
    title: `${name}: a first version, 0.0.0, if npm does not have it`,
    page: { text: `npm › ${name}`, address: `${subject.pages.npm}/package/${name}` },
    before: [
      say`Look at that page. If the package is there and is yours, go on with the next step; else run these lines once, on your own machine, in an empty folder:`,
    ],
    code: [
      'npm login',
      `echo '${placeholderFile(subject, name)}' > package.json`,
      isScoped(name) ? 'npm publish --access public' : 'npm publish',
      'npm logout',
    ],
    why: say`npm binds a trusted publisher only to a package that exists. Version ${'0.0.0'} holds nothing, and is older than whatever you release.`,
    notes: [
      ...(isScoped(name)
        ? [
            say`The scope must be yours: your user name ${scope}, or an organisation of that name that you belong to.`,
            say`Without ${'--access public'}, npm takes a scoped package for a private one, and answers ${'402 Payment Required'}.`,
          ]
        : [
            say`npm refuses a name that is too similar to a popular one (${`403 … Package name too similar to existing package`}), also where only dots and hyphens differ. The way out is a scope of your own, such as ${`@${ownerOf(subject).toLowerCase()}/${name}`}: change it in ${'package.json'} and in the declaration, and publish with ${'--access public'}.`,
          ]),
      say`After the first real release: ${`npm deprecate ${name}@0.0.0 "placeholder, use a later version"`}.`,
    ],
    verify: ask(subject, ['npm-package-exists'], name),
  };
}

/** On one line between single quotes, which none of its parts can hold. */
function placeholderFile(subject: Subject, name: string): string {
  const repository = { type: 'git', url: repositoryAddress(subject) };
  return JSON.stringify({ name, version: '0.0.0', description: 'Placeholder', repository });
}

function publisherFields(subject: Subject): readonly Field[] {
  const { pipeline } = subject;
  return [
    field('Organization or user', ownerOf(subject)),
    field(
      'Repository',
      repositoryOf(subject),
      say`The name alone. An address here, or the owner in front, breaks every publish.`,
    ),
    field('Workflow filename', pipeline.workflow, say`With its ending, without its folder.`),
    field('Environment name', pipeline.environment.name, say`npm calls it optional. It is not, for us.`),
    field('Allowed actions', [label('npm publish')], say`Leave the other one unticked.`),
  ];
}

function publisher(subject: Subject, name: string): Draft {
  const { pipeline, pages } = subject;
  return {
    title: `${name}: its trusted publisher`,
    page: {
      text: `npm › ${name} › Settings › Trusted Publisher › GitHub Actions`,
      address: `${pages.npm}/package/${name}/access`,
    },
    fields: publisherFields(subject),
    after: [
      say`Press ${label('Set up connection')}, and give your second factor. Instead of the form, with npm 11.15 or newer, this line does the same: ${`npm trust github ${name} --repo ${pipeline.repo} --file ${quoted(pipeline.workflow)} --env ${quoted(pipeline.environment.name)} --allow-publish`}`,
    ],
    why: say`From then on this workflow publishes without any token. There is one publisher for each package.`,
    notes: [
      say`npm does not check these fields when they are saved, and upper and lower case count. A mistake shows at the next release only, as a misleading ${'404 Not Found'}: it reads as if the package were not there, and means that the publisher does not match.`,
      say`The publishing job needs a runner of GitHub's own, Node 22.14 or newer, and npm 11.5.1 or newer.`,
    ],
    verify: ask(
      subject,
      [
        'manual-npm-trusted-publisher',
        'npm-published-by-oidc',
        'npm-provenance-repository',
        'npm-provenance-workflow',
        'npm-provenance-environment',
      ],
      name,
    ),
  };
}

/** For a POSIX shell; names of environments may hold anything. */
function quoted(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function closeDoor(subject: Subject, names: readonly string[]): Draft {
  return {
    title: 'After the first trusted release: close the door for tokens',
    page: settingsPage(subject, 'settings/environments', 'GitHub › Settings › Environments'),
    before: [
      ...names.map(
        (name) =>
          say`At ${{ text: `npm › ${name} › Settings › Publishing access`, address: `${subject.pages.npm}/package/${name}/access` }} choose ${label('Require two-factor authentication and disallow tokens')} and press ${label('Update Package Settings')}.`,
      ),
      say`Delete ${'NPM_TOKEN'}, and whatever else held an npm token, from the environment and from the repository, and revoke it at ${site(`${subject.pages.npm}/settings/~/tokens`)}.`,
    ],
    why: say`Trusted publishing goes on working; whoever steals a token cannot publish with it.`,
    verify: ask(subject, ['npm-token-leftover', 'secret-undeclared']),
  };
}
