import type { MailContext } from './section.ts';
import { quoted } from './words.ts';

/** Where the registries keep the settings of what is published there. */
const REGISTRIES: readonly string[] = ['https://crates.io/', 'https://www.npmjs.com/', 'https://pypi.org/'];

const ADDRESS = /https:\/\/[^\s<>"'`()[\]{}\\]+/g;

const LONGEST_REMEDY = 1000;

/**
 * A remedy in a sentence, and the page that it begins at as a link of its own. Addresses of other pages stay readable, and none of
 * them is a link: text that came from a service must not become one.
 */
export function splitRemedy(
  remedy: string,
  repo: string | undefined,
  context: MailContext,
): { readonly text: string; readonly link: string | undefined } {
  const trusted = [...REGISTRIES, ...gitHubPages(repo, context)];
  const found = [...remedy.matchAll(ADDRESS)].map(([address]) => address.replace(/[.,;:!?]+$/, ''));
  const known = found.filter((address) => isBelow(address, trusted));
  const link = known[0];
  const text = [...new Set(known)]
    // The longest first, since one may be the beginning of another.
    .sort((a, b) => b.length - a.length)
    .reduce(
      (words, address) =>
        words.replaceAll(address, address === link ? 'the page below' : address.slice('https://'.length)),
      remedy,
    );
  return { text: asTyped(quoted(text, LONGEST_REMEDY), repo, context), link };
}

/** As it is written: one that a browser would read as another address (`/../`) is none of ours. */
function isBelow(address: string, trusted: readonly string[]): boolean {
  const read = URL.parse(address)?.href;
  const same = read === address || read === `${address}/`;
  return same && trusted.some((start) => `${address}/`.startsWith(start));
}

/** What package.json says of the repository is typed as it stands. */
function asTyped(text: string, repo: string | undefined, context: MailContext): string {
  const origin = originOf(repo, context);
  if (!origin) return text;
  const address = `${origin}/${repo}.git`;
  return text.replaceAll(`git+${quoted(address)}`, `git+${address}`);
}

/** Below the repository, and the settings of its organisation. */
function gitHubPages(repo: string | undefined, context: MailContext): readonly string[] {
  const origin = originOf(repo, context);
  if (!origin) return [];
  const [owner] = repo?.split('/') ?? [];
  return [`${origin}/${repo}/`, `${origin}/organizations/${owner}/`, `${origin}/orgs/${owner}/`];
}

function originOf(repo: string | undefined, { settingsPage }: MailContext): string | undefined {
  const page = repo && settingsPage({ repo, environment: '', secret: '' });
  return page ? new URL(page).origin : undefined;
}
