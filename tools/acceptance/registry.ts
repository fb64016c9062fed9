import { classify } from '../../src/registries/crates-io.ts';
import type { Talk } from './talk.ts';

export interface RegistryQuestions {
  readonly url: string;
  readonly live: string | undefined;
  readonly dead: string | undefined;
  readonly talk: Talk;
}

const CALL_MS = 15_000;

/** Reads only; crates.io may note that a token was used. */
export async function askRegistry({ url, live, dead, talk }: RegistryQuestions): Promise<void> {
  if (dead) talk.note('g', `a dead token: ${await probe(url, dead)}`, /read as refused$/);
  if (!live) return;
  const page = `${url}/settings/tokens`;
  const before = await talk.ask(`h: what does "Last used" say of the live token on ${page}?`);
  talk.note('g', `a live, scoped token: ${await probe(url, live)}`, /read as live$/);
  const after = await talk.ask('h: load that page again: and now?');
  talk.note('h', `"Last used" before: ${before || 'not looked'}; after: ${after || 'not looked'}`);
}

async function probe(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/me/tokens/0`, {
    headers: { authorization: token, 'user-agent': 'reseal-acceptance', accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(CALL_MS),
  });
  const body = (await response.text()).slice(0, 4096);
  return `${response.status} ${body.slice(0, 200)}, read as ${classify(response.status, body).verdict}`;
}
