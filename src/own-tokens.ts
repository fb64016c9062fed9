import { statSync } from 'node:fs';
import type { App } from './app.ts';
import { readSecretFile } from './app.ts';
import { daysBetween } from './domain/calendar.ts';
import type { NewVersion } from './domain/credential.ts';
import { describeError, isAppError } from './domain/error.ts';
import { daysLeft } from './domain/expiry.ts';
import type { OwnToken } from './domain/own-token.ts';
import { OWN_NAMES } from './domain/own-token.ts';
import type { TokenExpiry, TokenObservation } from './github/token-expiry.ts';
import type { Served } from './outside.ts';
import type { Report } from './remind/sweep.ts';
import type { OwnTokenAnswer } from './sqlite/own-tokens.ts';
import { keepAnswer, lastAnswer } from './sqlite/own-tokens.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One refusal may be GitHub's mistake: only a second one, so much later, counts. */
const SECOND_REFUSAL_MS = 10 * 60_000;
const SAME_MS = 60_000;
const WARN_DAYS = 14;
/** Nobody knows how long it has lived, and much hangs on it: reminders begin three weeks ahead at the latest. */
const LEAST_DAYS = 61;
/** Answers closer together than this do not show that a header moves with the call. */
const APART_MS = 2_000;
/** Personal tokens: for these a missing header says that they never expire. */
const PERSONAL = /^(ghp_|github_pat_)/;

export interface OwnTokenWatch {
  /** Asks GitHub about each of reseal's own tokens: daily, and when its file holds another one. */
  look(app: App): Promise<void>;
}

interface Own {
  readonly name: string;
  readonly file: string;
  readonly stamp: number;
}

/** What could not be asked is asked in an hour, or once another file is there. */
interface Failed {
  readonly from: Date;
  readonly until: Date;
  readonly stamp: number;
  readonly reason: string;
}

export function watchOwnTokens(report: Report): OwnTokenWatch {
  const failed = new Map<string, Failed>();
  return {
    look: async (app) => {
      for (const own of ownFiles(app)) {
        const now = app.world.now();
        const before = failed.get(own.name);
        if (before?.stamp === own.stamp && now >= before.from && now < before.until) continue;
        if (!isDue(lastAnswer(app.db, own.name), own.stamp, now)) continue;
        try {
          await lookAt(app, own, report);
          failed.delete(own.name);
        } catch (error) {
          if (!isAppError(error)) throw error;
          const waitMs = Math.max(HOUR_MS, error.retryAfterMs ?? 0);
          const reason = describeError(error);
          const until = new Date(now.getTime() + waitMs);
          failed.set(own.name, { from: now, until, stamp: own.stamp, reason });
          if (before?.reason !== reason) report({ event: 'own-token.unread', detail: reason });
        }
      }
    },
  };
}

function ownFiles({ config }: App): readonly Own[] {
  const { sealTokenFile, verifyTokenFile } = config.github;
  const files = [
    { name: OWN_NAMES.seal, file: sealTokenFile },
    { name: OWN_NAMES.verify, file: verifyTokenFile },
  ];
  return files.flatMap(({ name, file }) => (file ? [{ name, file, stamp: stampOf(file) }] : []));
}

/** When the file was last written, or put there. @returns 0 where it cannot be seen */
function stampOf(file: string): number {
  try {
    const { mtimeMs, ctimeMs } = statSync(file);
    return Math.floor(Math.max(mtimeMs, ctimeMs));
  } catch {
    return 0;
  }
}

function isDue(last: OwnTokenAnswer | undefined, stamp: number, now: Date): boolean {
  if (!last || last.fileStamp !== stamp) return true;
  const { askedAt, refusedSince } = last;
  const waitMs = refusedSince ? (isSettled(refusedSince, askedAt) ? HOUR_MS : SECOND_REFUSAL_MS) : DAY_MS;
  const passed = now.getTime() - askedAt.getTime();
  // A clock that was put back must not keep anybody from looking for longer.
  return passed < 0 || passed >= waitMs;
}

function isSettled(refusedSince: Date, at: Date): boolean {
  return at.getTime() - refusedSince.getTime() >= SECOND_REFUSAL_MS;
}

