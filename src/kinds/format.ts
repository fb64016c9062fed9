/** The token as ASCII; other bytes become `?`, so that no pattern matches across them. */
export function asAscii(token: Uint8Array): string {
  return Array.from(token, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : '?')).join('');
}

/** GitHub's limit for a secret: 48 KB of UTF-8 (docs.github.com, "Secrets reference"). */
export const MAX_SECRET_BYTES = 49_152;

const FOREIGN: readonly { readonly pattern: RegExp; readonly kind: string; readonly what: string }[] = [
  {
    pattern: /^cio_tp_/,
    kind: 'crates-io-trusted',
    what: 'a short-lived crates.io trusted-publishing token',
  },
  { pattern: /^cio[A-Za-z0-9]{32}$/, kind: 'crates-io-token', what: 'a crates.io token' },
  { pattern: /^gh[pousr]_/, kind: 'github-token', what: 'a GitHub token' },
  { pattern: /^github_pat_/, kind: 'github-token', what: 'a GitHub token' },
  { pattern: /^npm_/, kind: 'npm-token', what: 'an npm token' },
  { pattern: /^pypi-/, kind: 'pypi-token', what: 'a PyPI token' },
  { pattern: /^-----BEGIN /, kind: 'pem', what: 'a PEM block (a key or a certificate)' },
];

/** What a pasted text looks like, by the prefixes that issuers give their tokens. Nothing is sent anywhere. */
export function recognise(text: string): { readonly kind: string; readonly what: string } | undefined {
  return FOREIGN.find((entry) => entry.pattern.test(text));
}

/** Problems that any single-line token can have: emptiness, hidden characters, a whole line of a file around it. */
export function singleLineProblems(token: Uint8Array): readonly string[] {
  if (token.length === 0) return ['nothing was pasted'];
  const text = asAscii(token);
  if (/["'`=]/.test(text) && recognise(text) === undefined) {
    return ['it holds quotes or an equals sign: paste only the token, without its name and quotes'];
  }
  const hidden = token.findIndex((byte) => byte < 0x21 || byte > 0x7e);
  if (hidden >= 0) {
    return [
      `there is a space, a line break or a hidden character at position ${hidden + 1} of ${token.length} bytes: copy the token again, by the issuer's copy button`,
    ];
  }
  return [];
}

/** Problems that any secret can have, whatever it is made of. */
export function sizeProblems(token: Uint8Array): readonly string[] {
  if (token.length === 0) return ['nothing was pasted'];
  return token.length > MAX_SECRET_BYTES
    ? [`it is larger than GitHub stores (${MAX_SECRET_BYTES} bytes)`]
    : [];
}

/** Drops what a clipboard or a terminal adds at both ends: ASCII space, tab, CR and LF. Anything else is kept and judged. */
export function trimAscii(token: Uint8Array): Uint8Array {
  const blank = (byte: number | undefined) =>
    byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
  let start = 0;
  let end = token.length;
  while (start < end && blank(token[start])) start++;
  while (end > start && blank(token[end - 1])) end--;
  return token.subarray(start, end);
}
