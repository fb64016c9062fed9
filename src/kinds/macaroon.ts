/** What a macaroon says of itself. Its identifier and its signature, which make it a token, are not taken out. */
export interface Macaroon {
  /** Who made it, such as `pypi.org`; undefined: it does not say. */
  readonly location: Uint8Array | undefined;
  /** In their order; each of them has to hold. */
  readonly caveats: readonly Caveat[];
}

export interface Caveat {
  readonly condition: Uint8Array;
  /** Another service has to say that it holds. */
  readonly thirdParty: boolean;
}

const VERSION = 2;
const END = 0;
const LOCATION = 1;
const IDENTIFIER = 2;
/** What only a caveat of a third party has. */
const VERIFICATION = 4;
const SIGNATURE = 6;
const SIGNATURE_LENGTH = 32;

/**
 * Reads the packed form of version 2. No signature is checked: only its maker has the key.
 *
 * Source: rescrv/libmacaroons, doc/format.txt, "Binary Format V2".
 *
 * @returns views of `bytes`; or the reason why it is none, as the end of a sentence
 */
export function readMacaroon(bytes: Uint8Array): Macaroon | string {
  if (bytes.length === 0) return 'is empty';
  if (bytes[0] !== VERSION) return 'is not a macaroon of version 2';
  const header = sectionAt(bytes, 1);
  if (!header) return CUT;
  if (!isInOrder(header.packets)) return FOREIGN;
  const caveats: Caveat[] = [];
  let { end } = header;
  // An empty section ends the caveats: what follows it is the signature.
  for (;;) {
    const section = sectionAt(bytes, end);
    if (!section) return CUT;
    end = section.end;
    if (section.packets.length === 0) break;
    if (!isInOrder(section.packets)) return FOREIGN;
    caveats.push(caveatOf(section.packets));
  }
  return signatureProblem(bytes.subarray(end)) ?? { location: contentOf(header.packets, LOCATION), caveats };
}

const CUT = 'is cut off';
const FOREIGN = 'has parts that do not belong there';

interface Packet {
  readonly type: number;
  readonly content: Uint8Array;
}

interface Section {
  readonly packets: readonly Packet[];
  /** Where the next one begins. */
  readonly end: number;
}

/** @returns undefined where it ends before its END */
function sectionAt(bytes: Uint8Array, start: number): Section | undefined {
  const packets: Packet[] = [];
  for (let at = start; at < bytes.length; ) {
    const type = bytes[at++] ?? END;
    if (type === END) return { packets, end: at };
    const length = varintAt(bytes, at);
    if (!length) return undefined;
    const end = length.end + length.value;
    if (end > bytes.length) return undefined;
    packets.push({ type, content: bytes.subarray(length.end, end) });
    at = end;
  }
  return undefined;
}

function signatureProblem(rest: Uint8Array): string | undefined {
  const length = 2 + SIGNATURE_LENGTH;
  if (rest.length === 0) return CUT;
  if (rest[0] !== SIGNATURE || (rest.length > 1 && rest[1] !== SIGNATURE_LENGTH))
    return 'has no right signature';
  if (rest.length === length) return undefined;
  return rest.length < length ? CUT : FOREIGN;
}

function caveatOf(packets: readonly Packet[]): Caveat {
  return {
    condition: contentOf(packets, IDENTIFIER) ?? new Uint8Array(),
    thirdParty: contentOf(packets, VERIFICATION) !== undefined,
  };
}

/** Seven bits a byte, the least first, of which the last has no high bit. Nothing here needs more than three bytes. */
function varintAt(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 3; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}

/** An identifier, perhaps a location before it, and perhaps a key behind it; nothing else and nothing twice. */
function isInOrder(section: readonly Packet[]): boolean {
  const types = section.map(({ type }) => type);
  return (
    types.includes(IDENTIFIER) &&
    types.every((type, index) => {
      const before = types[index - 1] ?? END;
      return type > before && [LOCATION, IDENTIFIER, VERIFICATION].includes(type);
    })
  );
}

function contentOf(section: readonly Packet[], wanted: number): Uint8Array | undefined {
  return section.find(({ type }) => type === wanted)?.content;
}
