// npm run acceptance -- --repo OWNER/NAME --environment NAME --secret NAME --token-file FILE [--read-token-file FILE] [--api-url URL]
// [--registry-url URL --live-token-file FILE --dead-token-file FILE]: asks the live services what docs/acceptance.md lists. For a person
// with a throw-away repository: it touches that one secret and nothing else, asks before each write, and prints no secret.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { askGitHub } from './acceptance/github.ts';
import { askRegistry } from './acceptance/registry.ts';
import { openTalk } from './acceptance/talk.ts';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

class Problem extends Error {}

const { values } = parseArgs({
  options: {
    repo: { type: 'string' },
    environment: { type: 'string' },
    secret: { type: 'string' },
    'token-file': { type: 'string' },
    'read-token-file': { type: 'string' },
    'api-url': { type: 'string', default: 'https://api.github.com' },
    'registry-url': { type: 'string', default: 'https://staging.crates.io' },
    'live-token-file': { type: 'string' },
    'dead-token-file': { type: 'string' },
  },
});

function needed(name: 'repo' | 'environment' | 'secret' | 'token-file'): string {
  const value = values[name];
  if (!value) throw new Problem(`--${name} is missing: see docs/acceptance.md`);
  return value;
}

function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[!-~]+$/.test(token)) throw new Problem(`"${file}" does not hold one token and nothing else`);
  return token;
}

/** Nothing but this machine's own stand-ins is asked without TLS, or by a machine that builds. */
function allowed(address: string): string {
  const { protocol, hostname } = new URL(address);
  const isHere = LOOPBACK.includes(hostname);
  if (protocol !== 'https:' && !isHere)
    throw new Problem(`${address}: only https is spoken to other machines`);
  if (process.env['CI'] && !isHere)
    throw new Problem(`CI is set, and ${hostname} is a live service: this is for a person at a terminal`);
  return address.replace(/\/$/, '');
}

async function main(): Promise<void> {
  const place = {
    repo: needed('repo'),
    environment: needed('environment'),
    secret: needed('secret').toUpperCase(),
  };
  if (!/^[\w.-]+\/[\w.-]+$/.test(place.repo)) throw new Problem('--repo is not OWNER/NAME');
  if (!/^[A-Z_][A-Z0-9_]*$/.test(place.secret)) throw new Problem('--secret is no name of a secret');
  const token = tokenIn(needed('token-file'));
  const readToken = tokenIn(values['read-token-file']);
  const live = tokenIn(values['live-token-file']);
  const dead = tokenIn(values['dead-token-file']);
  const [apiUrl, registryUrl] = [allowed(values['api-url']), allowed(values['registry-url'])];
  const talk = openTalk([token, readToken, live, dead].filter((one) => one !== undefined));
  talk.say(`GitHub: ${apiUrl}, ${place.repo} › ${place.environment} › ${place.secret}`);
  await askGitHub({ apiUrl, place, token: token ?? '', readToken, talk });
  if (live ?? dead) {
    talk.say(`\ncrates.io: ${registryUrl}`);
    await askRegistry({ url: registryUrl, live, dead, talk });
  }
  talk.end([`GitHub ${apiUrl}`, ...((live ?? dead) ? [`crates.io ${registryUrl}`] : [])]);
}

try {
  await main();
} catch (error) {
  // What a library says may hold what it was given.
  const { name, cause } = error as Error & { cause?: { code?: string } };
  console.error(error instanceof Problem ? error.message : `it broke: ${name} ${cause?.code ?? ''}`);
  process.exitCode = 2;
}
