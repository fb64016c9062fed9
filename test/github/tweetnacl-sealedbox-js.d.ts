/** The package brings no types; only what the tests use of it (its README). */
declare module 'tweetnacl-sealedbox-js' {
  export function open(sealed: Uint8Array, publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | null;
}
