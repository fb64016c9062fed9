import type { App } from './app.ts';
import { readSecretFile } from './app.ts';
import { daysBetween } from './domain/calendar.ts';
import type { NewVersion } from './domain/credential.ts';
import { describeError, isAppError } from './domain/error.ts';
import { daysLeft } from './domain/expiry.ts';
import type { TokenExpiry, TokenObservation } from './github/token-expiry.ts';
import type { OwnToken } from './register/own.ts';
import { OWN_NAMES } from './register/own.ts';
import type { Report } from './remind/sweep.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One refusal may be GitHub's mistake; the second is not asked for at once. */
const SECOND_REFUSAL_MS = 10 * 60_000;
const SAME_MS = 60_000;
const WARN_DAYS = 14;
/** Nobody knows how long it has lived, and much hangs on it: reminders begin three weeks ahead at the latest. */
const LEAST_DAYS = 61;
/** Personal tokens: for these a missing header says that they never expire. */
const PERSONAL = /^(ghp_|github_pat_)/;

export interface OwnTokenWatch {
  /** Looks at each of reseal's own tokens at the start and then daily. */
  look(app: App): Promise<void>;
}

export function watchOwnTokens(report: Report): OwnTokenWatch {
  const next = new Map<OwnToken, Date>();
  const refused = new Set<OwnToken>();
  const one = async (app: App, which: OwnToken, file: string): Promise<number> => {
    try {
      const token = readSecretFile(file, `the GitHub token in "${file}"`);
      const expiry = await ask(app, token, file);
      if (expiry.kind !== 'refused') {
        refused.delete(which);
        app.register.restore(OWN_NAMES[which], app.world.now());
        noteExpiry(app, which, expiry, PERSONAL.test(token));
        if (expiry.kind === 'unknown')
          report({ event: 'own-token.expiry-unknown', detail: OWN_NAMES[which] });
        return DAY_MS;
      }
      const again = refused.has(which);
      refused.add(which);
      if (again) app.register.declare(OWN_NAMES[which], 'revoked', app.world.now());
      report({ event: 'own-token.refused-failed', detail: OWN_NAMES[which] });
      return again ? HOUR_MS : SECOND_REFUSAL_MS;
    } catch (error) {
      if (!isAppError(error)) throw error;
      report({ event: 'own-token.unread', detail: describeError(error) });
      return Math.max(HOUR_MS, error.retryAfterMs ?? 0);
    }
  };
  return {
    look: async (app) => {
      const { sealTokenFile, verifyTokenFile } = app.config.github;
      for (const [which, file] of [
        ['seal', sealTokenFile],
        ['verify', verifyTokenFile],
      ] as const) {
        const now = app.world.now();
        const at = next.get(which);
        // A clock that was put back must not keep anybody from looking for longer than a day.
        if (!file || (at && at > now && at.getTime() - now.getTime() <= DAY_MS)) continue;
        next.set(which, new Date(now.getTime() + (await one(app, which, file))));
      }
    },
  };
}

async function ask(
  app: App,
  token: string,
  file: string,
): Promise<TokenExpiry | { readonly kind: 'refused' }> {
  const { openClient } = await import('./github/client.ts');
  const { readTokenExpiry } = await import('./github/token-expiry.ts');
  const { config, world } = app;
  const { apiUrl } = config.github;
  const client = openClient({ apiUrl, token, tokenFile: file, fetch: world.fetch, version: world.version });
  return readTokenExpiry(client, world.sleep);
}

/** What `rotate` has seen in passing of the token that it seals with. */
export async function noteOwnToken(
  app: App,
  which: OwnToken,
  seen: readonly TokenObservation[],
): Promise<void> {
  const { judgeTokenExpiry } = await import('./github/token-expiry.ts');
  const expiry = judgeTokenExpiry(seen);
  if (expiry.kind === 'known') noteExpiry(app, which, expiry, false);
}

function noteExpiry(app: App, which: OwnToken, expiry: TokenExpiry, personal: boolean): void {
  const name = OWN_NAMES[which];
  const before = app.register.find(name)?.current?.expiry;
  const now = app.world.now();
  const version = (found: NewVersion['expiry']): NewVersion => ({
    expiry: found,
    lifetimeDays: found.kind === 'known' ? Math.max(LEAST_DAYS, daysBetween(now, found.at)) : undefined,
    createdAt: undefined,
    checked: 'live',
  });
  if (expiry.kind === 'known') {
    const same = before?.kind === 'known' && Math.abs(before.at.getTime() - expiry.at.getTime()) < SAME_MS;
    if (!same) app.register.addVersion(name, version({ ...expiry, source: 'observed' }), now);
  } else if (expiry.kind === 'none' && personal && before?.kind !== 'never') {
    app.register.addVersion(name, version({ kind: 'never', source: 'observed' }), now);
  }
}

/** @returns undefined where the token that seals has two weeks or more to live, or nobody knows */
export function ownTokenWarning(app: App, now: Date): string | undefined {
  const expiry = app.register.find(OWN_NAMES.seal)?.current?.expiry;
  const left = expiry && daysLeft(expiry, now);
  if (left === undefined || left > WARN_DAYS) return undefined;
  return `the GitHub token that reseal itself seals with expires in ${left} ${left === 1 ? 'day' : 'days'}: renew it too (${app.config.github.sealTokenFile})`;
}
