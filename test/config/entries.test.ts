import { describe, expect, it } from 'vitest';
import type { Case } from './problems-of.ts';
import { MAP, NUMBER, problemsOf } from './problems-of.ts';

const CREDENTIAL = `owners: { joao: { email: joao@example.org } }
credentials:
  c:
    kind: crates-io-token
    owner: joao
`;
const DESTINATIONS = `${CREDENTIAL}    destinations:\n`;
const PIPELINE = `pipelines:
  p:
    repo: a/b
    workflow: release.yml
    environment:
      name: release
`;
const PUBLISHERS = `${PIPELINE}    publishers: `;
const BRANCHES = `${PIPELINE}    branches: `;

/** After the line `version: 1`. */
const CREDENTIALS: readonly Case[] = [
  [
    'the kind is not known',
    CREDENTIAL.replace('crates-io-token', 'npm'),
    expect.stringMatching(
      /^5:11 credentials\.c\.kind: expected a kind of credential: .*crates-io-token.*generic/,
    ),
  ],
  [
    'the owner is not declared',
    CREDENTIAL.replace('owner: joao', 'owner: bob'),
    '6:12 credentials.c.owner: expected the name of an entry of "owners": joao',
  ],
  [
    'the owner is missing',
    CREDENTIAL.replace('    owner: joao\n', ''),
    '4:3 credentials.c.owner: missing: expected the name of an entry of "owners", such as joao',
  ],
  [
    'the owner is a name of every object',
    CREDENTIAL.replace('owner: joao', 'owner: constructor'),
    '6:12 credentials.c.owner: expected the name of an entry of "owners": joao',
  ],
  [
    'a key is not known',
    `${CREDENTIAL}    color: 1`,
    '7:5 credentials.c.color: unknown key: expected kind, owner, purpose, lifetime, name-at-issuer, scopes, encoding, planned, destinations',
  ],
  [
    'the encoding is not known',
    `${CREDENTIAL}    encoding: hex`,
    '7:15 credentials.c.encoding: expected base64, or nothing: then it is stored as it is',
  ],
  [
    'a key is misspelt',
    `${CREDENTIAL}    lifetme: 1y`,
    '7:5 credentials.c.lifetme: unknown key: did you mean "lifetime"?',
  ],
  [
    'a value is written',
    `${CREDENTIAL}    value: x`,
    '7:5 credentials.c.value: unknown key: a secret stands in a file of its own ("…-file")',
  ],
  [
    'the purpose has two lines',
    `${CREDENTIAL}    purpose: "a\\nb"`,
    '7:14 credentials.c.purpose: expected what it is for, on one line of at most 200 characters',
  ],
  [
    'the purpose is too long',
    `${CREDENTIAL}    purpose: ${'a'.repeat(201)}`,
    '7:14 credentials.c.purpose: expected what it is for, on one line of at most 200 characters',
  ],
  [
    'the lifetime has no unit',
    `${CREDENTIAL}    lifetime: 365`,
    `7:15 credentials.c.lifetime: expected a lifetime in days or calendar years, such as 365d or 1y${NUMBER}`,
  ],
  [
    'the lifetime is written out',
    `${CREDENTIAL}    lifetime: 1 year`,
    '7:15 credentials.c.lifetime: expected a lifetime in days or calendar years, such as 365d or 1y',
  ],
  [
    'the lifetime is beyond a hundred years',
    `${CREDENTIAL}    lifetime: 101y`,
    '7:15 credentials.c.lifetime: expected a lifetime in days or calendar years, such as 365d or 1y',
  ],
  [
    'a scope is not known to the kind',
    `${CREDENTIAL}    scopes: [yank, publish]`,
    '7:20 credentials.c.scopes[1]: expected a scope of crates-io-token: publish-new, publish-update, trusted-publishing, yank, change-owners',
  ],
  [
    'scopes are no list',
    `${CREDENTIAL}    scopes: yank`,
    '7:13 credentials.c.scopes: expected a list of scopes, such as [publish-update]',
  ],
  [
    'a scope stands twice',
    `${CREDENTIAL}    scopes: [yank, yank]`,
    '7:20 credentials.c.scopes[1]: already in this list, at 1',
  ],
  ['planned is "yes"', `${CREDENTIAL}    planned: yes`, '7:14 credentials.c.planned: expected true or false'],
  [
    'a repository has no owner',
    `${DESTINATIONS}      - { repo: b, environment: e, secret: S }`,
    '8:17 credentials.c.destinations[0].repo: expected a repository as owner/name, such as joaoh82/rust_sqlite',
  ],
  [
    'a repository climbs',
    `${DESTINATIONS}      - { repo: a/.., environment: e, secret: S }`,
    '8:17 credentials.c.destinations[0].repo: expected a repository as owner/name, such as joaoh82/rust_sqlite',
  ],
  [
    'an environment is blank',
    `${DESTINATIONS}      - { repo: a/b, environment: " ", secret: S }`,
    '8:35 credentials.c.destinations[0].environment: expected the name of an environment, such as release, on one line of at most 255 characters',
  ],
  [
    'a secret is one of GitHub',
    `${DESTINATIONS}      - { repo: a/b, environment: e, secret: github_x }`,
    '8:46 credentials.c.destinations[0].secret: expected the name of a secret: letters, digits and "_", no digit first and no GITHUB_, such as CRATES_IO_TOKEN',
  ],
  [
    'a destination lacks two keys',
    `${DESTINATIONS}      - repo: a/b`,
    '8:9 credentials.c.destinations[0].environment: missing: expected the name of an environment, such as release, on one line of at most 255 characters',
    '8:9 credentials.c.destinations[0].secret: missing: expected the name of a secret: letters, digits and "_", no digit first and no GITHUB_, such as CRATES_IO_TOKEN',
  ],
  [
    'a destination is no map',
    `${DESTINATIONS}      - a/b`,
    '8:9 credentials.c.destinations[0]: expected a destination, such as { repo: acme/widgets, environment: release, secret: CRATES_IO_TOKEN }',
  ],
  [
    'a destination stands twice, in other letters',
    `${DESTINATIONS}      - { repo: a/b, environment: e, secret: S }\n  d:\n    kind: generic\n    owner: joao\n    destinations: [{ repo: A/b, environment: E, secret: s }]`,
    '12:20 credentials.d.destinations[0]: already a destination of c: a secret holds one credential',
  ],
];

