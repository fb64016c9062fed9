import { z } from 'zod';
import { KINDS } from '../kinds/catalogue.ts';
import { entries, list } from './collections.ts';
import * as field from './fields.ts';
import { pipeline } from './pipeline-schema.ts';

// The file as it is written: each option once, with its type, its default and what it is for. What concerns more than
// one option, and the names of entries, is in rules.ts.

const PORTS = [0, 65_535] as const;
const port = (example: number) =>
  field.whole(`a port from 0 (any free one) to 65535, such as ${example}`, PORTS);

function tokenFile(example: string) {
  return z.strictObject({
    'token-file': field.file(example).describe('File that holds the token; it is read when it is needed'),
    owner: field.ownerName
      .optional()
      .describe('Who is reminded before it expires: the name of an entry of owners; left out: everybody'),
  });
}

const github = z
  .strictObject({
    'api-url': field
      .url('https://api.github.com')
      .default('https://api.github.com')
      .describe('Address of the GitHub API; another one only for GitHub Enterprise'),
    seal: tokenFile('/run/secrets/github_seal_token')
      .optional()
      .describe('The token that stores secrets: environments write and metadata read, nothing more'),
    verify: tokenFile('/run/secrets/github_verify_token')
      .optional()
      .describe('The token that reads the settings of the pipeline; it writes nothing'),
  })
  .prefault({})
  .describe('How GitHub is reached');

const contact = field.contact
  .optional()
  .describe('Mail address or page, sent in the User-Agent as registries ask');

function registry(fallback: string) {
  return z
    .strictObject({ url: field.url(fallback).default(fallback).describe('Address of the registry'), contact })
    .prefault({});
}

const registries = z
  .strictObject({
    'crates-io': registry('https://crates.io').describe('The registry of crates'),
    npm: z
      .strictObject({
        url: field
          .url('https://registry.example.org')
          .optional()
          .describe("Address of the registry; npm's own configuration decides when it is left out"),
        contact,
      })
      .prefault({})
      .describe('The registry of npm packages'),
    pypi: registry('https://pypi.org').describe('The registry of Python projects'),
  })
  .prefault({})
  .describe('Registries, needed only where they differ from the public ones');

const mail = z
  .strictObject({
    'url-file': field
      .file('/run/secrets/smtp_url')
      .describe(
        'File that holds the address of the mail server, such as smtps://user:password@mail.example.org',
      ),
    from: field.sender.describe('Sender of every mail'),
  })
  .optional()
  .describe('The mail server; without it nothing is mailed');

const bind = field.ip.default('127.0.0.1').describe('Address to listen on');

const form = z
  .strictObject({
    bind,
    port: port(8765).default(8765).describe('Port to listen on; 0: any free one'),
    'public-port': field
      .whole('a port from 1 to 65535, such as 8765', [1, 65_535])
      .optional()
      .describe('Port that the browser sees, where it is another one'),
  })
  .prefault({})
  .describe('The one-shot form that takes a new token');

const web = z
  .strictObject({ bind, port: port(8766).default(8766).describe('Port to listen on; 0: any free one') })
  .prefault({})
  .describe('The status page of the daemon');

const owner = z.strictObject(
  { email: field.mailAddress.describe('Where the reminders go') },
  { error: field.sentence('an owner, such as { email: joao@example.org }') },
);

const owners = entries(owner).default({}).describe('The people who are mailed, by a name of your choice');

const webhook = z.strictObject(
  {
    'url-file': field
      .file('/run/secrets/webhook_url')
      .describe('File that holds the address that is posted to; the address itself is a secret'),
    format: z
      .enum(['json', 'slack'], { error: field.sentence('json or slack') })
      .default('json')
      .describe("json: reseal's own fields; slack: what Slack, Mattermost and Discord's /slack take"),
    owners: list(field.ownerName, 'the names of owners, such as [joao]')
      .min(1)
      .optional()
      .describe("Owners whose credentials are posted there; left out: everybody's"),
  },
  { error: field.sentence('a webhook, such as { url-file: /run/secrets/webhook_url, format: slack }') },
);

