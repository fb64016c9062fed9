import { describe, expect, it } from 'vitest';
import { describeProblems, parseConfig } from '../../src/config/load.ts';
import type { Case } from './problems-of.ts';
import { MAP, NUMBER, problemsOf } from './problems-of.ts';

const HTTPS =
  'expected an https address without user, query and fragment, such as https://api.github.com (http only for this machine, such as http://127.0.0.1:8080)';
const FILE = 'the absolute path of a file that holds the secret, such as';
const NAME =
  'expected a name of letters, digits, ".", "_" and "-" that starts with a letter or a digit, at most 64, such as crates-io';
const SECRET =
  'this looks like a secret: keep it in a file of its own and name that file in a "…-file" option';

/** After the line `version: 1`. */
const OPTIONS: readonly Case[] = [
  [
    'the time zone is none',
    'timezone: Lisbon',
    '2:11 timezone: expected a time zone by its IANA name, such as Europe/Lisbon',
  ],
  [
    'a text reads as a number',
    'timezone: 1',
    `2:11 timezone: expected a time zone by its IANA name, such as Europe/Lisbon${NUMBER}`,
  ],
  [
    'a text reads as a boolean',
    'timezone: true',
    '2:11 timezone: expected a time zone by its IANA name, such as Europe/Lisbon (this reads as true or false; a text that looks like that needs quotes)',
  ],
  [
    'an address is plain http',
    'github: { api-url: "http://github.example" }',
    `2:20 github.api-url: ${HTTPS}`,
  ],
  [
    'an address holds a user',
    'github: { api-url: "https://me@github.example" }',
    `2:20 github.api-url: ${HTTPS}`,
  ],
  [
    'an address holds a query',
    'github: { api-url: "https://github.example?a=1" }',
    `2:20 github.api-url: ${HTTPS}`,
  ],
  [
    'an address holds a fragment',
    'github: { api-url: "https://github.example/#a" }',
    `2:20 github.api-url: ${HTTPS}`,
  ],
  ['an address has no scheme', 'github: { api-url: github.example }', `2:20 github.api-url: ${HTTPS}`],
  [
    'http names a host that only begins like this machine',
    'github: { api-url: "http://127.0.0.1.example.org" }',
    `2:20 github.api-url: ${HTTPS}`,
  ],
  [
    'nothing stands behind a name',
    'github:\n  api-url:',
    `3:3 github.api-url: nothing is written here: ${HTTPS}`,
  ],
  [
    'a token file is missing',
    'github: { seal: {} }',
    `2:11 github.seal.token-file: missing: expected ${FILE} /run/secrets/github_seal_token`,
  ],
  [
    'a token file is a relative path',
    'github: { seal: { token-file: run/token } }',
    `2:31 github.seal.token-file: expected ${FILE} /run/secrets/github_seal_token`,
  ],
  [
    'a token stands in place of its file',
    'github: { seal: { token: x } }',
    `2:11 github.seal.token-file: missing: expected ${FILE} /run/secrets/github_seal_token`,
    '2:19 github.seal.token: unknown key: write "token-file" with the path of a file that holds it',
  ],
  [
    'a registry is not known',
    'registries: { crates: {} }',
    '2:15 registries.crates: unknown key: expected crates-io, npm, pypi',
  ],
  [
    'a contact is neither mail nor page',
    'registries: { pypi: { contact: me } }',
    '2:32 registries.pypi.contact: expected a mail address or an https page, such as maintainer@example.org',
  ],
  [
    'a contact would break a header',
    'registries: { pypi: { contact: "https://example.org/(x)" } }',
    '2:32 registries.pypi.contact: expected a mail address or an https page, such as maintainer@example.org',
  ],
  [
    'the mail server stands in place of its file',
    'mail: { url: smtps://mail.example.org, from: a@example.org }',
    `2:1 mail.url-file: missing: expected ${FILE} /run/secrets/smtp_url`,
    '2:9 mail.url: unknown key: write "url-file" with the path of a file that holds it',
  ],
  [
    'a mail password is written',
    'mail: { url-file: /x, from: a@example.org, password: x }',
    '2:44 mail.password: unknown key: a secret stands in a file of its own ("url-file")',
  ],
  [
    'the sender is two people',
    'mail: { url-file: /x, from: "a, b <a@example.org>" }',
    '2:29 mail.from: expected a sender, such as "reseal <reseal@example.org>" or reseal@example.org',
  ],
  [
    'a listener has a host name',
    'form: { bind: localhost }',
    '2:15 form.bind: expected an IP address of this machine, such as 127.0.0.1 or "::1"',
  ],
  [
    'a port is too high',
    'form: { port: 65536 }',
    '2:15 form.port: expected a port from 0 (any free one) to 65535, such as 8765',
  ],
  [
    'a number stands in quotes',
    'form: { port: "80" }',
    '2:15 form.port: expected a port from 0 (any free one) to 65535, such as 8765 (this reads as text: take the quotes away)',
  ],
  [
    'a port is not whole',
    'web: { port: 80.5 }',
    '2:14 web.port: expected a port from 0 (any free one) to 65535, such as 8766',
  ],
  [
    'the public port is 0',
    'form: { public-port: 0 }',
    '2:22 form.public-port: expected a port from 1 to 65535, such as 8765',
  ],
  [
    'form and web share a port',
    'form: { port: 9000 }\nweb: { port: 9000 }',
    '3:14 web.port: form and web would listen on the same port: expected two, such as 8765 and 8766',
  ],
  [
    'the form takes the default port of web',
    'form: { port: 8766 }',
    '2:15 form.port: form and web would listen on the same port: expected two, such as 8765 and 8766',
  ],
  [
    'an address is two',
    'owners: { joao: { email: "a@example.org, b@example.org" } }',
    '2:26 owners.joao.email: expected a bare mail address, such as joao@example.org',
  ],
  ['a name holds a space', 'owners: { "jo ao": { email: a@example.org } }', `2:11 owners["jo ao"]: ${NAME}`],
  [
    'an owner is no map',
    'owners: { joao: a@example.org }',
    '2:17 owners.joao: expected an owner, such as { email: joao@example.org }',
  ],
  ['owners are a list', 'owners: [a@example.org]', `2:9 owners: ${MAP}`],
  [
    'an hour is 24',
    'reminders: { hour: 24 }',
    '2:20 reminders.hour: expected an hour from 0 to 23, such as 9',
  ],
  [
    'escalation comes too early and reaches nobody',
    'reminders: { escalate: { days-before: 61, to: [] } }',
    '2:39 reminders.escalate.days-before: expected a number of days from 0 to 60, such as 7',
    '2:47 reminders.escalate.to: expected a list of the names of owners, such as [backup]',
  ],
  [
    'escalation reaches a stranger',
    'reminders: { escalate: { days-before: 7, to: [bob] } }',
    '2:47 reminders.escalate.to[0]: expected the name of an entry of "owners": none is declared yet',
  ],
  [
    'a token of reseal’s own has a strange owner',
    'github: { seal: { token-file: /run/seal, owner: bob }, verify: { token-file: /run/verify, owner: 1 } }',
    '2:49 github.seal.owner: expected the name of an entry of "owners": none is declared yet',
    '2:98 github.verify.owner: expected the name of an entry of "owners", such as joao (this reads as a number; a text that looks like one needs quotes)',
  ],
  [
    'a credential is called as one of reseal’s own tokens',
    'credentials: { reseal-seal-token: { kind: generic, owner: ada } }\nowners: { ada: { email: ada@example.org } }',
    "2:16 credentials.reseal-seal-token: this name is reseal's own: its tokens are remembered by themselves; choose another",
  ],
  [
    'a command has two lines',
    'reminders: { command: "a\\nb" }',
    '2:23 reminders.command: expected what is typed in front of a command, on one line of at most 300 characters',
  ],
  [
    'a command turns the direction of writing',
    'reminders: { command: "a\\u202Eb" }',
    '2:23 reminders.command: expected what is typed in front of a command, on one line of at most 300 characters',
  ],
  [
    'a heartbeat address stands in place of its file',
    'reminders: { heartbeat: { url: "https://example.org" } }',
    `2:14 reminders.heartbeat.url-file: missing: expected ${FILE} /run/secrets/heartbeat_url`,
    '2:27 reminders.heartbeat.url: unknown key: write "url-file" with the path of a file that holds it',
  ],
  [
    'a lost answer is to be ignored',
    'reminders: { on-lost-answer: ignore }',
    '2:30 reminders.on-lost-answer: expected resend or hold',
  ],
  [
    "a webhook's address stands in place of its file",
    'webhooks: { chat: { url: "https://hooks.example.org/x" } }',
    `2:13 webhooks.chat.url-file: missing: expected ${FILE} /run/secrets/webhook_url`,
    '2:21 webhooks.chat.url: unknown key: write "url-file" with the path of a file that holds it',
  ],
  [
    'a webhook is only an address',
    'webhooks: { chat: "https://hooks.example.org/x" }',
    '2:19 webhooks.chat: expected a webhook, such as { url-file: /run/secrets/webhook_url, format: slack }',
  ],
  [
    "a webhook's format is not known",
    'webhooks: { chat: { url-file: /x, format: teams } }',
    '2:43 webhooks.chat.format: expected json or slack',
  ],
  [
    'a webhook serves nobody',
    'webhooks: { chat: { url-file: /x, owners: [] } }',
    '2:43 webhooks.chat.owners: expected a list of the names of owners, such as [joao]',
  ],
  [
    'a webhook serves a stranger, and an owner twice',
    'owners: { joao: { email: a@example.org } }\nwebhooks: { chat: { url-file: /x, owners: [joao, bob, joao] } }',
    '3:50 webhooks.chat.owners[1]: expected the name of an entry of "owners": joao',
    '3:55 webhooks.chat.owners[2]: already in this list, at 1',
  ],
  [
    "a webhook's name holds a line break",
    'webhooks: { "a\\nb": { url-file: /x } }',
    `2:13 webhooks.…: ${NAME}`,
  ],
  ['a section is empty', 'credentials:', `2:1 credentials: nothing is written here: ${MAP}`],
];

