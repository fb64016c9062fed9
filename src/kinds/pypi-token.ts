import { formatForPeople } from '../domain/calendar.ts';
import type { Expiry } from '../domain/expiry.ts';
import { UNKNOWN_EXPIRY } from '../domain/expiry.ts';
import { decodeBase64Url } from './base64url.ts';
import { lineFormat } from './format.ts';
import type { Kind, Reading, Said } from './kind.ts';
import type { Macaroon } from './macaroon.ts';
import { readMacaroon } from './macaroon.ts';
import type { Restrictions } from './pypi-caveats.ts';
import { readRestrictions } from './pypi-caveats.ts';

const PREFIX = 'pypi-';
const PLACE = 'pypi.org';
const AGAIN = 'copy it again, by the copy button of PyPI';
const SHOWN_PROJECTS = 5;

const lineProblems = lineFormat({
  kind: 'pypi-token',
  what: 'a PyPI token',
  pattern: /^pypi-[A-Za-z0-9_-]{85,}$/,
  expected:
    'a PyPI token is "pypi-" and at least 85 letters, digits, "-" or "_"; this is shorter, or has others among them',
});

export const pypiToken: Kind = {
  id: 'pypi-token',
  title: 'PyPI API token',
  issuer: 'PyPI',
  pages: {
    make: 'https://pypi.org/manage/account/token/',
    renew: 'https://pypi.org/manage/account/token/',
    revoke: 'https://pypi.org/manage/account/#api-tokens',
  },
  steps: ({ nameAtIssuer, scopes }) => [
    `PyPI renews no token: make another one${nameAtIssuer ? `, and give it a name that tells it from "${nameAtIssuer}"` : ''}.`,
    scopes.length > 0
      ? `Under Scope choose the project, and no other: ${scopes.join(', ')}.`
      : 'Under Scope choose the one project that it uploads to, not "Entire account (all projects)".',
    'Press Create token and copy it: PyPI shows it once.',
  ],
  breaks: 'files can no longer be uploaded to PyPI with it: the release stops at the upload',
  scopes: undefined,
  grant:
    'Upload to one project. A project that is not there yet takes a token of the entire account for its first release: replace it after that.',
  // The form to make one has no field for it: warehouse/manage/forms.py, CreateMacaroonForm.
  lifetimes: { presets: [], custom: false, never: true },
  expiry: {
    known: 'read',
    how: 'It is read from the token itself, on this machine. PyPI gives its tokens no expiry; whoever holds one can add an end to it (a caveat), and that is seen here.',
  },
  // PyPI has nothing to read with a token; the one known trick is a broken upload, which proves little.
  check: undefined,
  afterwards:
    'The old token stays alive until it is removed: choose Options, Remove token beside it at PyPI once the new one has been used in a release.',
  leak: {
    means:
      'Whoever finds it can upload new releases to the projects that it covers. PyPI never lets a file be replaced, so a bad release can only be yanked or deleted, and its version is spent.',
    automatic:
      'PyPI removes a token that GitHub (secret scanning) or deps.dev reports to it from a public place, and writes to its account.',
  },
  instead: {
    text: 'A trusted publisher needs no stored token: PyPI gives the release workflow one that lives for 15 minutes. It works for a project that is not there yet, too (a pending publisher).',
    link: 'https://docs.pypi.org/trusted-publishers/',
  },
  shape: 'line',
  checkFormat: (token) => {
    const problems = lineProblems(token);
    if (problems.length > 0) return problems;
    const found = withMacaroon(token, (macaroon) => (typeof macaroon === 'string' ? macaroon : undefined));
    return found === undefined ? [] : [`what follows "pypi-" ${found}: ${AGAIN}`];
  },
  read: (token) => withMacaroon(token, readingOf),
  sources: [
    'docs.pypi.org/api/secrets (form, and who reports leaked ones)',
    'pypi/warehouse: warehouse/macaroons/caveats (what a token is limited to), warehouse/manage/forms.py (no expiry to choose)',
    'rescrv/libmacaroons: doc/format.txt (the packed form, version 2)',
    'pypi/warehouse: warehouse/forklift/decorators.py (no address to ask about a token: none is asked)',
  ],
};