const webhooks = entries(webhook)
  .default({})
  .describe('Where reminders are posted besides the mail, by a name of your choice');

const reminders = z
  .strictObject({
    hour: field
      .whole('an hour from 0 to 23, such as 9', [0, 23])
      .default(9)
      .describe("Local hour at which the day's one mail goes out"),
    escalate: z
      .strictObject({
        'days-before': field
          .whole('a number of days from 0 to 60, such as 7', [0, 60])
          .describe('Days before expiry from which the others are mailed too'),
        to: list(field.ownerName, 'the names of owners, such as [backup]').min(1).describe('Owners who join'),
      })
      .optional()
      .describe('Who else is mailed when expiry comes close'),
    command: field
      .oneLine('what is typed in front of a command', 300)
      .default('reseal')
      .describe('What a person types to run reseal; mails print it in front of each command'),
    'on-lost-answer': z
      .enum(['resend', 'hold'], { error: field.sentence('resend or hold') })
      .default('resend')
      .describe(
        "What happens when a mail server's answer was lost: send the same mail again (at most twice), or hold it until a person decides",
      ),
    heartbeat: z
      .strictObject({
        'url-file': field
          .file('/run/secrets/heartbeat_url')
          .describe(
            'File that holds the address that is called after each good round; /fail is appended after a bad one',
          ),
      })
      .optional()
      .describe('An outside watcher that notices when the daemon is gone'),
  })
  .prefault({})
  .describe('When and how owners are reminded');

const destination = z.strictObject(
  {
    repo: field.repo.describe('Repository, as owner/name'),
    environment: field.environmentName.describe('Environment of that repository'),
    secret: field.secretName.describe('Name of the secret in that environment'),
  },
  {
    error: field.sentence(
      'a destination, such as { repo: acme/widgets, environment: release, secret: CRATES_IO_TOKEN }',
    ),
  },
);

const kind = z.enum(
  KINDS.map(({ id }) => id),
  { error: field.sentence(`a kind of credential: ${KINDS.map(({ id }) => id).join(', ')}`) },
);

const credential = z.strictObject({
  kind: kind.describe('What it is; each kind has its own format, checks and steps'),
  owner: field.ownerName.describe('Who is mailed: the name of an entry of owners'),
  purpose: field.oneLine('what it is for', 200).optional().describe('What it is for, in one line'),
  lifetime: field.lifetime.optional().describe('How long one lives: 365d or 1y'),
  'name-at-issuer': field
    .oneLine("its name in the issuer's list", 200)
    .optional()
    .describe("Its name in the issuer's list, so that it can be found there"),
  scopes: list(field.oneLine('a scope, such as publish-update', 100), 'scopes, such as [publish-update]')
    .default([])
    .describe('What it may do, in the words of its issuer'),
  encoding: z
    .enum(['base64'], { error: field.sentence('base64, or nothing: then it is stored as it is') })
    .optional()
    .describe(
      'How it is stored: base64 where the workflow decodes it with base64 -d; left out: as it is, save a certificate file that is no text, which is always stored as base64',
    ),
  planned: field.flag().default(false).describe('Not made yet: listed, never counted as due'),
  destinations: list(destination, 'destinations, each as - { repo: …, environment: …, secret: … }')
    .default([])
    .describe('Where it must be stored: environment secrets'),
});

export const configSchema = z
  .strictObject({
    version: z
      .literal(1, { error: field.sentence('1, the only version there is') })
      .describe('Version of this format'),
    timezone: field.timezone
      .default('UTC')
      .describe('IANA name; only the hour at which mail goes out depends on it'),
    github,
    registries,
    mail,
    form,
    web,
    owners,
    webhooks,
    reminders,
    credentials: entries(credential)
      .default({})
      .describe('Every release credential, by a name of your choice; never its value'),
    pipelines: entries(pipeline).default({}).describe('Release pipelines as they are meant to be'),
  })
  .meta({ title: 'reseal configuration', description: 'The one file that reseal is configured by' });

/** The file after its defaults were filled in. */
export type WrittenConfig = z.output<typeof configSchema>;

export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
