import { describeLifetime, formatForPeople } from '../domain/calendar.ts';
import { UNKNOWN_EXPIRY } from '../domain/expiry.ts';
import { lineFormat } from './format.ts';
import type { Kind, Reading } from './kind.ts';
import type { NugetV5 } from './nuget-v5.ts';
import { isNugetV5, readNugetV5 } from './nuget-v5.ts';

const AGAIN = 'copy it again, by the copy button of nuget.org';
const RULE_SOURCE =
  'https://devblogs.microsoft.com/dotnet/strengthening-nuget-supply-chain-security-reducing-api-key-lifetime/';
const HOUR_MINUTES = 60;
const DAY_MINUTES = 1440;

export const nugetKey: Kind = {
  id: 'nuget-key',
  title: 'NuGet API key',
  issuer: 'nuget.org',
  pages: {
    make: 'https://www.nuget.org/account/apikeys',
    renew: 'https://www.nuget.org/account/apikeys',
    revoke: 'https://www.nuget.org/account/apikeys',
  },
  steps: ({ nameAtIssuer, scopes, lifetime }) => [
    nameAtIssuer
      ? `Find "${nameAtIssuer}" under Manage and press Regenerate, which ends the old one (if it is gone: Create, with that name).`
      : 'Find the key under Manage and press Regenerate, which ends the old one (if it is gone: Create).',
    `Look at when it expires${lifetime ? ` (declared here: ${describeLifetime(lifetime)})` : ''}: 30 days at most since August 2026.`,
    scopes.length > 0
      ? `Its scopes and packages, and no others: ${scopes.join(', ')}.`
      : 'Its scope is Push only new package versions where every package is there already, and its packages are those of the release.',
    'Press Copy: nuget.org never shows the key itself, and gives it once.',
  ],
  breaks: 'packages can no longer be pushed to nuget.org with it: the release stops at the push',
  scopes: undefined,
  grant:
    'Push only new package versions, for the packages of the release; Push new packages and package versions only while one has yet to be pushed for the first time. Unlist is no part of a release.',
  lifetimes: {
    presets: [1, 8, 30],
    custom: false,
    never: false,
    rules: [
      {
        since: '2026-08-17',
        maxDays: 30,
        olderEnd: '2026-11-01',
        advice:
          'Renew it every 30 days, or let the workflow publish by trusted publishing, which needs no key.',
        source: RULE_SOURCE,
      },
    ],
  },
  expiry: {
    known: 'read-or-entered',
    how: 'A key of the newer form (84 characters) carries it, and it is read on this machine. Of the older form (46 characters, beginning with oy2) only whoever made it knows. nuget.org itself writes ten days ahead.',
  },
  // The one known way to ask is an empty push, which is not a question that only reads.
  check: undefined,
  // Regenerating one ends the old one.
  afterwards: undefined,
  leak: {
    means:
      'Whoever finds it can push new versions of the packages that it covers, for everybody who restores them. A version that was pushed can be unlisted, not taken back.',
    automatic:
      'nuget.org revokes a key that is reported to it from a public place, and writes to its owner; how soon is not known.',
  },
  instead: {
    text: 'Trusted publishing needs no stored key: nuget.org gives the release workflow one that lives for an hour.',
    link: 'https://learn.microsoft.com/nuget/nuget-org/trusted-publishing',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'nuget-key',
    what: 'a NuGet API key',
    pattern: /^(?:oy2[a-p][a-z2-7]{42}|[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{18}NUGT[A-Za-z0-9]{4})$/,
    expected:
      'a NuGet API key has 46 small letters and digits and begins with "oy2", or 84 letters and digits with "JQQJ99" and "NUGT" among them; this has neither form',
    likely: (text) => {
      if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
        return 'this looks like a NuGet key of the first form (a UUID), which covers all that its account has: delete it, and make one with scopes';
      return undefined;
    },
  }),
  read: (token) => {
    if (isNugetV5(token)) return readingOf(readNugetV5(token));
    return { expiry: undefined, says: [], problems: [], warnings: newer(token) };
  },
  sources: [
    'NuGet/NuGetGallery: src/NuGetGallery.Services/Authentication/ApiKeyV4.cs, ApiKeyV5.cs (forms, what the newer one carries)',
    'NuGet/NuGetGallery: src/NuGetGallery.Services/Authentication/CredentialBuilder.cs (which keys are short-lived)',
    'microsoft/security-utilities: IdentifiableSecrets.cs, Marvin.cs (checksum)',
    RULE_SOURCE,
    'learn.microsoft.com/nuget/nuget-org/scoped-api-keys (steps, scopes, its own mail)',
    'NuGet/NuGetGallery: src/NuGetGallery.Core/Infrastructure/Mail/Messages/CredentialRevokedMessage.cs (leaked ones)',
  ],
};

const V4_LENGTH = 46;

/** Of the long form, but of a version that came after this was written. */
function newer(token: Uint8Array): readonly string[] {
  return token.length === V4_LENGTH
    ? []
    : ['it is of a newer version than this reseal can read: look its expiry up at nuget.org'];
}

function readingOf(key: NugetV5): Reading {
  const { allocatedAt, expiresAt } = key;
  if (!allocatedAt || !expiresAt)
    return {
      expiry: UNKNOWN_EXPIRY,
      says: [],
      problems: [`the date in it is none, so it was damaged on its way: ${AGAIN}`],
      warnings: [],
    };
  return {
    expiry: { kind: 'known', at: expiresAt, source: 'read' },
    says: [
      { label: 'Made', text: formatForPeople(allocatedAt) },
      { label: 'Lives for', text: describeMinutes(key.lifetimeMinutes) },
    ],
    problems:
      key.type === 'S'
        ? ['this is a key that trusted publishing made: it lives for an hour at most and cannot be stored']
        : [],
    warnings: warningsOf(key),
    begins: allocatedAt,
  };
}

function warningsOf({ environment, checksumIsRight }: NugetV5): readonly string[] {
  return [
    ...(environment === 'P'
      ? []
      : [
          'it was made by another installation than nuget.org (its test site, perhaps), which does not take it',
        ]),
    ...(checksumIsRight
      ? []
      : [
          `its last four characters are a checksum of the others, and here they do not match: it was probably damaged on its way, and its expiry may be wrong too, so ${AGAIN}`,
        ]),
  ];
}

function describeMinutes(minutes: number): string {
  const [count, unit] =
    minutes % DAY_MINUTES === 0
      ? [minutes / DAY_MINUTES, 'day']
      : minutes % HOUR_MINUTES === 0
        ? [minutes / HOUR_MINUTES, 'hour']
        : [minutes, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
