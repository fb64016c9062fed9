import { parseHttpDate } from './http-date.ts';

const DEADLINE_MS = 10_000;

/**
 * What GitHub's clock shows, from the `Date` header (RFC 9110 §6.6.1) of its API's root, which asks for no token.
 *
 * @returns undefined where it cannot be learned
 */
export async function readGitHubClock(options: {
  readonly apiUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly version: string;
}): Promise<Date | undefined> {
  try {
    const answer = await options.fetch(`${options.apiUrl}/`, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'user-agent': `reseal/${options.version}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return parseHttpDate(answer.headers.get('date'));
  } catch {
    return undefined;
  }
}