const STRUCTURE: readonly Case[] = [
  [
    'an anchor and an alias are used',
    'web: &w { port: 1 }\nform: *w',
    '2:9 web: anchors (&name) are not used in this file: write the value out where it is needed',
    '3:7 form: aliases (*name) are not used in this file: write the value out',
  ],
  ['a tag is used', 'web: !x { port: 1 }', '2:9 web: tags (!name) are not used in this file: remove it'],
  ['maps are merged', 'web: { <<: { port: 1 } }', '2:8 web["<<"]: unknown key: expected bind, port'],
  ['a key stands twice', 'web: {}\nform: {}\nweb: {}', '4:1 web: written twice: the first is on line 2'],
  [
    'a key is __proto__',
    'web: { __proto__: { port: 1 } }',
    '2:8 web.__proto__: this name is not allowed here',
  ],
  ['a key is a list', '? [a]\n: 1', '2:3 expected a plain name in front of the ":", such as version'],
  [
    'lists nest without end',
    `web: ${'['.repeat(25)}${']'.repeat(25)}`,
    `2:6 web: ${MAP}`,
    `2:25 web${'[0]'.repeat(19)}: nested too deep`,
  ],
  ['a secret is a key', `ghp_${'a'.repeat(36)}: 1`, `2:1 …: ${SECRET}`],
  [
    'the address of a Slack webhook stands in place of its file',
    `webhooks: { chat: { url-file: "https://hooks.slack.com/services/T${'0'.repeat(8)}/B${'0'.repeat(8)}/x" } }`,
    `2:31 webhooks.chat.url-file: ${SECRET}`,
  ],
  [
    'the address of a Discord webhook is a name',
    `webhooks: { "https://discord.com/api/webhooks/${'1'.repeat(18)}/${'x'.repeat(60)}": { url-file: /x } }`,
    `2:13 webhooks.…: ${SECRET}`,
  ],
  ['a secret is a value', `timezone: ghp_${'a'.repeat(36)}`, `2:11 timezone: ${SECRET}`],
];

