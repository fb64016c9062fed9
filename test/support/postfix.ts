import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dovecotConfig, mainConfig, masterConfig } from './postfix-config.ts';
import { freePort, hasOpenssl, selfSigned } from './stand-ins.ts';

// A real mail server: Postfix of Debian with the login of Dovecot, as an instance of its own in a folder of its own.

const POSTFIX = '/usr/sbin/postfix';
const POSTCONF = '/usr/sbin/postconf';
const DOVECOT = '/usr/sbin/dovecot';
/** Debian's `nobody`, who owns the mailbox. */
const MAILBOX_OWNER = 65_534;
const PATIENCE_MS = 30_000;
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** For `describe.skipIf(!hasPostfix)('… (needs Postfix)')`: it drops its own privileges, so it must be started by root. */
export const hasPostfix =
  existsSync(POSTFIX) && existsSync(DOVECOT) && hasOpenssl && process.getuid?.() === 0;

export interface Postfix {
  readonly host: string;
  /** Demands STARTTLS, then a login. */
  readonly port: number;
  /** Offers neither, and takes mail without. */
  readonly plainPort: number;
  readonly user: string;
  readonly password: string;
  /** File with the certificate, for NODE_EXTRA_CA_CERTS. */
  readonly certificate: string;
  /** Resolves with the mails to this recipient as soon as there are `count`, oldest first. */
  mailbox(recipient: string, count: number): Promise<readonly Buffer[]>;
  /** How many mails are in the mailbox. */
  delivered(): number;
  log(): string;
  stop(): Promise<void>;
}

export async function startPostfix(): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-postfix-'));
  // Its parts run as other users.
  chmodSync(folder, 0o755);
  const [port, plainPort] = [await freePort(), await freePort()];
  const login = { user: 'reseal@example.org', password: 'pa%55 w0rd/@é' };
  const newMail = makeMailbox(folder);
  writeConfig(folder, { ports: [port, plainPort], ...login });
  const config = join(folder, 'etc');
  execFileSync(POSTFIX, ['-c', config, 'check'], { env: ENVIRONMENT, stdio: 'pipe' });
  const dovecot = start(DOVECOT, ['-c', join(config, 'dovecot.conf'), '-F']);
  await until(() => existsSync(join(folder, 'queue/private/auth')), 'the socket of Dovecot');
  const home = execFileSync(POSTCONF, ['-c', config, '-h', 'daemon_directory'], { env: ENVIRONMENT });
  const master = start(join(home.toString().trim(), 'master'), ['-c', config, '-d']);
  await until(() => greets(port), 'the greeting of Postfix');
  return {
    host: '127.0.0.1',
    port,
    plainPort,
    ...login,
    certificate: join(config, 'cert.pem'),
    mailbox: (recipient, count) => mailsIn(newMail, recipient, count),
    delivered: () => readdirSync(newMail).length,
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    async stop() {
      await end(master);
      await end(dovecot);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeMailbox(folder: string): string {
  for (const name of ['mail', 'mail/inbox', 'mail/inbox/new', 'mail/inbox/cur', 'mail/inbox/tmp']) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), MAILBOX_OWNER, MAILBOX_OWNER);
  }
  return join(folder, 'mail/inbox/new');
}

function writeConfig(
  folder: string,
  { ports, user, password }: { ports: readonly [number, number]; user: string; password: string },
): void {
  const { key, cert } = selfSigned();
  for (const name of ['etc', 'data', 'queue', 'dovecot']) mkdirSync(join(folder, name));
  chownSync(join(folder, 'data'), Number(execFileSync('id', ['-u', 'postfix']).toString()), 0);
  const files = {
    'cert.pem': cert,
    'key.pem': key,
    'main.cf': mainConfig(folder, MAILBOX_OWNER),
    'master.cf': masterConfig(ports),
    'dovecot.conf': dovecotConfig(folder),
    users: `${user}:{PLAIN}${password}:${MAILBOX_OWNER}:${MAILBOX_OWNER}::/nonexistent:\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'etc', name), text);
  chmodSync(join(folder, 'etc/key.pem'), 0o600);
}

/** In a process group of its own: its parts end with it. */
function start(file: string, options: readonly string[]): ChildProcess {
  const child = spawn(file, options, { env: ENVIRONMENT, stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function until(reached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await pause(20);
  }
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [piece] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return String(piece).startsWith('220 ');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function mailsIn(folder: string, recipient: string, count: number): Promise<readonly Buffer[]> {
  const mails = () =>
    readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name)))
      .filter((mail) => mail.includes(`\nDelivered-To: ${recipient}\n`));
  await until(() => mails().length >= count, `the ${count} mails to ${recipient}`);
  return mails();
}
