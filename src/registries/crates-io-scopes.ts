import type { Secret } from '../domain/secret.ts';
import type { IssuerAnswer } from '../rotate/rotation.ts';
import type { Fact } from '../verify/fact.ts';
import type { CrateFact } from '../verify/facts.ts';
import type { CallOptions, Request } from './crates-io-call.ts';
import { callCratesIo } from './crates-io-call.ts';
import { openCrates } from './crates-io-crate.ts';
import type { Asked, Outcome } from './crates-io-scope-answers.ts';
import { asksForToken, outcomeOf } from './crates-io-scope-answers.ts';
import { judgeScopes, notNeeded } from './crates-io-scope-verdict.ts';
import { readPublic } from './read-public.ts';

/** What a token is for, to be held against what it may do. */
export interface ScopeProbe {
  /** Its declared scopes, as crates.io writes them. */
  readonly declared: readonly string[];
  /** The crates that it publishes; the first that exists is asked about. */
  readonly crates: readonly string[];
}

export interface ScopeQuestions extends ScopeProbe {
  /** Waits until one more request may go out; shared by all who ask crates.io (`takeTurns`). */
  readonly turn: (url: string) => Promise<void>;
}

/** What asking costs, for whoever decides on it (crates.io: src/rate_limiter.rs, controllers/krate/publish.rs). */
export const SCOPE_COST =
  "Asking sends crates.io up to two uploads that hold no crate and so cannot publish anything. Each takes one from what the account may publish (30 new versions at once and one more a minute; 5 new crates and one more every ten minutes), and the token's page shows it as used.";

const MOST_CRATES = 10;
const NEW = 'publish-new';
const UPDATE = 'publish-update';

/**
 * What a live token may do, by questions that change nothing: each is refused for the scope, or for what is missing after it.
 * `yank` is not asked, since a token that has it would act. Order of crates.io's own checks: controllers/krate/publish.rs and
 * owners.rs, controllers/trustpub/github_configs/list.rs at 57fa000.
 */
export async function askScopes(
  options: CallOptions,
  questions: ScopeQuestions,
  token: Secret,
): Promise<IssuerAnswer> {
  const look = openLook(options, questions.turn, token);
  const crates = await look.crates(questions.crates);
  const asked: Asked[] = [];
  for await (const one of look.scopes(questions, crates)) {
    if (one.outcome.kind === 'dead') return { verdict: 'refused', reason: one.outcome.reason };
    asked.push(one);
  }
  const hint = notNeeded(questions, crates);
  return judgeScopes(questions, asked, hint === undefined ? [] : [hint]);
}

type Crates = ReadonlyMap<string, Fact<CrateFact | undefined>>;

