import type { RenderedCredential, RenderedOwner } from '../config/render.ts';
import { renderCredential, renderOwner, renderText } from '../config/render.ts';

/** What is known of an installation when its configuration is written. Absent: the file says, as a comment, what would stand there. */
export interface StarterParts {
  readonly timezone?: string | undefined;
  readonly apiUrl?: string | undefined;
  readonly sealTokenFile?: string | undefined;
  readonly verifyTokenFile?: string | undefined;
  readonly owner?: RenderedOwner | undefined;
  readonly mail?: { readonly urlFile: string; readonly from: string } | undefined;
  readonly credentials?: readonly RenderedCredential[];
}

/** The configuration that `init` writes where there is none and nobody was asked. It loads as it stands, and declares nothing yet. */
export function starter(): string {
  return renderConfig({ sealTokenFile: '/run/secrets/github_seal_token' });
}

/** A whole configuration, with the comments that help whoever edits it next. */
export function renderConfig(parts: StarterParts): string {
  const { timezone = 'UTC', apiUrl = 'https://api.github.com', credentials = [] } = parts;
  return `# reseal: release credentials and the pipeline around them. Nothing secret belongs into this file:
# a secret lives in a file of its own, and is named here by its path.
version: 1
${commented(`timezone: ${renderText(timezone)}`, "IANA name; decides only when the day's mail goes out")}

github:
  api-url: ${renderAddress(apiUrl)}
${sealSection(parts.sealTokenFile)}${verifySection(parts.verifyTokenFile)}
# registries:
#   crates-io: { contact: you@example.org }      # crates.io asks clients to say whom to reach

${mailSection(parts.mail)}
form: { bind: 127.0.0.1, port: 8765 }            # in a container: bind 0.0.0.0, published on 127.0.0.1 only

${ownersSection(parts.owner)}
reminders:
  hour: 9                        # local hour of the day's one mail
  command: reseal                # what you type in front of a command, e.g. docker compose exec reseal reseal
# heartbeat: { url-file: /run/secrets/heartbeat_url }      # a watcher that tells you when the daemon is gone

# webhooks:                      # besides the mail; slack: also Mattermost, and Discord's address with /slack behind it
#   release-room: { url-file: /run/secrets/room_url, format: slack }

${credentialsSection(credentials)}`;
}

const COMMENT_AT = 33;

function commented(line: string, comment: string): string {
  return `${line.padEnd(COMMENT_AT - 1)} # ${comment}`;
}

/** An address needs no quotes where no blank or comment is in it. */
function renderAddress(url: string): string {
  return /^[\w:/.[\]-]+[\w/]$/.test(url) ? url : renderText(url);
}

const SEAL_COMMENT = 'a fine-grained token: environments read and write, metadata read';

function sealSection(file: string | undefined): string {
  if (file !== undefined)
    return `${commented('  seal:', SEAL_COMMENT)}\n    token-file: ${renderText(file)}\n`;
  return `${commented('# seal:', SEAL_COMMENT)}\n#   token-file: /run/secrets/github_seal_token\n`;
}

function verifySection(file: string | undefined): string {
  if (file === undefined) return '';
  return `${commented('  verify:', 'reads the settings of the pipeline, and writes nothing')}\n    token-file: ${renderText(file)}\n`;
}

function mailSection(mail: StarterParts['mail']): string {
  const address = 'smtps://user:password@mail.example.org';
  if (mail)
    return `mail:\n  url-file: ${renderText(mail.urlFile)}   # holds ${address}\n  from: ${renderText(mail.from)}\n`;
  return `# mail:\n#   url-file: /run/secrets/smtp_url              # ${address}\n#   from: reseal <reseal@example.org>\n`;
}

function ownersSection(owner: RenderedOwner | undefined): string {
  return owner ? `owners:\n${renderOwner(owner)}` : 'owners: {}\n#   me: { email: you@example.org }\n';
}

const EXAMPLE = `#   crates-io:
#     kind: crates-io-token      # "reseal kinds" lists them; "reseal kinds --recognise" says which one a value is
#     owner: me
#     purpose: publishes my crate from release.yml
#     lifetime: 365d
#     scopes: [publish-update]
#     destinations:
#       - { repo: you/your-crate, environment: release, secret: CRATES_IO_TOKEN }
`;

function credentialsSection(credentials: readonly RenderedCredential[]): string {
  if (credentials.length === 0) return `credentials: {}\n${EXAMPLE}`;
  return `# What else one can say of a credential:\n${EXAMPLE}credentials:\n${credentials.map((one) => renderCredential(one)).join('')}`;
}
