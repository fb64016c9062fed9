/**
 * Base64 in the alphabet for addresses, without padding (RFC 4648 §5), from bytes to bytes: a string could not be wiped. Letters and
 * digits mean the same in both alphabets of base64.
 *
 * @returns undefined where it is none: another character, or a length that nothing gives
 */
export function decodeBase64Url(text: Uint8Array): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const byte of text) {
    const value = sextetOf(byte);
    if (value === undefined) {
      bytes.fill(0);
      return undefined;
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >>> held;
  }
  return bytes;
}

/** What a letter of the alphabet is worth, from 0 to 63. */
export function sextetOf(byte: number): number | undefined {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52;
  if (byte === 0x2d) return 62;
  return byte === 0x5f ? 63 : undefined;
}
