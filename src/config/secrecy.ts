/** Texts that only a secret has: prefixes of issuers with enough behind them, PEM blocks, a URL that carries a password or is one. */
const SECRETS: readonly RegExp[] = [
  /gh[pousr]_[A-Za-z0-9]{20,}/,
  /github_pat_[A-Za-z0-9_]{20,}/,
  /\bcio[A-Za-z0-9]{32}\b/,
  /\bcio_tp_[A-Za-z0-9]{10,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\bpypi-[A-Za-z0-9_-]{50,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ/,
  /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/]{10,}/,
  /discord(?:app)?\.com\/api\/webhooks\/[0-9]{5,}\/[A-Za-z0-9_-]{10,}/,
  /\boy2[a-p][a-z2-7]{42}\b/,
  /[A-Za-z0-9+/]{52}JQQJ99[A-Za-z0-9+/]{18}NUGT/,
  /[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}/,
  /\brubygems_[0-9a-f]{40,}/,
  /\bhex_[0-9a-f]{40}/,
  /\bdckr_[po]at_[A-Za-z0-9_-]{20,}/,
  /\bcf(?:ut|at|k)_[A-Za-z0-9]{20,}/,
  /\bovsx(?:at|p)_[A-Za-z0-9_-]{20,}/,
  /-----BEGIN [A-Z0-9 ]{1,40}-----/,
  /:\/\/[^\s/:]{0,200}:[^\s/@]{1,200}@/,
];

export function looksLikeSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text));
}

/** A key as it may be shown. One that could be a secret pasted into the wrong place becomes `…`. */
export function showKey(key: string): string {
  const opaque =
    /^[0-9a-f]{32,}$/.test(key) ||
    (key.length >= 24 && /\d/.test(key) && /[a-z]/.test(key) && /[A-Z]/.test(key));
  const plain = /^[\w@<][\w.@/<* -]{0,99}$/.test(key);
  return plain && !opaque && !looksLikeSecret(key) ? key : '…';
}
