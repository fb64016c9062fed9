import type { Declaration } from '../domain/credential.ts';
import type { OwnToken } from '../domain/own-token.ts';
import { OWN_NAMES } from '../domain/own-token.ts';

/** As the configuration has it. */
export interface OwnTokenFile {
  /** Undefined: there is none. */
  readonly file: string | undefined;
  /** Who is reminded of it; undefined: everybody. */
  readonly owner: string | undefined;
}

const EVERYBODY = '*';

const ABOUT: Readonly<Record<OwnToken, { readonly purpose: string; readonly scopes: readonly string[] }>> = {
  seal: {
    purpose: 'seals into GitHub: without it no new token can be stored, at 2 am either',
    scopes: ['Environments: Read and write', 'Metadata: Read-only'],
  },
  verify: {
    purpose: 'reads the settings of the release pipeline',
    scopes: ['Actions', 'Administration', 'Environments', 'Secrets', 'Dependabot secrets', 'Metadata'].map(
      (permission) => `${permission}: Read-only`,
    ),
  },
};

/** Their declarations: they are reminded of like the rest. */
export function ownDeclarations(files: Readonly<Record<OwnToken, OwnTokenFile>>): readonly Declaration[] {
  return (['seal', 'verify'] as const)
    .filter((which) => files[which].file !== undefined)
    .map((which) => ({
      name: OWN_NAMES[which],
      kind: 'github-token',
      owner: files[which].owner ?? EVERYBODY,
      ...ABOUT[which],
      lifetime: undefined,
      nameAtIssuer: undefined,
      planned: false,
      destinations: [],
    }));
}
