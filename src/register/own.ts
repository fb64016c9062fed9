import type { Declaration } from '../domain/credential.ts';

/** The tokens that reseal itself works with, by what they are for. */
export type OwnToken = 'seal' | 'verify';

export const OWN_NAMES: Readonly<Record<OwnToken, string>> = {
  seal: 'reseal-seal-token',
  verify: 'reseal-verify-token',
};

const PURPOSES: Readonly<Record<OwnToken, string>> = {
  seal: 'seals into GitHub: without it no new token can be stored, at 2 am either',
  verify: 'reads the settings of the release pipeline',
};

/** Their declarations: they are reminded of like the rest, and everybody is told. */
export function ownDeclarations(
  files: Readonly<Record<OwnToken, string | undefined>>,
): readonly Declaration[] {
  return (['seal', 'verify'] as const)
    .filter((which) => files[which] !== undefined)
    .map((which) => ({
      name: OWN_NAMES[which],
      kind: 'github-token',
      owner: '*',
      purpose: PURPOSES[which],
      lifetime: undefined,
      nameAtIssuer: undefined,
      scopes: [],
      planned: false,
      destinations: [],
    }));
}

export function ownTokenOf(name: string): OwnToken | undefined {
  return (['seal', 'verify'] as const).find((which) => OWN_NAMES[which] === name);
}
