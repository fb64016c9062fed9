import { sizeProblems } from './format.ts';
import { pemProblems } from './format-pem.ts';
import type { Kind } from './kind.ts';

export const generic: Kind = {
  id: 'generic',
  title: 'credential of another kind',
  issuer: 'its issuer',
  pages: undefined,
  steps: () => ['Renew it where it was issued.'],
  breaks: 'what depends on it stops',
  scopes: undefined,
  lifetimes: { presets: [], custom: true, never: true },
  check: undefined,
  afterwards: undefined,
  checkFormat: (token) => [...sizeProblems(token), ...pemProblems(token)],
};