function openLook(options: CallOptions, turn: ScopeQuestions['turn'], token: Secret) {
  const ask = async (request: Omit<Request, 'token'>, as: Secret | undefined) => {
    await turn(options.url);
    return callCratesIo(options, { ...request, token: as });
  };
  const outcome = async (request: Omit<Request, 'token'>): Promise<Outcome> =>
    outcomeOf(await ask(request, token));

  async function readCrates(names: readonly string[]): Promise<Crates> {
    const { crate } = openCrates({ ...options, turn });
    const found = new Map<string, Fact<CrateFact | undefined>>();
    for (const name of names.slice(0, MOST_CRATES)) found.set(name, await crate(name));
    return found;
  }

  /** A crate without a single version exists too, so that this is asked of crates.io itself. */
  async function isFree(name: string): Promise<boolean> {
    const path = `/api/v1/crates/${encodeURIComponent(name)}?include=`;
    const question = { registry: 'crates.io', path, accept: 'application/json', maxBytes: 1_048_576, turn };
    const found = await readPublic(options, question);
    return found.known && found.value === undefined;
  }

  /** Asked without the token first: only where crates.io then wants one does its answer to the upload speak of the scope. */
  async function publishing(name: string): Promise<Outcome> {
    const upload = uploadOf(name);
    const asAnybody = await ask(upload, undefined);
    if (asksForToken(asAnybody)) return outcome(upload);
    const instead = outcomeOf(asAnybody);
    return instead.kind === 'unsaid' ? instead : ANYBODY;
  }

  async function* scopes({ declared, crates: names }: ScopeQuestions, crates: Crates): AsyncGenerator<Asked> {
    const own = [...crates.values()].find((one) => one.known && one.value !== undefined);
    const name = own?.known ? own.value?.name : undefined;
    if (name !== undefined) {
      yield { scope: UPDATE, about: name, named: true, outcome: await publishing(name) };
      yield {
        scope: 'trusted-publishing',
        about: name,
        named: true,
        outcome: await outcome(publishersOf(name)),
      };
    }
    const [first] = names;
    const spare = spareName(name ?? first);
    if (first === undefined || spare === undefined) return;
    const unasked = name === undefined && whyUnasked(crates, declared);
    if (unasked) yield { scope: UPDATE, about: first, named: true, outcome: unasked };
    const missing = [...crates].find(([, one]) => one.known && one.value === undefined)?.[0];
    if (declared.includes(NEW)) {
      const about = missing ?? spare;
      const free = await isFree(about);
      const answer: Outcome = free ? await publishing(about) : NOT_FREE;
      yield { scope: NEW, about, named: missing !== undefined, outcome: answer };
    }
    const answer = (await isFree(spare)) ? await outcome(ownersOf(spare)) : NOT_FREE;
    yield { scope: 'change-owners', about: spare, named: false, outcome: answer };
  }

  return { crates: readCrates, scopes };
}

/** Why nothing could be asked about new versions, where that is wanted or not known. */
function whyUnasked(crates: Crates, declared: readonly string[]): Outcome | undefined {
  const [unread] = [...crates.values()].flatMap((one) => (one.known ? [] : [one.reason]));
  if (unread !== undefined) return { kind: 'unsaid', reason: unread };
  return declared.includes(UPDATE)
    ? { kind: 'unsaid', reason: 'none of its crates exists at crates.io yet' }
    : undefined;
}

const ANYBODY: Outcome = {
  kind: 'unsaid',
  reason: 'crates.io does not ask for a token first any more',
};
const NOT_FREE: Outcome = {
  kind: 'unsaid',
  reason: 'there is no name of which it is sure that no crate has it',
};

/** A name that a pattern such as `sqlrite*` covers, and that nobody has (64 characters at most). */
function spareName(crate: string | undefined): string | undefined {
  return crate === undefined ? undefined : `${crate.slice(0, 51)}-reseal-probe`;
}

/**
 * `PUT /api/v1/crates/new`: the length of the metadata (four bytes, little-endian) and the metadata, and nothing after it. A crate
 * would follow with a length of its own; without that nothing can be published, whatever the token may do.
 */
function uploadOf(name: string): Omit<Request, 'token'> {
  const metadata = new TextEncoder().encode(JSON.stringify({ name, vers: '0.0.0' }));
  const bytes = new Uint8Array(4 + metadata.length);
  new DataView(bytes.buffer).setUint32(0, metadata.length, true);
  bytes.set(metadata, 4);
  return { method: 'PUT', path: '/api/v1/crates/new', body: { type: 'application/octet-stream', bytes } };
}

function publishersOf(name: string): Omit<Request, 'token'> {
  return {
    method: 'GET',
    path: `/api/v1/trusted_publishing/github_configs?crate=${encodeURIComponent(name)}`,
  };
}

/** Of a crate that does not exist, and no owners: a token that may is told that there is no such crate. */
function ownersOf(name: string): Omit<Request, 'token'> {
  const bytes = new TextEncoder().encode(JSON.stringify({ owners: [] }));
  return {
    method: 'PUT',
    path: `/api/v1/crates/${encodeURIComponent(name)}/owners`,
    body: { type: 'application/json', bytes },
  };
}
