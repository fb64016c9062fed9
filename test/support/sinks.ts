import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedRequest } from '../../src/sandbox/http.ts';
import type { Installation } from '../../src/sandbox/installation.ts';
import type { Program, Running } from '../../src/sandbox/run.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { openDatabase } from '../../src/sqlite/database.ts';

/** Everywhere that a token could be left behind. */
export const SINKS = [
  'standard output',
  'standard error',
  'log files',
  'database',
  'write-ahead log',
  'shared memory of the database',
  'rollback journal',
  'temporary files',
  'command lines',
  'environments',
  'answers of the form',
  'mails',
  'requests to GitHub',
  'requests to crates.io',
  'history',
  'backup',
  'core files and reports',
  'home and caches',
] as const;

export type Sink = (typeof SINKS)[number];

/** Gathers what the program leaves behind, from its start to the end of the test. */
export interface Gathering {
  /** Goes with every process. */
  readonly env: Readonly<Record<string, string>>;
  readonly program: Program;
  collect(): ReadonlyMap<Sink, Buffer>;
  stop(): void;
}

/** @param env what goes with every process already */
export function gather(
  installation: Installation,
  sandbox: Sandbox,
  open: (env: Readonly<Record<string, string>>) => Program,
): Gathering {
  const { folder } = installation;
  const env = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
  const parts = new Map<Sink, Buffer[]>(SINKS.map((sink) => [sink, []]));
  const add = (sink: Sink, bytes: Buffer) => void parts.get(sink)?.push(bytes);
  const program = open(env);
  const start: Program['start'] = (...args) => follow(program.start(...args), add);
  const feed: Program['feed'] = (input, ...args) => follow(program.feed(input, ...args), add);
  const real = globalThis.fetch;
  globalThis.fetch = async (...given) => {
    const response = await real(...given);
    const copy = response.clone();
    add('answers of the form', Buffer.from(JSON.stringify([...response.headers])));
    void copy.arrayBuffer().then(
      (body) => add('answers of the form', Buffer.from(body)),
      () => undefined,
    );
    return response;
  };
  return {
    env,
    program: { ...program, start, feed, run: (...args) => start(...args).finished },
    collect: () => {
      filesOf(folder, add);
      for (const { raw } of sandbox.mail.messages) add('mails', raw);
      for (const request of sandbox.github.requests) add('requests to GitHub', wireOf(request, []));
      for (const request of sandbox.cratesIo.requests)
        add('requests to crates.io', wireOf(request, ['authorization']));
      databaseOf(installation.dataDir, add);
      return new Map([...parts].map(([sink, buffers]) => [sink, Buffer.concat(buffers)]));
    },
    stop: () => {
      globalThis.fetch = real;
    },
  };
}

type Add = (sink: Sink, bytes: Buffer) => void;

function follow(running: Running, add: Add): Running {
  const { child } = running;
  const look = () => {
    for (const [sink, part] of [
      ['command lines', 'cmdline'],
      ['environments', 'environ'],
    ] as const) {
      try {
        add(sink, readFileSync(`/proc/${child.pid}/${part}`));
      } catch {
        // It has ended, or this is no Linux.
      }
    }
  };
  child.once('spawn', look);
  child.stdout?.on('data', (chunk: Buffer) => {
    look();
    add('standard output', Buffer.from(chunk));
  });
  child.stderr?.on('data', (chunk: Buffer) => add('standard error', Buffer.from(chunk)));
  return running;
}

function sinkOf(name: string): Sink | undefined {
  if (/(^|\/)(core(\.\d+)?|report\..*\.json)$/.test(name)) return 'core files and reports';
  if (name.startsWith('home/')) return 'home and caches';
  if (name.startsWith('tmp/')) return 'temporary files';
  if (name.endsWith('-wal')) return 'write-ahead log';
  if (name.endsWith('-shm')) return 'shared memory of the database';
  if (name.endsWith('-journal')) return 'rollback journal';
  if (/\.(db|lock|key)$/.test(name)) return 'database';
  return name.endsWith('.log') ? 'log files' : undefined;
}

function filesOf(folder: string, add: Add): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    try {
      // Whatever has no place of its own here is a file that nobody expects: it counts all the same.
      add(sinkOf(name) ?? 'temporary files', readFileSync(join(folder, name)));
    } catch {
      // A folder, or the side file of a lock that has just gone.
    }
  }
}

function databaseOf(dataDir: string, add: Add): void {
  const copy = join(dataDir, 'copy-of-a-test.db');
  try {
    const db = openDatabase(join(dataDir, 'reseal.db'), 'use', () => new Date());
    try {
      add('history', Buffer.from(JSON.stringify(db.connection.prepare('SELECT * FROM event').all())));
      db.connection.prepare('VACUUM INTO ?').run(copy);
    } finally {
      db.close();
    }
    add('backup', readFileSync(copy));
  } catch {
    // No database was made, or this test has broken it.
  } finally {
    rmSync(copy, { force: true });
  }
}

function wireOf(request: RecordedRequest, without: readonly string[]): Buffer {
  const headers: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!without.includes(name.toLowerCase())) headers.push(`${name}: ${value}`);
  }
  return Buffer.concat([
    Buffer.from(`${request.method} ${request.path}?${request.query}\n${headers.join('\n')}\n`),
    request.body,
  ]);
}
