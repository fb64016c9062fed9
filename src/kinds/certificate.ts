import { sizeProblems } from './format.ts';
import { pemProblems } from './format-pem.ts';
import type { Kind } from './kind.ts';

export const certificate: Kind = {
  id: 'certificate',
  title: 'signing certificate',
  issuer: 'its certificate authority',
  pages: undefined,
  steps: () => [
    'Renew the certificate with its authority and export it the way the release workflow expects it.',
  ],
  breaks: 'builds can no longer be signed with it',
  scopes: undefined,
  lifetimes: { presets: [], custom: true, never: false },
  check: undefined,
  afterwards: undefined,
  checkFormat: (token) => [...sizeProblems(token), ...pemProblems(token)],
};
