/** The tokens that reseal itself works with, by what they are for. */
export type OwnToken = 'seal' | 'verify';

/** What they are called in the register. No credential of the configuration may be called so. */
export const OWN_NAMES: Readonly<Record<OwnToken, string>> = {
  seal: 'reseal-seal-token',
  verify: 'reseal-verify-token',
};

/** @returns undefined for the name of any other credential */
export function ownTokenOf(name: string): OwnToken | undefined {
  return (['seal', 'verify'] as const).find((which) => OWN_NAMES[which] === name);
}
