import { sizeProblems } from './format.ts';
import { pemProblems } from './format-pem.ts';
import type { Kind } from './kind.ts';

export const generic: Kind = {
  id: 'generic',
  title: 'credential of another kind',
  issuer: 'its issuer',
  pages: undefined,
  steps: ({ nameAtIssuer, scopes }) => [
    `Renew it where it was issued${nameAtIssuer ? `: it is called "${nameAtIssuer}" there` : ''}.`,
    ...(scopes.length > 0 ? [`What it may do, and no more: ${scopes.join(', ')}.`] : []),
    'Note the day on which the new one expires: it is asked for with it.',
  ],
  breaks: 'what depends on it stops',
  scopes: undefined,
  grant: 'Only what the release needs, for as short as its issuer offers and you can renew it in time.',
  lifetimes: { presets: [], custom: true, never: true },
  expiry: {
    known: 'entered',
    how: 'Only whoever made it knows it: reseal knows nothing of its issuer.',
  },
  check: undefined,
  // Whether the old one lives on is not known, and nobody is asked about it forever.
  afterwards: undefined,
  leak: {
    means:
      'Whoever finds it can do whatever its issuer granted it. Write down, as its purpose in the configuration, what that is: it is read at a bad hour.',
    automatic: undefined,
  },
  shape: 'any',
  checkFormat: (token) => {
    const size = sizeProblems(token);
    return size.length > 0 ? size : pemProblems(token);
  },
  sources: ['docs.github.com, "Secrets reference" (48 KB at most)', 'RFC 7468 (a PEM block has to be whole)'],
};
