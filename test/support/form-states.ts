import { formatDestination } from '../../src/domain/credential.ts';
import type { RotationCard, RotationResult, StepReport, SubmitOutcome } from '../../src/rotate/rotation.ts';
import type { Answer } from './form.ts';
import { buildCard, RECORDED } from './form.ts';

export const REFUSED: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io does not know this token'],
  mayStoreUnchecked: false,
};

export const INCONCLUSIVE: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io answered 503'],
  mayStoreUnchecked: true,
};

const [plain] = buildCard().destinations;
/** Everything that a card can hold, in lengths that do not fit. */
export const FULL_CARD: RotationCard = buildCard({
  unusualHosts: ['https://github.a-company-with-a-long-name.example.com/api/v3'],
  destinations: [
    ...(plain ? [plain] : []),
    {
      destination: {
        repo: 'an-organisation-with-a-long-name/a-repository-with-an-even-longer-name-than-that',
        environment: 'production-release-environment',
        secret: 'A_SECRET_WHOSE_NAME_GOES_ON_AND_ON_FOR_MORE_THAN_ONE_LINE',
      },
      host: 'github.a-company-with-a-long-name.example.com',
      updatedAt: undefined,
    },
  ],
});

/** One token for the same secret of many repositories. */
export function manyPlaces(count: number): RotationCard['destinations'] {
  return Array.from({ length: count }, (_unused, index) => ({
    destination: {
      repo: `example/${index % 5 === 3 ? 'a-repository-with-quite-a-long-name' : 'widgets'}-${index + 1}`,
      environment: 'release',
      secret: 'CARGO_REGISTRY_TOKEN',
    },
    host: 'api.github.com',
    updatedAt: index % 7 === 6 ? undefined : new Date(Date.UTC(2026, index % 12, 1 + (index % 28), 9, 30)),
  }));
}

/** What a rotation reports of each destination, in turn, up to `count` of them. */
export function reportsOf(card: RotationCard, count = card.destinations.length): readonly StepReport[] {
  const { credential } = card;
  const placed = card.destinations.slice(0, count).flatMap(({ destination }, index) => {
    const rest = {
      credential,
      destination: formatDestination(destination),
      progress: { done: index + 1, total: card.destinations.length },
    };
    return [
      { step: 'intended', outcome: 'recorded', ...rest },
      { step: 'stored', outcome: 'updated', ...rest },
      { step: 'verified', outcome: 'updated_at moved', detail: '2026-11-23T09:30:05Z', ...rest },
    ] as const;
  });
  return [
    { step: 'submitted', credential, outcome: 'received' },
    { step: 'checked', credential, outcome: 'live' },
    ...placed,
  ];
}

/** Stores everywhere but at the last `failing`, of which each says why. */
export function partly(card: RotationCard, failing: number): Answer {
  const stored = card.destinations.length - failing;
  const missing = card.destinations.slice(stored).map(({ destination }) => formatDestination(destination));
  const reasonOf = (index: number) =>
    index === 0
      ? 'GitHub refused it (403: Resource not accessible by personal access token)'
      : 'not tried after that; nothing was stored';
  return (_received, progress): SubmitOutcome => {
    for (const report of reportsOf(card, stored)) progress(report);
    for (const [index, destination] of missing.entries()) {
      progress({
        step: 'stored',
        credential: card.credential,
        destination,
        outcome: 'failed',
        detail: reasonOf(index),
        progress: { done: stored + index + 1, total: card.destinations.length },
      });
    }
    return {
      kind: 'finished',
      result: {
        ...(RECORDED.kind === 'finished' ? RECORDED.result : {}),
        outcome: 'partial',
        reasons: missing.map((destination, index) => `${destination}: ${reasonOf(index)}`),
        next: [
          'store the same token where it is missing: `reseal rotate cargo-publish --only-missing` (keep it at hand until then)',
        ],
      },
    };
  };
}

export const LEAKED: NonNullable<RotationCard['alarm']> = {
  standing: 'leaked',
  steps: [
    {
      text: 'Revoke the old one now at crates.io, before anything else. A token that is limited to crates cannot revoke itself.',
      link: 'https://crates.io/settings/tokens',
    },
    {
      text: 'Make the new one at crates.io and paste it below.',
      link: 'https://crates.io/settings/tokens/new',
    },
    {
      text: 'Then look through everything that was published with the old one since 2025-11-30, and withdraw what is not yours.',
    },
    {
      text: 'Jobs that wait for an approval read the secret when they start, so they get the new one: refuse those that you do not know. Jobs that run already hold the old one.',
    },
  ],
};

