import { certificate } from './certificate.ts';
import { cratesIoToken } from './crates-io-token.ts';
import { generic } from './generic.ts';
import { githubToken } from './github-token.ts';
import type { Kind } from './kind.ts';

/** Every kind that a configuration may name. */
export const KINDS: readonly Kind[] = [certificate, cratesIoToken, generic, githubToken];

export function findKind(id: string): Kind | undefined {
  return KINDS.find((kind) => kind.id === id);
}
