import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { openSecretStore } from '../../src/github/environment-secrets.ts';
import type { DestinationView, PublicKey, PutAnswer, SecretStore } from '../../src/rotate/rotation.ts';
import { DESTINATION, SEED } from '../support/builders.ts';
import { clientOf, SEALER } from '../support/stand-ins.ts';
import type { Asked, Chance, FuzzedAnswer } from './fuzzed-answers.ts';
import { chanceOf, fuzzedAnswer, SEALED } from './fuzzed-answers.ts';

const ANSWERS = 100_000;
const CALLS = ['read', 'publicKey', 'put', 'names', 'precheck'] as const;
type Call = (typeof CALLS)[number];

interface Given {
  readonly asked: Asked;
  readonly answer: FuzzedAnswer;
}

function askedFor(url: string, method: string): Asked {
  const { pathname } = new URL(url);
  if (method === 'PUT') return 'put';
  if (pathname.endsWith('/public-key')) return 'key';
  if (pathname.endsWith('/secrets')) return 'names';
  return pathname.includes('/environments/') ? 'secret' : 'repo';
}

function respond({ answer }: Given): Promise<Response> {
  const { kind, status, body } = answer;
  if (kind === 'hangs') return new Promise(() => undefined);
  if (kind === 'fails') return Promise.reject(new TypeError(`failed ${SEALER}`, { cause: { code: SEALER } }));
  const headers = new Headers();
  for (const [name, value] of answer.headers) headers.append(name, value.replace(/[^ -~]/g, '?'));
  const bodiless = status === 204 || status === 304;
  if (kind === 'answer') return Promise.resolve(new Response(bodiless ? null : body, { status, headers }));
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(body.subarray(0, body.length / 2)),
    pull: (controller) =>
      kind === 'breaks' ? controller.error(new Error(SEALER)) : new Promise(() => undefined),
  });
  return Promise.resolve(new Response(bodiless ? null : stream, { status, headers }));
}

