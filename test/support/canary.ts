import { createHash } from 'node:crypto';

/**
 * Every shape in which a token could leak: raw, reversed, any twelve characters of it, base64 in its three phases, hex,
 * percent, JSON escapes, UTF-16, and the plain hash that crates.io itself looks tokens up by.
 */
export function shapesOf(token: string): ReadonlyMap<string, Buffer> {
  const raw = Buffer.from(token);
  const shapes = new Map<string, Buffer>([
    ['raw', raw],
    ['reversed', Buffer.from([...token].reverse().join(''))],
    ['hex', Buffer.from(raw.toString('hex'))],
    ['HEX', Buffer.from(raw.toString('hex').toUpperCase())],
    ['percent', Buffer.from([...raw].map((byte) => `%${byte.toString(16).toUpperCase()}`).join(''))],
    ['json', Buffer.from([...raw].map((byte) => `\\u00${byte.toString(16)}`).join(''))],
    ['entities', Buffer.from([...raw].map((byte) => `&#${byte};`).join(''))],
    ['utf16le', Buffer.from(token, 'utf16le')],
    ['utf16be', Buffer.from(token, 'utf16le').swap16()],
    ['sha256', Buffer.from(createHash('sha256').update(raw).digest('hex'))],
    ['sha256 bytes', createHash('sha256').update(raw).digest()],
  ]);
  for (const phase of [0, 1, 2]) {
    // Only the groups of three that hold nothing but token, since neighbours change the others.
    const inner = raw.subarray(phase === 0 ? 0 : 3 - phase);
    const whole = inner.subarray(0, inner.length - (inner.length % 3)).toString('base64');
    shapes.set(`base64 phase ${phase}`, Buffer.from(whole));
    shapes.set(`base64url phase ${phase}`, Buffer.from(whole.replaceAll('+', '-').replaceAll('/', '_')));
  }
  for (let start = 0; start + 12 <= token.length; start++) {
    shapes.set(`characters ${start}…${start + 12}`, Buffer.from(token.slice(start, start + 12)));
  }
  return shapes;
}

/** Where and in which shape a token stands in `sinks`. */
export function findLeaks(token: string, sinks: ReadonlyMap<string, Buffer>): readonly string[] {
  const shapes = shapesOf(token);
  return [...sinks].flatMap(([sink, bytes]) =>
    [...shapes].filter(([, shape]) => bytes.includes(shape)).map(([shape]) => `${sink}: ${shape}`),
  );
}
