import { parseHttpDate } from './http-date.ts';

const DEADLINE_MS = 10_000;

/**
 * What GitHub's clock shows, from the `Date` header (RFC 9110 §6.6.1) of its API's root, which asks for no token. Without `fetch`: an
 * idle daemon asks nothing else, and `fetch` keeps twice the memory for it.
 *
 * @returns undefined where it cannot be learned
 */
export async function readGitHubClock(options: {
  readonly apiUrl: string;
  readonly version: string;
}): Promise<Date | undefined> {
  try {
    return parseHttpDate(await readDate(new URL(`${options.apiUrl}/`), options.version));
  } catch {
    return undefined;
  }
}

/** Follows no redirect, and leaves no connection open. @throws when nobody answers there */
function readDate(url: URL, version: string): Promise<string | null> {
  // An `import` of either costs 25 ms at start.
  const { request } =
    url.protocol === 'http:' ? process.getBuiltinModule('node:http') : process.getBuiltinModule('node:https');
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': `reseal/${version}`, connection: 'close' };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const asked = request(url, { method: 'HEAD', headers, signal }, (answer) => {
      // Whatever becomes of the connection now, the head has been read.
      answer.on('error', () => undefined).resume();
      resolve(answer.headers.date ?? null);
    });
    asked.on('error', reject).end();
  });
}