const EMAIL = 'expected a bare mail address, such as joao@example.org';

/** Each would write to somebody else, or add a header or a command. All stand at 2:26. */
const ADDRESSES: readonly (readonly [title: string, address: string])[] = [
  ['is empty', '""'],
  ['is two', '"a@example.org,b@example.org"'],
  ['is two, parted by a semicolon', '"a@example.org;b@example.org"'],
  ['holds a carriage return', '"a@example.org\\rBcc: b@example.org"'],
  ['holds a line feed', '"a@example.org\\nBcc: b@example.org"'],
  ['holds both', '"a@example.org\\r\\nRCPT TO:<b@example.org>"'],
  ['ends with a line feed', '"a@example.org\\n"'],
  ['stands in angle brackets', '"<a@example.org>"'],
  ['follows a name', '"Ada <a@example.org>"'],
  ['holds angle brackets', '"a@example.org>,<b@example.org"'],
  ['holds a NUL', '"a@example.org\\0"'],
  ['has no domain', 'ada'],
];

/** The whole file. */
const SYNTAX: readonly Case[] = [
  ['the text is empty', '', '1:1 the file is empty: a configuration starts with "version: 1"'],
  [
    'there are only comments',
    '# a\n---\n',
    '1:1 the file is empty: a configuration starts with "version: 1"',
  ],
  ['the text is a list', '- a', '1:1 expected a map of options, such as "version: 1"'],
  ['the text is a word', 'hello', '1:1 expected a map of options, such as "version: 1"'],
  ['the version is missing', '{}', '1:1 version: missing: expected 1, the only version there is'],
  ['the version is another', 'version: 2', '1:10 version: expected 1, the only version there is'],
  [
    'there are control characters',
    'version: 1\nab\0',
    '2:3 this is not a text file: expected YAML in UTF-8, without control characters',
  ],
  [
    'there is half a character',
    'a: \ud800',
    '1:1 this is not a text file: expected YAML in UTF-8, without control characters',
  ],
  ['a tab indents', 'a:\n\tb: 1', '2:1 a tab in the indentation: use spaces'],
  ['a quote is open', 'a: "x', '1:6 a closing quote or bracket, a comma, a ":" or a space is missing here'],
  [
    'a line is out of step',
    'a:\n   b: 1\n  c: 2',
    '3:1 the indentation does not fit the lines around it, or a bracket is not closed',
  ],
  [
    'there are two documents',
    'a: 1\n---\nb: 2',
    '2:1 a second document starts here: expected one, without a further "---"',
  ],
  [
    'a line has two colons',
    'a: b: c',
    '1:4 a second ":" on one line: put the text in quotes, or the inner map on its own lines',
  ],
  ['a colon is missing', 'a\nb: 1', '1:1 a key must stand on one line: a ":" or a quote is missing nearby'],
  ['a text starts with @', 'a: @b', '1:4 a text may not start with this character: put it in quotes'],
  [
    'an escape is unknown',
    'a: "\\q"',
    '1:5 unknown escape sequence in double quotes: write \\\\ for a backslash, or use single quotes',
  ],
  [
    'there is a directive',
    '%FOO\n---\na: 1',
    '1:1 directives (%…) are not used in this file: remove the line',
  ],
  [
    'YAML 1.1 is asked for',
    '%YAML 1.1\n---\na: 1',
    '1:1 expected YAML 1.2: remove the line that starts with %YAML',
  ],
  ['brackets nest without end', '{'.repeat(20_000), expect.stringMatching(/^1:\d+ nested too deep$/)],
];

