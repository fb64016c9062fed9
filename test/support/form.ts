import type { FormOptions, OpenForm } from '../../src/form/form.ts';
import { openForm } from '../../src/form/form.ts';
import type { RotationCard, StepReport, Submission, SubmitOutcome } from '../../src/rotate/rotation.ts';
import type { RawAnswer } from './raw-http.ts';
import { exchange, requestText } from './raw-http.ts';

export const NOW = new Date('2026-11-23T09:30:00Z');
export const TOKEN = `cio${'Ab3'.repeat(10)}Z9`;

const DESTINATION = { repo: 'example/widgets', environment: 'crates-io', secret: 'CARGO_REGISTRY_TOKEN' };

export function buildCard(overrides: Partial<RotationCard> = {}): RotationCard {
  return {
    credential: 'cargo-publish',
    purpose:
      'Publishes the widgets crates from the release workflow. Without it, a release stops at its last step.',
    kindTitle: 'crates.io API token',
    issuer: 'crates.io',
    issuerHost: 'crates.io',
    issuerPage: 'https://crates.io/settings/tokens',
    steps: [
      'Find "widgets release" in the list and press Regenerate (if it is gone: New Token, with that name).',
      'Set Expiration again (declared here: 365d): it falls back to 90 days each time.',
      'Tick exactly these scopes: publish-new, publish-update.',
      'Copy the token: crates.io shows it once.',
    ],
    nameAtIssuer: 'widgets release',
    scopes: ['publish-new', 'publish-update'],
    declaredLifetime: '365d',
    destinations: [
      { destination: DESTINATION, host: 'api.github.com', updatedAt: new Date('2025-11-30T16:04:12Z') },
    ],
    unusualHosts: [],
    code: 'K7QX4M',
    presets: [7, 30, 60, 90, 365],
    customDate: true,
    never: true,
    statedExpiry: undefined,
    expiry: { known: 'entered', how: 'only the person who made it knows' },
    shape: 'line',
    password: false,
    proves:
      'that crates.io knows it as a live, scoped token; not its name, its scopes, its crates or its expiration',
    ...overrides,
  };
}

/** What `submit` was given. The bytes are copied, since the form wipes them afterwards. */
export interface Received {
  readonly token: string;
  readonly bytes: Buffer;
  readonly password: string | undefined;
  readonly submission: Submission;
}

export type Answer = (
  received: Received,
  progress: (report: StepReport) => void,
) => Promise<SubmitOutcome> | SubmitOutcome;

export const RECORDED: SubmitOutcome = {
  kind: 'finished',
  result: {
    outcome: 'recorded',
    version: 4,
    expiry: { kind: 'known', at: new Date('2027-11-23T00:00:00Z'), source: 'entered' },
    next: [
      'The old token still works: revoke it at https://crates.io/settings/tokens, then say: reseal confirm cargo-publish --old-revoked',
    ],
  },
};

export function step(name: StepReport['step'], outcome = 'done'): StepReport {
  const placed = ['intended', 'stored', 'verified'].includes(name);
  const destination = `${DESTINATION.repo} › ${DESTINATION.environment} › ${DESTINATION.secret}`;
  return { step: name, credential: 'cargo-publish', outcome, ...(placed ? { destination } : {}) };
}

export interface TestForm extends OpenForm {
  readonly received: readonly Received[];
  readonly warnings: readonly string[];
  /** Settles when the form refused something that is worth a line in the terminal. */
  readonly warned: Promise<void>;
  readonly path: string;
  readonly nonce: string;
}

/** A form on a free port, whose `submit` gives the answers in turn; the last one again and again. */
export async function openTestForm(
  answers: readonly Answer[],
  overrides: Partial<FormOptions> = {},
): Promise<TestForm> {
  const received: Received[] = [];
  const warnings: string[] = [];
  const warned = Promise.withResolvers<void>();
  let drawn = 0;
  const form = await openForm({
    bind: '127.0.0.1',
    port: 0,
    publicPort: undefined,
    card: buildCard(),
    randomBytes: (size) => new Uint8Array(size).fill(++drawn),
    now: () => NOW,
    warn: (text) => {
      warnings.push(text);
      warned.resolve();
    },
    submit: async (submission, progress) => {
      const bytes = Buffer.from(submission.token.reveal());
      const password = submission.password && Buffer.from(submission.password.reveal()).toString();
      const entry = { token: bytes.toString(), bytes, password, submission };
      received.push(entry);
      const answer = answers[Math.min(received.length, answers.length) - 1] ?? (() => RECORDED);
      return answer(entry, progress);
    },
    ...overrides,
  });
  const path = new URL(form.address).pathname;
  return {
    ...form,
    received,
    warnings,
    warned: warned.promise,
    path,
    nonce: Buffer.alloc(32, 2).toString('base64url'),
  };
}

export type Header = readonly [string, string];

/** The headers that a browser sends along with an honest submission of this body. */
export function submitHeaders(form: TestForm, body: string): readonly Header[] {
  const host = new URL(form.address).host;
  return [
    ['Host', host],
    ['Origin', `http://${host}`],
    ['Sec-Fetch-Site', 'same-origin'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['Content-Length', String(Buffer.byteLength(body))],
  ];
}

/** The body of an honest submission, in the order of the page; `undefined` leaves a field out. */
export function formBody(form: TestForm, fields: Readonly<Record<string, string | undefined>> = {}): string {
  const all = { token: TOKEN, expiration: '365d', 'expires-on': '', nonce: form.nonce, ...fields };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(present).toString();
}

/** Submits as a browser does, and returns the whole answer. */
export function submit(
  form: TestForm,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<RawAnswer> {
  const body = formBody(form, fields);
  return exchange(form.port, requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body));
}

/** A file as a browser sends it; without a name: none was chosen. */
export interface ChosenFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export const NO_FILE: ChosenFile = { name: '', content: new Uint8Array() };

export const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW';

/** multipart/form-data as Chromium writes it, a byte a character (latin1). */
export function partsText(
  parts: readonly (readonly [string, string | ChosenFile])[],
  boundary = BOUNDARY,
): string {
  const written = parts.map(([name, value]) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    if (typeof value === 'string') return `${head}\r\n\r\n${value}\r\n`;
    const content = Buffer.from(value.content).toString('latin1');
    return `${head}; filename="${value.name}"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n`;
  });
  return `${written.join('')}--${boundary}--\r\n`;
}

/** Submits a page with a file to choose; `fields` in the order of the page, without the nonce. */
export function submitParts(
  form: TestForm,
  fields: Readonly<Record<string, string | ChosenFile>>,
): Promise<RawAnswer> {
  const body = partsText([...Object.entries(fields), ['nonce', form.nonce]]);
  return exchange(form.port, requestText(`POST ${form.path} HTTP/1.1`, partsHeaders(form, body), body));
}

export function partsHeaders(form: TestForm, body: string): readonly Header[] {
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  return submitHeaders(form, '').map(([name, value]): Header => {
    if (name === 'Content-Type') return [name, type];
    return [name, name === 'Content-Length' ? String(body.length) : value];
  });
}

/** Loads the form as a browser does. */
export function load(form: TestForm, method = 'GET'): Promise<RawAnswer> {
  return exchange(
    form.port,
    requestText(`${method} ${form.path} HTTP/1.1`, [['Host', new URL(form.address).host]]),
  );
}
