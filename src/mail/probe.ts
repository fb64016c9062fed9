import type { SmtpError } from './judge.ts';
import { isTlsFailure, judgeError } from './judge.ts';
import type { MailServer } from './server-url.ts';

/** How far a conversation came that was to send nothing. */
export type MailProbe =
  | {
      readonly reached: 'end';
      readonly encrypted: boolean;
      /** False: no user is configured. */
      readonly loggedIn: boolean;
    }
  | {
      /** The step that failed: no connection or greeting, no trusted TLS, no log-in. */
      readonly reached: 'connection' | 'tls' | 'login';
      /** For people; never holds user or password. */
      readonly reason: string;
      /** True: it may pass by itself. */
      readonly passing: boolean;
      /** Whether TLS stood when the log-in failed. */
      readonly encrypted: boolean;
    };

/**
 * Connects as a mail would, with TLS where a mail demands it, logs in and says QUIT: nothing is sent, and no recipient is named
 * (RFC 5321 §4.1.1.10, RFC 4954).
 *
 * @param deadlineMs for all of it
 */
export async function probeMail(server: MailServer, deadlineMs: number): Promise<MailProbe> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const connection = new Connection({
    host: server.host,
    port: server.port,
    secure: server.implicitTls,
    requireTLS: server.requireTls,
    ignoreTLS: !server.implicitTls && !server.requireTls,
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
  });
  const encrypted = server.implicitTls || server.requireTls;
  let connected = false;
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => undefined);
  connection.on('error', reject);
  connection.once('end', () => reject(Object.assign(new Error('connection ended'), { code: 'ECONNECTION' })));
  const late = setTimeout(
    () => reject(Object.assign(new Error('no end'), { code: 'ETIMEDOUT' })),
    deadlineMs,
  );
  const converse = async (): Promise<MailProbe> => {
    await step((done) => connection.connect(done));
    connected = true;
    const { user, password } = server;
    if (user !== undefined)
      await step((done) => connection.login({ credentials: { user, pass: password ?? '' } }, done));
    return { reached: 'end', encrypted, loggedIn: user !== undefined };
  };
  try {
    const probe = await Promise.race([broken, converse()]);
    connection.quit();
    return probe;
  } catch (error) {
    return failure(error as SmtpError, server, { connected, encrypted });
  } finally {
    clearTimeout(late);
    setTimeout(() => connection.close(), connected ? 500 : 0).unref();
  }
}

function step(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

function failure(
  error: SmtpError,
  server: MailServer,
  { connected, encrypted }: { readonly connected: boolean; readonly encrypted: boolean },
): MailProbe {
  const { outcome } = judgeError(error, { phase: 'before', addressed: false }, server);
  const reason = outcome.kind === 'accepted' ? 'unexpected' : outcome.reason;
  const passing = !(outcome.kind === 'not-sent' && outcome.fault === 'login');
  const reached = connected ? 'login' : isTlsFailure(error) ? 'tls' : 'connection';
  return { reached, reason, passing, encrypted };
}