async function lookAt(app: App, { name, file, stamp }: Own, report: Report): Promise<void> {
  const token = readSecretFile(file, `the GitHub token of "${name}"`);
  const expiry = await ask(app, token, file);
  const now = app.world.now();
  const last = lastAnswer(app.db, name);
  if (expiry.kind === 'refused') {
    const since = last?.fileStamp === stamp && last.refusedSince ? last.refusedSince : now;
    keepAnswer(app.db, name, { askedAt: now, refusedSince: since, fileStamp: stamp });
    if (isSettled(since, now)) app.register.declare(name, 'revoked', now);
    report({ event: 'own-token.refused', detail: name });
    return;
  }
  keepAnswer(app.db, name, { askedAt: now, refusedSince: undefined, fileStamp: stamp });
  // A new date is another token; without one it is the same that is taken again.
  if (!noteExpiry(app, name, expiry, tellsOfNever(app, token))) app.register.restore(name, now);
  if (expiry.kind === 'unknown') report({ event: 'own-token.expiry-unknown', detail: name });
}

async function ask(
  { config, world }: App,
  token: string,
  file: string,
): Promise<TokenExpiry | { readonly kind: 'refused' }> {
  const { apiUrl } = config.github;
  const { courier }: Served = world;
  if (courier) return courier.readTokenExpiry(apiUrl, token, file);
  const { openClient } = await import('./github/client.ts');
  const { readTokenExpiry } = await import('./github/token-expiry.ts');
  const client = openClient({ apiUrl, token, tokenFile: file, fetch: world.fetch, version: world.version });
  return readTokenExpiry(client, world.sleep);
}

/** Whether a missing header says that the token never expires. What an Enterprise Server leaves out says nothing. */
function tellsOfNever({ config }: App, token: string): boolean {
  const { host } = new URL(config.github.apiUrl);
  return PERSONAL.test(token) && (host === 'api.github.com' || host.endsWith('.ghe.com'));
}

/** What `rotate` has seen in passing of the token that it seals with. That it cannot be kept is no failure of the rotation. */
export async function noteOwnToken(
  app: App,
  which: OwnToken,
  seen: readonly TokenObservation[],
): Promise<void> {
  const times = seen.flatMap(({ serverTime }) => (serverTime ? [serverTime.getTime()] : []));
  if (Math.max(...times) - Math.min(...times) < APART_MS || times.length < 2) return;
  const { judgeTokenExpiry } = await import('./github/token-expiry.ts');
  try {
    noteExpiry(app, OWN_NAMES[which], judgeTokenExpiry(seen), false);
  } catch (error) {
    if (!isAppError(error)) throw error;
  }
}

/** @returns whether that is a new version */
function noteExpiry(app: App, name: string, found: TokenExpiry, tellsOfNever: boolean): boolean {
  const before = app.register.find(name)?.current?.expiry;
  if (found.kind === 'known') {
    if (before?.kind === 'known' && Math.abs(before.at.getTime() - found.at.getTime()) <= SAME_MS)
      return false;
    const now = app.world.now();
    const lifetimeDays = Math.max(LEAST_DAYS, daysBetween(now, found.at));
    app.register.addVersion(name, observed({ ...found, source: 'observed' }, lifetimeDays), now);
    return true;
  }
  if (found.kind === 'unknown' || !tellsOfNever || before?.kind === 'never') return false;
  app.register.addVersion(name, observed({ kind: 'never', source: 'observed' }, undefined), app.world.now());
  return true;
}

function observed(expiry: NewVersion['expiry'], lifetimeDays: number | undefined): NewVersion {
  return { expiry, lifetimeDays, createdAt: undefined, checked: 'live' };
}

/** @returns undefined where the token that seals has more than two weeks to live, or nobody knows */
export function ownTokenWarning(app: App, now: Date): string | undefined {
  const expiry = app.register.find(OWN_NAMES.seal)?.current?.expiry;
  const left = expiry && daysLeft(expiry, now);
  if (left === undefined || left > WARN_DAYS) return undefined;
  const when = left < 0 ? 'should have expired by now' : `expires in ${left} ${left === 1 ? 'day' : 'days'}`;
  return `the GitHub token that reseal seals with ${when}: renew it too (${app.config.github.sealTokenFile})`;
}