/** The answer as anybody would read it, by other means than the adapter's. */
function parsed({ answer }: Given): Record<string, unknown> | undefined {
  const type = answer.headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const whole = answer.kind === 'answer' && type.startsWith('application/json;');
  if (!whole || !Buffer.from(answer.body.toString('utf8')).equals(answer.body)) return undefined;
  try {
    const value: unknown = JSON.parse(answer.body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sameInstant(text: unknown, instant: Date): boolean {
  return typeof text === 'string' && new Date(text).getTime() === instant.getTime();
}

/** Whether GitHub's own answers, as they were given, allow this result. */
const ALLOWED: Readonly<Record<Call, (result: never, given: readonly Given[]) => boolean>> = {
  read: (view: DestinationView, given) => {
    const [look, key] = given;
    if (!look) return false;
    const body = parsed(look);
    if (view.updatedAt) {
      const named = String(body?.['name']).toUpperCase() === DESTINATION.secret;
      return look.answer.status === 200 && named && sameInstant(body?.['updated_at'], view.updatedAt);
    }
    return look.answer.status === 404 && typeof body?.['message'] === 'string' && key?.answer.status === 200;
  },
  publicKey: ({ keyId, key }: PublicKey, given) => {
    const body = given[0] && parsed(given[0]);
    const own = body?.['key'] === key && body['key_id'] === keyId && given[0]?.answer.status === 200;
    return own && Buffer.from(key, 'base64').length === 32 && /[^A=]/.test(key);
  },
  put: (answer: PutAnswer, given) => {
    const [put] = given;
    const { status, kind } = put?.answer ?? { status: 0, kind: 'fails' };
    if (given.length !== 1) return false;
    if (kind === 'fails' || kind === 'hangs') return answer.kind === 'unclear';
    if (answer.kind === 'stored') return status === 204 || status === 201;
    if (answer.kind === 'limited') return (status === 403 || status === 429) && answer.waitMs >= 1_000;
    if (answer.kind === 'stale-key') return status === 422;
    if (answer.kind === 'refused') return status >= 301 && status < 500 && status !== 408 && status !== 409;
    return answer.kind === 'unclear' && status !== 204 && status !== 401 && status !== 429;
  },
  names: (names: Awaited<ReturnType<SecretStore['names']>>, given) => {
    const listed = given.flatMap((one) => (parsed(one)?.['secrets'] as Record<string, unknown>[]) ?? []);
    const honest = (one: { name: string; updatedAt: Date }) =>
      listed.some((each) => each['name'] === one.name && sameInstant(each['updated_at'], one.updatedAt));
    return given.every(({ answer }) => answer.status === 200) && names.every(honest);
  },
  precheck: (view: DestinationView, given) =>
    given[0]?.answer.status === 200 &&
    parsed(given[0])?.['full_name'] === DESTINATION.repo &&
    view !== undefined,
};

const LEAKS = [
  ...Array.from({ length: SEALER.length - 11 }, (_, start) => SEALER.slice(start, start + 12)),
  SEALED.slice(0, 60),
];

interface Ended {
  readonly outcome: string;
  /** Undefined: all is as it must be. */
  readonly fault: string | undefined;
}

/** The call that is being made; one Octokit serves them all, since it is slow to make. */
let current: { readonly chance: Chance; readonly ends: boolean; readonly given: Given[] };

const fetchFuzzed: typeof globalThis.fetch = (input, init) => {
  const asked = askedFor(String(input), init?.method ?? 'GET');
  const given = { asked, answer: fuzzedAnswer(current.chance, asked, current.ends) };
  current.given.push(given);
  return respond(given);
};

function storeWithin(deadlineMs: number): SecretStore {
  return openSecretStore(clientOf({ apiUrl: 'https://api.github.com' }, { fetch: fetchFuzzed, deadlineMs }));
}

const STORES = { patient: storeWithin(20_000), hurried: storeWithin(3) };

/** Makes one call with the answers that belong to `number`, and holds what it says against them. */
async function callOnce(number: number): Promise<Ended & { readonly answers: number }> {
  const chance = chanceOf(SEED + number);
  const call = CALLS[number % CALLS.length] as Call;
  const ends = chance(500) > 0;
  const given: Given[] = [];
  current = { chance, ends, given };
  const ended = await run(ends ? STORES.patient : STORES.hurried, call).then(
    (result) => judgeResult(call, result, given),
    (error: unknown) => judgeError(call, error),
  );
  const endless = given.length > MOST_REQUESTS[call] ? `asked ${given.length} times` : undefined;
  return { ...ended, fault: ended.fault ?? endless, answers: given.length };
}

/** A renamed repository is asked for its name once. */
const MOST_REQUESTS: Readonly<Record<Call, number>> = {
  read: 3,
  publicKey: 2,
  put: 1,
  names: 11,
  precheck: 4,
};

function run(store: SecretStore, call: Call): Promise<unknown> {
  return call === 'put' ? store.put(DESTINATION, { value: SEALED, keyId: '1' }) : store[call](DESTINATION);
}

function judgeResult(call: Call, result: unknown, given: readonly Given[]): Ended {
  const kind = call === 'put' ? (result as PutAnswer).kind : 'answered';
  const allowed = ALLOWED[call](result as never, given);
  const told = JSON.stringify(result);
  return { outcome: `${call} ${kind}`, fault: allowed ? leakIn(told) : `must not be ${told}` };
}

function judgeError(call: Call, error: unknown): Ended {
  if (!isAppError(error)) return { outcome: call, fault: `threw ${inspect(error)}` };
  const told = `${error.message}${error.hints.join()}${JSON.stringify(error)}`;
  const fault = error.cause === undefined ? leakIn(told) : 'has a cause';
  return { outcome: `${call} ${error.code}`, fault: call === 'put' ? `threw ${told}` : fault };
}

function leakIn(text: string): string | undefined {
  return LEAKS.some((part) => text.includes(part)) ? `leaks: ${text}` : undefined;
}

/** Every end that each call must be seen to have, so that the fuzzing is known to reach them. */
const REACHED = [
  ...[
    'answered',
    'not_found',
    'unauthorized',
    'forbidden',
    'limited',
    'moved',
    'refused',
    'unavailable',
  ].flatMap((end) => CALLS.filter((call) => call !== 'put').map((call) => `${call} ${end}`)),
  ...['stored', 'stale-key', 'limited', 'refused', 'unclear'].map((kind) => `put ${kind}`),
];

describe(`${ANSWERS} fuzzed answers of GitHub`, () => {
  it('B19: end in what was declared, or in an AppError, with nothing in them that was not said and no secret', async () => {
    const outcomes = new Set<string>();
    const faults: string[] = [];
    let answers = 0;
    for (let number = 0; answers < ANSWERS && faults.length < 5; number++) {
      const ended = await callOnce(number);
      answers += ended.answers;
      outcomes.add(ended.outcome);
      if (ended.fault) faults.push(`call ${number}, ${ended.outcome}: ${ended.fault}`);
    }
    expect(faults).toEqual([]);
    expect(answers).toBeGreaterThanOrEqual(ANSWERS);
    expect(REACHED.filter((end) => !outcomes.has(end))).toEqual([]);
  }, 180_000);
});
