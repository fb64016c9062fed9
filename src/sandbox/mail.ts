import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Email } from 'postal-mime';
import PostalMime from 'postal-mime';
import type { Credentials } from './mail-auth.ts';
import type { Envelope, MailFault, MailFaultControl, MailStage } from './mail-faults.ts';
import { mailFaultQueue } from './mail-faults.ts';
import { converse } from './mail-session.ts';

export type { MailFault, MailFaultControl, MailStage } from './mail-faults.ts';

export interface MailSinkOptions {
  readonly port?: number;
  readonly now?: () => Date;
  /** When given, mail is refused before AUTH. */
  readonly credentials?: Credentials;
  /** When given, STARTTLS is offered (never demanded). */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface RecordedMail extends Envelope {
  /** The message as the client had it, dots unstuffed. */
  readonly raw: Buffer;
  readonly at: Date;
}

export interface ParsedMail extends RecordedMail {
  readonly subject: string | undefined;
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly messageId: string | undefined;
  /** By lower-case name; the first of several with one name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly attachments: Email['attachments'];
}

export interface MailSink {
  /** `smtp://user:password@127.0.0.1:port`; without credentials just the place. */
  readonly url: string;
  readonly port: number;
  readonly messages: readonly RecordedMail[];
  /** How many clients have connected. */
  readonly connections: number;
  /** Resolves with all messages as soon as there are `count`; rejects when time is up. */
  waitForMessages(count: number, options?: { readonly timeoutMs?: number }): Promise<ParsedMail[]>;
  fault(fault: MailFault): MailFaultControl;
  /** Resolves when a conversation next gets there (`accepted`: recorded, its reply not yet sent). */
  when(stage: MailStage | 'accepted'): Promise<Envelope>;
  /** Refuses connections until `start`, which takes the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A small SMTP server (RFC 5321) that keeps what it is sent and fails on demand. */
export async function startMailSink(options: MailSinkOptions = {}): Promise<MailSink> {
  const { credentials, tls, now = () => new Date() } = options;
  const messages: RecordedMail[] = [];
  const faults = mailFaultQueue();
  const watchers = watcherSet();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    // Answers to commands that came together are written one by one: held back, they would wait for each other.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, {
      credentials,
      tls,
      faults,
      reach: watchers.reach,
      accept(envelope, raw) {
        messages.push({ ...envelope, raw, at: now() });
        watchers.reach('accepted', envelope);
      },
    });
  });
  const port = await bind(server, options.port ?? 0);
  const stop = () => shut(server, sockets);
  return {
    url: addressOf(credentials, port),
    port,
    messages,
    get connections() {
      return connections;
    },
    waitForMessages: (count, { timeoutMs = 5000 } = {}) => waitFor(messages, watchers, count, timeoutMs),
    fault: faults.add,
    when: watchers.next,
    stop,
    start: async () => void (await bind(server, port)),
    close: stop,
  };
}

function addressOf(credentials: Credentials | undefined, port: number): string {
  if (credentials === undefined) return `smtp://127.0.0.1:${port}`;
  const { user, password } = credentials;
  return `smtp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

async function bind(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

function shut(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

interface WatcherSet {
  reach(stage: MailStage | 'accepted', envelope: Envelope): void;
  next(stage: MailStage | 'accepted'): Promise<Envelope>;
  /** Calls back at each arrival until told to stop. */
  each(stage: MailStage | 'accepted', call: () => void): () => void;
}

function watcherSet(): WatcherSet {
  const watchers = new Set<{ stage: MailStage | 'accepted'; call: (envelope: Envelope) => void }>();
  function watch(stage: MailStage | 'accepted', call: (envelope: Envelope) => void): () => void {
    const watcher = { stage, call };
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }
  return {
    reach(stage, envelope) {
      for (const watcher of [...watchers]) if (watcher.stage === stage) watcher.call(envelope);
    },
    next(stage) {
      return new Promise((resolve) => {
        const stop = watch(stage, (envelope) => {
          stop();
          resolve(envelope);
        });
      });
    },
    each: watch,
  };
}

async function waitFor(
  messages: readonly RecordedMail[],
  watchers: WatcherSet,
  count: number,
  timeoutMs: number,
): Promise<ParsedMail[]> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`Waited ${timeoutMs} ms for ${count} messages; ${messages.length} came.`));
    }, timeoutMs);
    const stop = watchers.each('accepted', check);
    function check(): void {
      if (messages.length < count) return;
      clearTimeout(timer);
      stop();
      resolve();
    }
    check();
  });
  return Promise.all(messages.map(parse));
}

async function parse(mail: RecordedMail): Promise<ParsedMail> {
  const { subject, text, html, messageId, attachments, headers } = await PostalMime.parse(mail.raw);
  // From the last to the first, so that the first of several stays.
  const byName = new Map(headers.toReversed().map(({ key, value }) => [key.toLowerCase(), value]));
  return { ...mail, subject, text, html, messageId, headers: byName, attachments };
}
