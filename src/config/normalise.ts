import type { Sender } from '../domain/address.ts';
import { parseSender } from '../domain/address.ts';
import { parseLifetime } from '../domain/calendar.ts';
import type { Declaration, Destination } from '../domain/credential.ts';
import type { DeclaredPipeline } from '../verify/pipeline.ts';
import type { Config } from './config.ts';
import { normaliseUrl } from './fields.ts';
import type { WrittenConfig } from './schema.ts';

type WrittenCredential = WrittenConfig['credentials'][string];
type WrittenPipeline = WrittenConfig['pipelines'][string];

/** From the file's words to the program's. Every value was checked before. */
export function normalise(written: WrittenConfig): Config {
  const { github, mail, form, reminders } = written;
  return {
    timezone: written.timezone,
    github: {
      apiUrl: address(github['api-url']),
      sealTokenFile: github.seal?.['token-file'],
      sealOwner: github.seal?.owner,
      verifyTokenFile: github.verify?.['token-file'],
      verifyOwner: github.verify?.owner,
    },
    registries: registries(written.registries),
    mail: mail && { urlFile: mail['url-file'], from: sender(mail.from) },
    form: { bind: form.bind, port: form.port, publicPort: form['public-port'] },
    web: written.web,
    owners: Object.entries(written.owners).map(([name, { email }]) => ({ name, email })),
    webhooks: Object.entries(written.webhooks).map(([name, { 'url-file': urlFile, format, owners }]) => ({
      name,
      urlFile,
      format,
      owners,
    })),
    reminders: {
      hour: reminders.hour,
      escalate: reminders.escalate && {
        daysBefore: reminders.escalate['days-before'],
        to: reminders.escalate.to,
      },
      command: reminders.command,
      onLostAnswer: reminders['on-lost-answer'],
      heartbeatUrlFile: reminders.heartbeat?.['url-file'],
    },
    credentials: Object.entries(written.credentials).map(([name, credential]) =>
      declaration(name, credential),
    ),
    pipelines: Object.entries(written.pipelines).map(([name, declared]) => pipeline(name, declared)),
  };
}

function address(url: string): string {
  const normalised = normaliseUrl(url);
  if (normalised === undefined) throw new Error('an address passed the schema and is none');
  return normalised;
}

function sender(text: string): Sender {
  const parsed = parseSender(text);
  if (parsed === undefined) throw new Error('a sender passed the schema and is none');
  return parsed;
}

function registries(written: WrittenConfig['registries']): Config['registries'] {
  const { npm, pypi, 'crates-io': cratesIo } = written;
  return {
    cratesIo: { url: address(cratesIo.url), contact: cratesIo.contact },
    npm: { url: npm.url === undefined ? undefined : address(npm.url), contact: npm.contact },
    pypi: { url: address(pypi.url), contact: pypi.contact },
  };
}

function declaration(name: string, written: WrittenCredential): Declaration {
  return {
    name,
    kind: written.kind,
    owner: written.owner,
    purpose: written.purpose,
    lifetime: written.lifetime === undefined ? undefined : parseLifetime(written.lifetime),
    nameAtIssuer: written['name-at-issuer'],
    scopes: written.scopes,
    ...(written.encoding ? { encoding: written.encoding } : {}),
    planned: written.planned,
    destinations: written.destinations.map(
      ({ repo, environment, secret }): Destination => ({ repo, environment, secret: secret.toUpperCase() }),
    ),
  };
}

function pipeline(name: string, written: WrittenPipeline): DeclaredPipeline {
  const { environment, publishers, hygiene } = written;
  const crates = publishers['crates-io'];
  return {
    name,
    repo: written.repo,
    workflow: written.workflow,
    environment: {
      name: environment.name,
      requiredReviewers: environment['required-reviewers'],
      adminsMayBypass: environment['admins-may-bypass'],
      waitTimer: environment['wait-timer'],
      deploymentBranches: environment['deployment-branches'],
      secrets: environment.secrets.map((secret) => secret.toUpperCase()),
    },
    branches: Object.entries(written.branches).map(([branch, declared]) => ({
      name: branch,
      pullRequest: declared['pull-request'],
      approvals: declared.approvals,
      conversationResolution: declared['conversation-resolution'],
      adminsMayBypass: declared['admins-may-bypass'],
      checks: declared.checks,
    })),
    publishers: {
      pypi: publishers.pypi,
      npm: publishers.npm,
      cratesIo: crates && { crates: crates.crates, trustedPublishing: crates['trusted-publishing'] },
    },
    hygiene: { dependencyUpdates: hygiene['dependency-updates'], codeowners: hygiene.codeowners },
  };
}