/** @param use gets what is in the token, or why nothing can be read; its bytes are wiped when it returns */
function withMacaroon<T>(token: Uint8Array, use: (macaroon: Macaroon | string) => T): T {
  const bytes = decodeBase64Url(token.subarray(PREFIX.length));
  try {
    // The alphabet has been looked at: what is left is a length that nothing gives.
    return use(bytes ? readMacaroon(bytes) : 'is cut off');
  } finally {
    bytes?.fill(0);
  }
}

function readingOf(macaroon: Macaroon | string): Reading {
  if (typeof macaroon === 'string')
    return {
      expiry: UNKNOWN_EXPIRY,
      says: [],
      problems: [`what follows "pypi-" ${macaroon}: ${AGAIN}`],
      warnings: [],
    };
  const found = readRestrictions(macaroon.caveats);
  const place = placeOf(macaroon);
  return {
    expiry: expiryOf(found),
    says: says(found, place),
    problems: problemsOf(found),
    warnings: [...placeWarnings(place), ...warningsOf(found)],
    begins: found.validFrom,
  };
}

function expiryOf({ endsAt, unknown }: Restrictions): Expiry {
  if (endsAt) return { kind: 'known', at: endsAt, source: 'read' };
  return unknown > 0 ? UNKNOWN_EXPIRY : { kind: 'never', source: 'read' };
}

function says(found: Restrictions, place: string): readonly Said[] {
  const { validFrom } = found;
  return [
    { label: 'Made by', text: place },
    { label: 'May upload to', text: reach(found) },
    ...(validFrom && validFrom.getTime() > 0
      ? [{ label: 'Valid from', text: formatForPeople(validFrom) }]
      : []),
  ];
}

function reach({ projects, numbered, unknown }: Restrictions): string {
  if (projects) return listed(projects);
  if (numbered !== undefined)
    return `${numbered} ${numbered === 1 ? 'project, by its number' : 'projects, by their numbers'}`;
  return unknown > 0 ? 'unknown' : 'every project of its account';
}

function listed(projects: readonly string[]): string {
  if (projects.length === 0) return 'no project';
  const more = projects.length - SHOWN_PROJECTS;
  return `${projects.slice(0, SHOWN_PROJECTS).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function problemsOf({
  forPublisher,
  endsAt,
  validFrom,
  projects,
  numbered,
}: Restrictions): readonly string[] {
  if (forPublisher)
    return [
      'this is a token that PyPI made for a run of a trusted publisher: it lives for 15 minutes and cannot be stored',
    ];
  if (projects?.length === 0 || numbered === 0)
    return ['no project is left that it may upload to: make one whose scope is the project'];
  return endsAt && validFrom && validFrom >= endsAt
    ? ['it ends before it begins, so PyPI never takes it: make another one']
    : [];
}

function warningsOf({ projects, numbered, unknown, forPublisher }: Restrictions): readonly string[] {
  const everywhere = projects === undefined && numbered === undefined && unknown === 0 && !forPublisher;
  return [
    ...(everywhere
      ? ['it may upload to every project of its account: choose the one project as its scope instead']
      : []),
    ...(unknown > 0
      ? [
          `it has ${unknown === 1 ? 'a restriction' : `${unknown} restrictions`} that could not be read: what it may do and when it ends is not fully known, and PyPI may refuse it`,
        ]
      : []),
  ];
}

/** Nothing else is shown: it comes out of what was pasted. */
const HOST = /^[a-z0-9]([a-z0-9.-]{0,80}[a-z0-9])?$/;

function placeOf({ location }: Macaroon): string {
  const text = location ? new TextDecoder().decode(location) : '';
  return HOST.test(text) ? text : 'unknown';
}

function placeWarnings(place: string): readonly string[] {
  if (place === PLACE) return [];
  return [
    place === 'unknown'
      ? 'it does not say that pypi.org made it: look where it was made'
      : `it was made by ${place}, not by pypi.org, which does not take it`,
  ];
}
