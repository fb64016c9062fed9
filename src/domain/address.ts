/**
 * A bare mail address (RFC 5321 addr-spec in its plain form): no display name, no quoted local part, no list. Mail
 * libraries read a comma or an angle bracket in an address as more recipients, so neither gets past this check.
 */
export function isMailAddress(text: string): boolean {
  const match = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([A-Za-z0-9.-]{1,253})$/.exec(text);
  if (!match) return false;
  const [, local = '', domain = ''] = match;
  const dotted = (part: string) => !part.startsWith('.') && !part.endsWith('.') && !part.includes('..');
  const labels = domain
    .split('.')
    .every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
  return dotted(local) && labels;
}

/** A sender as people write it: `reseal <reseal@example.org>`, or the bare address. */
export interface Sender {
  readonly name: string | undefined;
  readonly address: string;
}

/** @returns undefined when `text` is neither form, or when the name holds control characters, quotes or brackets. */
export function parseSender(text: string): Sender | undefined {
  if (isMailAddress(text)) return { name: undefined, address: text };
  const match = /^([^<>",;\p{Cc}]{1,100}?)\s*<([^<>]+)>$/u.exec(text);
  if (!match) return undefined;
  const [, name = '', address = ''] = match;
  return isMailAddress(address) ? { name: name.trim(), address } : undefined;
}
