import type { Listener } from '../../src/sandbox/http.ts';
import type { MailSink } from '../../src/sandbox/mail.ts';
import { CanarySearch } from './canary.ts';
import { followAnswers } from './leak-answers.ts';
import type { Places } from './leak-files.ts';
import { exportDatabase, readFiles, readSideFiles } from './leak-files.ts';
import { followOutput, readProcesses } from './leak-processes.ts';

/**
 * Everywhere that a secret could be left. "Project files" is what `git status` would show, and what it ignores besides;
 * the history is exported as all tables of the database, and the copy is made as a backup is (VACUUM INTO).
 */
export const SINKS = [
  'stdout',
  'stderr',
  'log file',
  'database',
  'database -wal',
  'database -shm, -journal',
  'temporary files',
  'processes',
  'form answers',
  'mails',
  'GitHub requests',
  'crates.io requests',
  'history export',
  'database copy',
  'crash files',
  'home and shell history',
  'npm and Node caches',
  'project files',
] as const;

export type Sink = (typeof SINKS)[number];

/** reseal writes no log (it logs to stderr), and must leave no core file, diagnostic report or snapshot of its memory. */
const MUST_NOT_EXIST: readonly Sink[] = ['log file', 'crash files'];

/** Something that was left somewhere. */
export interface Trace {
  readonly sink: Sink;
  /** For a person. */
  readonly where: string;
  readonly bytes: Uint8Array;
}

export interface LeakWatch {
  /** Looks for this secret too, from the watch's beginning on: what was left is searched at the end. */
  canary(name: string, text: string): void;
  /** One more Authorization header that is meant to be sent there, as it is to be: of a token that is checked. */
  meant(sink: Service['sink'], authorization: string): void;
  /** For what cannot be listened to, such as the output of a `spawnSync`. */
  note(trace: Trace): void;
  /** Ends the watch; to be called once all processes have ended. */
  search(): Promise<Findings>;
}

export interface Findings {
  /** A line for each leak, with its sink and its encoding. */
  readonly leaks: readonly string[];
  /** How many bytes were looked at in each sink. */
  readonly searched: ReadonlyMap<Sink, number>;
}

/** Somebody whom secrets are sent to. */
export interface Service {
  readonly sink: 'GitHub requests' | 'crates.io requests';
  readonly listener: Pick<Listener, 'requests' | 'when'>;
  /** The one header that a secret belongs into, as it is to be. */
  readonly authorization?: string;
  /** Another that is sent there; two tokens of one kind begin alike. */
  readonly other?: string;
}

export interface WatchOptions {
  readonly places: Places;
  readonly databasePath: string;
  readonly services: readonly Service[];
  readonly mail: Pick<MailSink, 'waitForMessages'>;
  /** By name. */
  readonly canaries: Readonly<Record<string, string>>;
}

/** Watches one installation from now on. */
export function watchForLeaks({ places, databasePath, services, mail, canaries }: WatchOptions): LeakWatch {
  // A file's time may lie a little before the clock's.
  const since = Date.now() - 100;
  const search = new CanarySearch();
  for (const [name, text] of Object.entries(canaries)) search.add(name, text);
  const meant: { readonly sink: Sink; readonly authorization: string }[] = [];
  const traces = new Map<string, Trace>();
  const note = (trace: Trace) => {
    traces.set(`${trace.sink} ${Buffer.from(trace.bytes).toString('latin1')}`, trace);
  };
  const meantFor = ({ sink }: Service) =>
    meant.filter((one) => one.sink === sink).map(({ authorization }) => authorization);
  const output = followOutput(() => readProcesses().map(note));
  const answers = followAnswers();
  let over = false;
  const look = () => {
    if (!over) for (const trace of [...readProcesses(), ...readSideFiles(places)]) note(trace);
  };
  // When a request arrives, whoever sent it waits: the moment to look at it.
  for (const { listener } of services) {
    const next = (): unknown => listener.when({}).then(look).then(next);
    next();
  }
  return {
    canary: (name, text) => search.add(name, text),
    meant: (sink, authorization) => void meant.push({ sink, authorization }),
    note,
    search: async () => {
      over = true;
      output.stop();
      answers.stop();
      const left = [
        ...traces.values(),
        ...output.traces(),
        ...answers.traces(),
        ...(await mailTraces(mail)),
        ...services.flatMap((service) => requestTraces(service, meantFor(service))),
        ...readFiles(places, since),
        ...exportDatabase(databasePath),
      ];
      const searched = new Map<Sink, number>(SINKS.map((sink) => [sink, 0]));
      for (const { sink, bytes } of left) searched.set(sink, (searched.get(sink) ?? 0) + bytes.length);
      const pastes = Math.max(1, answers.posts + output.typed);
      return {
        leaks: [...left.flatMap((trace) => leaksIn(search, trace)), ...tooManyChecks(services, pastes)],
        searched,
      };
    },
  };
}

/** A token is sent to its issuer once for each time that it is pasted. */
function tooManyChecks(services: readonly Service[], pastes: number): readonly string[] {
  return services.flatMap(({ sink, listener, authorization }) => {
    if (sink !== 'crates.io requests' || authorization === undefined) return [];
    const checks = listener.requests.filter(({ headers }) => headers.authorization === authorization).length;
    return checks > pastes ? [`${sink}: ${checks} hold the token, which was pasted ${pastes} times`] : [];
  });
}

function leaksIn(search: CanarySearch, { sink, where, bytes }: Trace): readonly string[] {
  const found = search
    .find(bytes)
    .map(({ canary, encoding }) => `${sink} (${where}): ${canary}, as ${encoding}`);
  return MUST_NOT_EXIST.includes(sink) ? [...found, `${sink}: there is one (${where})`] : found;
}

/** As they came over the wire, and as a reader of mail shows them. */
async function mailTraces(mail: WatchOptions['mail']): Promise<readonly Trace[]> {
  const messages = await mail.waitForMessages(0);
  return messages.map(({ raw, subject, text, html, headers, attachments }, index) => {
    const shown = [subject, text, html, ...headers.values()].map((part) => Buffer.from(part ?? ''));
    const attached = attachments.map(({ content }) => Buffer.from(content as string));
    return { sink: 'mails', where: `mail ${index}`, bytes: Buffer.concat([raw, ...shown, ...attached]) };
  });
}

/** Whole requests, without that one header. */
function requestTraces(
  { sink, listener, authorization, other }: Service,
  meant: readonly string[],
): readonly Trace[] {
  return listener.requests.map(({ method, path, query, rawHeaders, body }) => {
    const headers = rawHeaders.filter(
      (part, index) =>
        !(
          [authorization, other, ...meant].includes(part) &&
          /^authorization$/i.test(rawHeaders[index - 1] ?? '')
        ),
    );
    const head = Buffer.from([method, path, String(query), ...headers, ''].join('\n'));
    return { sink, where: `${method} ${path}`, bytes: Buffer.concat([head, body]) };
  });
}
