import type { Kind } from './kind.ts';

/** What to write into the configuration to have one of this kind, as YAML. Owner and places are to be replaced. */
export function configExample(kind: Kind): string {
  const name = kind.id.replace(/-(token|key)$/, '');
  // GitHub keeps names that begin with GITHUB_ for itself.
  const secret = kind.id
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/^GITHUB_/, 'GH_');
  return [
    'credentials:',
    commented(`  ${name}:`, 'a name of your choice'),
    `    kind: ${kind.id}`,
    commented('    owner: ada', 'who is mailed: an entry of owners'),
    '    purpose: publishes widgets',
    ...lifetimeLine(kind),
    ...(kind.shape === 'file' ? [commented('    encoding: base64', 'where the workflow decodes it')] : []),
    commented('    destinations:', 'without any: reminders only'),
    `      - { repo: acme/widgets, environment: release, secret: ${secret} }`,
  ].join('\n');
}

const COMMENT_AT = 28;

function commented(line: string, comment: string): string {
  return `${line.padEnd(COMMENT_AT)}# ${comment}`;
}

const LONGEST_DAYS = 365;

/** Where a person says the expiry: the most that the issuer allows, and no more than a year. */
function lifetimeLine({ lifetimes, expiry }: Kind): readonly string[] {
  if (expiry.known !== 'entered') return [];
  const cap = lifetimes.rules?.find(({ maxDays }) => maxDays !== undefined)?.maxDays ?? LONGEST_DAYS;
  const most = Math.min(cap, LONGEST_DAYS);
  const days = lifetimes.custom ? most : lifetimes.presets.filter((preset) => preset <= most).at(-1);
  return days === undefined ? [] : [commented(`    lifetime: ${days}d`, 'how long one lives')];
}