/** A card that completes version 3, of which the first `already` destinations have it. */
export function completing(already: number, missing: number): RotationCard {
  const places = manyPlaces(already + missing);
  return buildCard({
    destinations: places.slice(already),
    statedExpiry: '2027-06-01, as recorded with version 3',
    onlyMissing: { version: 3, already: places.slice(0, already).map(({ destination }) => destination) },
  });
}

/** A file to choose, with a password of its own; its dates are read from it. */
export const CERTIFICATE_CARD: RotationCard = buildCard({
  credential: 'apple-developer-id',
  purpose: 'Signs the macOS builds. Without it, Gatekeeper stops them on every machine.',
  kindTitle: 'signing certificate',
  issuer: 'its certificate authority',
  issuerPage: undefined,
  steps: [
    'Renew the certificate with its authority.',
    'Export certificate and private key together, as PKCS#12, with a password.',
  ],
  nameAtIssuer: undefined,
  scopes: [],
  declaredLifetime: undefined,
  presets: [],
  customDate: true,
  never: false,
  expiry: { known: 'read', how: 'The certificate carries the day on which it ends.' },
  shape: 'file',
  password: true,
  proves: undefined,
});

/** The same, for reminders alone. */
export const DATES_CARD: RotationCard = { ...CERTIFICATE_CARD, destinations: [] };

/** A text of several lines. */
export const TEXT_CARD: RotationCard = buildCard({
  kindTitle: 'GPG signing key',
  shape: 'text',
  proves: undefined,
});

/** Of which nothing is known: a line or a file. */
export const ANY_CARD: RotationCard = buildCard({
  credential: 'upload-secret',
  purpose: 'Uploads the installers.',
  kindTitle: 'credential of another kind',
  issuer: 'its issuer',
  issuerPage: undefined,
  steps: ['Renew it where it was issued.'],
  nameAtIssuer: undefined,
  scopes: [],
  presets: [],
  shape: 'any',
  proves: undefined,
});

/** Its issuer says when it ends, in the answer to the live check. */
export const OBSERVED_CARD: RotationCard = buildCard({
  kindTitle: 'GitHub token',
  issuer: 'GitHub',
  issuerHost: 'api.github.com',
  expiry: { known: 'observed', how: 'GitHub sends the date with every answer to the token.' },
  proves: 'that GitHub knows it as a live token; not what it may do',
});

/** Some say it themselves. */
export const SOMETIMES_READ_CARD: RotationCard = buildCard({
  kindTitle: 'NuGet API key',
  issuer: 'nuget.org',
  issuerHost: 'www.nuget.org',
  expiry: {
    known: 'read-or-entered',
    how: 'Keys of version 5 carry the day on which they end; older ones do not.',
  },
  proves: undefined,
});

export const WRONG_PASSWORD: SubmitOutcome = {
  kind: 'refused',
  reasons: ['the password does not open the file: enter the one that it was exported with'],
  mayStoreUnchecked: false,
  field: 'password',
};

/** Stores a certificate, and says what was read from it: names as long as real ones. */
export const readCertificate: Answer = (_received, progress): SubmitOutcome => {
  const name = `Developer ID Application: Example Widgets Gesellschaft mit beschränkter Haftung (${'A1B2C3D4E5'.repeat(3)})`;
  const says = [
    { label: 'Subject', text: `CN=${name}, OU=${'A1B2C3D4E5'.repeat(9)}, O=Example Widgets GmbH, C=DE` },
    { label: 'Issuer', text: 'CN=Developer ID Certification Authority, OU=G2, O=Apple Inc., C=US' },
    {
      label: 'SHA-256',
      text: Array.from({ length: 32 }, (_unused, at) => (at * 7 + 16).toString(16)).join(':'),
    },
  ];
  const warnings = ['the file holds the private key and 3 certificates: the release needs the first alone'];
  const detail = says.map(({ label, text }) => `${label}: ${text}`).join('; ');
  for (const report of reportsOf(CERTIFICATE_CARD))
    progress(report.step === 'checked' ? { ...report, outcome: 'not-asked', detail } : report);
  const result: RotationResult = {
    outcome: 'recorded',
    version: 4,
    expiry: { kind: 'known', at: new Date('2031-11-23T00:00:00Z'), source: 'read' },
    says,
    warnings,
  };
  return { kind: 'finished', result };
};
