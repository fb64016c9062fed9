import { open } from 'tweetnacl-sealedbox-js';
import type { Installed } from './installed.ts';
import { PLACE } from './installed.ts';

/** A box as it came over the wire, opened with the environment's private key by another library than reseal's. */
export interface Box {
  readonly keyId: string;
  /** Undefined where it was sealed to another key. */
  readonly opened: string | undefined;
}

/** Every box that was put into the environment, in order. */
export function boxesOf({ sandbox }: Installed): readonly Box[] {
  const { publicKey, privateKey } = sandbox.github.key(PLACE.repo, PLACE.environment);
  return sandbox.github.requests
    .filter(({ method }) => method === 'PUT')
    .map(({ body }) => {
      const { key_id, encrypted_value } = JSON.parse(body.toString()) as Record<string, string>;
      const opened = open(Buffer.from(encrypted_value ?? '', 'base64'), publicKey, privateKey);
      return { keyId: key_id ?? '', opened: opened ? Buffer.from(opened).toString() : undefined };
    });
}