describe('parseConfig', () => {
  describe.each([...OPTIONS, ...STRUCTURE])('when %s', (_title, yaml, ...problems) => {
    it('returns where and what is expected', () => {
      expect(problemsOf(`version: 1\n${yaml}`)).toEqual(problems);
    });
  });

  describe.each(ADDRESSES)("when an owner's address %s", (_title, address) => {
    it('E20: returns where it stands, so that nothing starts with a recipient that cannot be', () => {
      expect(problemsOf(`version: 1\nowners: { joao: { email: ${address} } }`)).toEqual([
        `2:26 owners.joao.email: ${EMAIL}`,
      ]);
    });
  });

  describe('when the owners are emptied and a credential still names one', () => {
    it('E20: returns where it is named', () => {
      const text = 'version: 1\nowners: {}\ncredentials: { c: { kind: generic, owner: joao } }';
      expect(problemsOf(text)).toEqual([
        '3:43 credentials.c.owner: expected the name of an entry of "owners": none is declared yet',
      ]);
    });
  });

  describe('when an owner has no address', () => {
    it('E20: returns where the owner stands', () => {
      expect(problemsOf('version: 1\nowners: { joao: {} }')).toEqual([
        `2:11 owners.joao.email: missing: ${EMAIL}`,
      ]);
    });
  });

  describe.each(SYNTAX)('when %s', (_title, text, ...problems) => {
    it('returns where and what is the matter', () => {
      expect(problemsOf(text)).toEqual(problems);
    });
  });

  describe('when many things are wrong', () => {
    it('returns all of them in the order of the file', () => {
      const text = `version: 1
timezone: Lisbon
colour: red
form: { port: x }
web: {}
web: {}
credentials:
  a b: { kind: nope, owner: bob }
  c: { kind: generic, owner: bob, lifetime: 1 week }
__proto__: {}
`;
      expect(problemsOf(text).map((line) => line.split(': ')[0])).toEqual([
        '2:11 timezone',
        '3:1 colour',
        '4:15 form.port',
        '6:1 web',
        '8:3 credentials["a b"]',
        '8:16 credentials["a b"].kind',
        '8:29 credentials["a b"].owner',
        '9:30 credentials.c.owner',
        '9:45 credentials.c.lifetime',
        '10:1 __proto__',
      ]);
    });

    it('returns every syntax error', () => {
      expect(problemsOf('a: "x" y\nb: @c\nd: "\\q"').map((line) => line.split(' ')[0])).toEqual([
        '1:8',
        '2:4',
        '3:5',
      ]);
    });
  });

  describe('when the owners cannot be read', () => {
    it('returns nothing about who exists', () => {
      expect(problemsOf('version: 1\nowners: 3\ncredentials: { c: { kind: generic, owner: joao } }')).toEqual(
        [`2:9 owners: ${MAP}`],
      );
    });
  });
});

describe('describeProblems', () => {
  describe('when there are two', () => {
    it('returns one error with a line each', () => {
      const result = parseConfig('version: 1\ntimezone: x\n? [a]\n: 1');
      const error = describeProblems('/etc/reseal/config.yaml', result.ok ? [] : result.problems);
      expect(error.code).toBe('invalid_config');
      expect(error.message.split('\n')).toEqual([
        '/etc/reseal/config.yaml:2:11: timezone: expected a time zone by its IANA name, such as Europe/Lisbon',
        '/etc/reseal/config.yaml:3:3: expected a plain name in front of the ":", such as version',
      ]);
      expect(error.hints).toEqual(['correct the file and check it with: reseal config check']);
    });
  });

  describe('when there are thousands', () => {
    it('returns the first 200 and how many more there are', () => {
      const problem = { line: 1, column: 1, path: '', message: 'x' };
      const lines = describeProblems(
        'f',
        Array.from({ length: 1_200 }, () => problem),
      ).message.split('\n');
      expect(lines).toHaveLength(201);
      expect(lines.at(-1)).toBe('… and 1000 more');
    });
  });
});