const PIPELINES: readonly Case[] = [
  [
    'the workflow is a path',
    PIPELINE.replace('release.yml', '.github/workflows/release.yml'),
    '5:15 pipelines.p.workflow: expected the file name of the workflow without its folder, such as release.yml',
  ],
  [
    'the environment is missing',
    PIPELINE.replace(/ {4}environment[\s\S]*/, ''),
    `3:3 pipelines.p.environment: missing: ${MAP}`,
  ],
  [
    'a reviewer is no login',
    `${PIPELINE}      required-reviewers: ["@a"]`,
    '8:28 pipelines.p.environment.required-reviewers[0]: expected a user or a team, such as joaoh82 or acme/release-team',
  ],
  [
    'there are seven reviewers',
    `${PIPELINE}      required-reviewers: [a, b, c, d, e, f, g]`,
    '8:27 pipelines.p.environment.required-reviewers: expected at most 6 reviewers: GitHub takes no more',
  ],
  [
    'a timer is beyond thirty days',
    `${PIPELINE}      wait-timer: 43201`,
    '8:19 pipelines.p.environment.wait-timer: expected minutes from 0 to 43200, such as 0',
  ],
  [
    'no branch may deploy',
    `${PIPELINE}      deployment-branches: []`,
    '8:28 pipelines.p.environment.deployment-branches: expected a list of branches, such as [main]; leave it out for any branch',
  ],
  [
    'a branch holds a space',
    `${PIPELINE}      deployment-branches: [a b]`,
    '8:29 pipelines.p.environment.deployment-branches[0]: expected a branch or a pattern, such as main or release/*',
  ],
  [
    'a secret stands twice, in other letters',
    `${PIPELINE}      secrets: [A, a]`,
    '8:20 pipelines.p.environment.secrets[1]: already in this list, at 1',
  ],
  [
    'a flag is a word',
    `${PIPELINE}      admins-may-bypass: never`,
    '8:26 pipelines.p.environment.admins-may-bypass: expected true or false',
  ],
  [
    'a branch is a pattern',
    `${BRANCHES}{ "release/*": {} }`,
    '8:17 pipelines.p.branches["release/*"]: expected the name of a branch, such as main or release/1.x',
  ],
  [
    'approvals are too many',
    `${BRANCHES}{ main: { pull-request: true, approvals: 11 } }`,
    '8:56 pipelines.p.branches.main.approvals: expected a number of approvals from 0 to 10, such as 1',
  ],
  [
    'approvals stand without pull requests',
    `${BRANCHES}{ main: { approvals: 1 } }`,
    '8:25 pipelines.p.branches.main.approvals: approvals are given on pull requests: expected "pull-request: true" beside it',
  ],
  [
    'a check reads as a number',
    `${BRANCHES}{ main: { checks: [1.0] } }`,
    `8:34 pipelines.p.branches.main.checks[0]: expected the name of a check, such as rust lint, on one line of at most 255 characters${NUMBER}`,
  ],
  [
    'a PyPI project has a space',
    `${PUBLISHERS}{ pypi: [a b] }`,
    '8:26 pipelines.p.publishers.pypi[0]: expected the name of a PyPI project, such as sqlrite',
  ],
  [
    'an npm scope lacks its @',
    `${PUBLISHERS}{ npm: [a/b] }`,
    '8:25 pipelines.p.publishers.npm[0]: expected the name of an npm package, such as "@joaoh82/sqlrite"',
  ],
  [
    'a crate starts with a digit',
    `${PUBLISHERS}{ crates-io: { crates: [1a] } }`,
    '8:41 pipelines.p.publishers.crates-io.crates[0]: expected the name of a crate, such as sqlrite',
  ],
  ['crates are a list', `${PUBLISHERS}{ crates-io: [a] }`, `8:30 pipelines.p.publishers.crates-io: ${MAP}`],
];

describe('parseConfig', () => {
  describe.each([...CREDENTIALS, ...PIPELINES])('when %s', (_title, yaml, ...problems) => {
    it('returns where and what is expected', () => {
      expect(problemsOf(`version: 1\n${yaml}`)).toEqual(problems);
    });
  });
});
