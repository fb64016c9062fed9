/** Scopes that reach far beyond what a release needs (docs.github.com, "Scopes for OAuth apps"). */
const WIDE: Readonly<Record<string, string>> = {
  repo: 'reads and writes every repository of its account, private ones too',
  workflow: 'changes workflows, and with them what a release runs',
  delete_repo: 'deletes repositories',
  'delete:packages': 'deletes packages',
  user: 'changes the account itself',
  'admin:org': 'changes organisations, their teams and their members',
  'admin:repo_hook': 'sends what happens in repositories anywhere',
  'admin:org_hook': 'sends what happens in organisations anywhere',
  'admin:public_key': 'adds SSH keys to the account',
  'admin:gpg_key': 'adds GPG keys to the account',
  'admin:ssh_signing_key': 'adds signing keys to the account',
  'admin:enterprise': 'administers enterprises',
};

/** @param header `X-OAuth-Scopes`, such as `read:org, repo`; GitHub sends it for classic and OAuth tokens only */
export function scopesOf(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.length > 1_000) return undefined;
  const scopes = header
    .split(',')
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '');
  return scopes.every((scope) => /^[a-z_]{1,40}(:[a-z_]{1,40})?$/.test(scope)) ? scopes : undefined;
}

/** What is to be said against a classic token, and against what it may do. */
export function classicWarnings(token: string, scopes: readonly string[]): readonly string[] {
  const wide = scopes.flatMap((scope) => {
    const reach = Object.hasOwn(WIDE, scope) ? WIDE[scope] : undefined;
    return reach === undefined ? [] : [`its scope ${scope} reaches far: it ${reach}`];
  });
  if (!token.startsWith('ghp_')) return wide;
  return [
    'it is a classic token, good for everything that its account reaches: a fine-grained one can be limited to one repository',
    ...wide,
  ];
}
