/** Addresses of the pages on which a person changes what a rule asks about. */
export interface Pages {
  /** Of the repository, such as `https://github.com/acme/widgets`; undefined: not known for this API address. */
  readonly repository: string | undefined;
  /** Without a trailing slash, such as `https://crates.io`; npm's pages are at `https://www.npmjs.com`. */
  readonly cratesIo: string;
  readonly npm: string;
  readonly pypi: string;
}

/** A page below the repository, or words for where it would be. */
export function settingsOf({ repository }: Pages, path: string, words: string): string {
  return repository ? `${repository}/${path}` : words;
}
