import { certificate } from './certificate.ts';
import { cratesIoToken } from './crates-io-token.ts';
import { generic } from './generic.ts';
import type { Kind } from './kind.ts';

/** Every kind that a configuration may name. */
export const KINDS: readonly Kind[] = [certificate, cratesIoToken, generic];

export function findKind(id: string): Kind | undefined {
  return KINDS.find((kind) => kind.id === id);
}
