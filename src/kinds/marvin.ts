/**
 * Marvin32, a checksum in which Microsoft's services end their keys.
 *
 * Source: microsoft/SymCrypt, lib/marvin32.c; Marvin.cs of microsoft/security-utilities.
 *
 * @param seed its low and its high word
 */
export function marvin32(bytes: Uint8Array, seed: readonly [number, number]): number {
  let state = seed;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) state = stir(state, wordOf(bytes.subarray(at, at + 4)));
  // What is left over is closed with this byte, and zeros.
  state = stir(state, wordOf(Uint8Array.of(...bytes.subarray(whole), 0x80)));
  const [low, high] = stir(state, 0);
  return (low ^ high) >>> 0;
}

function stir([before, above]: readonly [number, number], word: number): readonly [number, number] {
  let low = (before + word) >>> 0;
  let high = above ^ low;
  low = (rotate(low, 20) + high) >>> 0;
  high = rotate(high, 9) ^ low;
  low = (rotate(low, 27) + high) >>> 0;
  high = rotate(high, 19);
  return [low, high >>> 0];
}

/** Up to four bytes, the least first. */
function wordOf(bytes: Uint8Array): number {
  return bytes.reduceRight((word, byte) => (word << 8) | byte, 0) >>> 0;
}

function rotate(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}
