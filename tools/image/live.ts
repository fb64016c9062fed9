import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Checks } from './commands.ts';
import type { Started } from './container.ts';
import { bytesOf, factsOf } from './container.ts';
import type { Scene } from './scene.ts';
import { AGE_DAYS, DAY_MS, LIFETIME_DAYS } from './scene.ts';

const DAEMON = 'reseal-image-daemon';
const ROUND_MS = 30_000;
const INSPECTOR_PORT = '240D';

/** What a person does with a new installation, one after the other, each looked at. */
export async function live(scene: Scene, checks: Checks): Promise<void> {
  await firstUse(scene, checks);
  const daemon = scene.engine.start(DAEMON, 'daemon');
  await healthy(scene, checks);
  confined(scene, checks);
  await writesNowhere(scene, checks);
  await shows(scene, checks);
  await mails(scene, checks);
  await examined(scene, checks);
  await rotates(scene, checks);
  await ends(scene, daemon, checks);
  const log = await daemon.finished;
  const texts = [
    log.stdout,
    log.stderr,
    ...filesOf(scene.volume).map((file) => readFileSync(file, 'latin1')),
  ];
  const { offeredToken, sealToken } = scene.sandbox;
  const left = texts.filter((text) => text.includes(offeredToken) || text.includes(sealToken));
  checks.check(
    'no token is in the volume or in the log',
    left.length === 0 && texts.length > 3,
    `in ${left.length} of ${texts.length}`,
  );
}

async function firstUse({ engine, volume }: Scene, checks: Checks): Promise<void> {
  const once = async (name: string, ...args: readonly string[]) =>
    engine.start(`reseal-image-${name}`, ...args).finished;
  const init = await once('init', 'init');
  checks.check('`init` makes the database on the volume', init.code === 0, init.stderr || init.stdout);
  const open = filesOf(volume).filter(
    (file) => (lstatSync(file).mode & 0o077) !== 0 || lstatSync(file).uid !== 1000,
  );
  checks.check('its files are user 1000’s alone', filesOf(volume).length > 0 && open.length === 0, open);
  const created = new Date(Date.now() - AGE_DAYS * DAY_MS).toISOString().slice(0, 10);
  const record = await once(
    'record',
    'record',
    'crates-io',
    '--created',
    created,
    '--lifetime',
    `${LIFETIME_DAYS}d`,
  );
  checks.check('`record` takes what there is already', record.code === 0, record.stderr);
  const status = await once('status', '--json', 'status');
  const [first] = statusOf(status.stdout);
  checks.check(
    '`status` shows it as due',
    status.code === 1 && first?.name === 'crates-io' && first.state === 'due',
    status.stdout || status.stderr,
  );
  const health = await once('health', 'healthcheck');
  checks.check(
    '`healthcheck` is not green before the daemon ran',
    health.code === 1,
    health.stdout || health.stderr,
  );
}

/** As the engine asks: a program beside the daemon, in its container. */
async function healthy({ engine }: Scene, checks: Checks): Promise<void> {
  const from = performance.now();
  const ask = () => engine.exec(DAEMON, 'reseal', 'healthcheck').finished;
  let health = await ask();
  while (health.code !== 0 && performance.now() - from < ROUND_MS) {
    await sleep(250);
    health = await ask();
  }
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  checks.check(
    `\`healthcheck\` is green ${seconds} s after the daemon’s start`,
    health.code === 0,
    health.stdout || health.stderr,
  );
}

function confined({ engine, service }: Scene, checks: Checks): void {
  const facts = factsOf(engine.pidOf(DAEMON));
  const is = (title: string, name: string, expected: RegExp) =>
    checks.check(title, expected.test(facts[name] ?? ''), facts[name]);
  is('the daemon itself is process 1 of its container', 'NSpid', / 1$/);
  is('it runs as user 1000', 'Uid', /^1000 1000 1000 1000$/);
  is('and group 1000, in no other', 'Gid', /^1000 1000 1000 1000$/);
  is('with no other groups', 'Groups', /^(1000)? ?$/);
  for (const set of ['CapEff', 'CapPrm', 'CapBnd']) is(`without capabilities (${set})`, set, /^0+$/);
  is('it gets no new privileges', 'NoNewPrivs', /^1$/);
  is('its files are its own (umask)', 'Umask', /^0077$/);
  is('it leaves no core file', 'core', /^0\s+0$/);
  const peak = Number.parseInt(facts['VmHWM'] ?? '', 10) * 1024;
  const limit = service.mem_limit.replace('m', ' MiB');
  checks.check(
    `its memory stays below ${limit}: ${facts['VmHWM']} at most until now`,
    peak > 0 && peak < bytesOf(service.mem_limit),
  );
}

async function writesNowhere({ engine }: Scene, checks: Checks): Promise<void> {
  const attempt = async (script: string) =>
    (await engine.exec(DAEMON, '/bin/sh', '-c', script).finished).code;
  for (const folder of ['/', '/opt/reseal', '/etc/reseal', '/run/secrets', '/home/node', '/var/tmp'])
    checks.check(
      `nothing can be written to ${folder}`,
      (await attempt(`touch ${folder}/x 2>/dev/null`)) !== 0,
    );
  checks.check(
    'nothing in /tmp can be started',
    (await attempt('cp /bin/true /tmp/x && /tmp/x 2>/dev/null')) !== 0,
  );
  engine.signal(DAEMON, 'USR1');
  const again = await engine.exec(DAEMON, 'reseal', 'status').finished;
  const listeners = readFileSync(`/proc/${engine.pidOf(DAEMON)}/net/tcp`, 'utf8');
  checks.check('SIGUSR1 opens no debugger', again.code === 1 && !listeners.includes(`:${INSPECTOR_PORT} `));
}

/** Through a port of the host's loopback, as by `127.0.0.1:8766:8766`. */
async function shows({ page }: Scene, checks: Checks): Promise<void> {
  const ask = async (path: string) => fetch(new URL(path, page)).catch(() => undefined);
  const [first, ready] = [await ask('/'), await ask('/readyz')];
  const text = (await first?.text()) ?? '';
  checks.check(
    'the page shows the credential',
    first?.status === 200 && text.includes('crates-io'),
    first?.status,
  );
  checks.check('the page says that it is ready', ready?.status === 200, ready?.status);
}

async function mails({ engine, sandbox }: Scene, checks: Checks): Promise<void> {
  const before = sandbox.mail.messages.length;
  const { code, stderr } = await engine.exec(DAEMON, 'reseal', 'remind', '--test', 'someone@example.org')
    .finished;
  checks.check(
    '`remind --test` hands a mail over',
    code === 0 && sandbox.mail.messages.length === before + 1,
    stderr,
  );
}

/** What `doctor` cannot see here, such as a token that was not yet used, is no fault of the image; a problem is. */
async function examined({ engine }: Scene, checks: Checks): Promise<void> {
  const doctor = await engine.exec(DAEMON, 'reseal', 'doctor').finished;
  const lines = doctor.stdout.split('\n');
  const problems = lines.filter((line) => /^\s+problem\b/.test(line));
  const isThrough = doctor.code === 0 || doctor.code === 1;
  checks.check(
    '`doctor` finds no problem',
    isThrough && problems.length === 0,
    problems.join('\n') || doctor.stderr,
  );
  checks.note(lines.find((line) => /^\d+ .*\bok$/.test(line)) ?? '');
  const backup = await engine.exec(DAEMON, 'reseal', 'backup', '/var/lib/reseal/copy.db').finished;
  checks.check('`backup` makes a copy beside the running daemon', backup.code === 0, backup.stderr);
}

/** Through the published port, as a browser on the host: the form listens on all of the container's addresses, never on its loopback alone. */
async function rotates(scene: Scene, checks: Checks): Promise<void> {
  const { engine, sandbox } = scene;
  const running = engine.exec(DAEMON, 'reseal', '--json', 'rotate', 'crates-io');
  const address = await formOf(running);
  if (!address) return checks.check('the form opens', false, (await running.finished).stderr);
  const page = await openPage(address);
  checks.check('the form answers on the published port', page.status === 200, page.status);
  const done = await submitForm(address, page, {
    token: sandbox.offeredToken,
    expiration: `${LIFETIME_DAYS}d`,
  });
  const { code, stderr } = await running.finished;
  checks.check('the rotation is recorded', code === 0 && done.status === 200, stderr);
  checks.check('GitHub holds the token that was pasted', scene.stored() === sandbox.offeredToken);
  const [first] = statusOf((await engine.exec(DAEMON, 'reseal', '--json', 'status').finished).stdout);
  checks.check(
    '`status` shows version 2, verified',
    first?.version === 2 && first.destinations[0]?.state === 'verified',
    first,
  );
}

async function formOf({ lines }: Started): Promise<string | undefined> {
  for await (const line of lines) {
    const step = JSON.parse(line) as { readonly step: string; readonly address?: string };
    if (step.step === 'form') return step.address;
  }
  return undefined;
}

async function ends({ engine, service }: Scene, daemon: Started, checks: Checks): Promise<void> {
  const from = performance.now();
  engine.signal(DAEMON, 'TERM');
  const limit = Number.parseInt(service.stop_grace_period, 10) * 1000;
  const end = await Promise.race([daemon.finished, sleep(limit, undefined, { ref: false })]);
  const seconds = ((performance.now() - from) / 1000).toFixed(2);
  checks.check(`SIGTERM ends it after ${seconds} s, with 0`, end?.code === 0, end?.stderr ?? 'it still runs');
}

interface Status {
  readonly name: string;
  readonly state: string;
  readonly version: number | null;
  readonly destinations: readonly { readonly state: string }[];
}

/** None where it ended otherwise than with JSON: the check then fails, and shows what it said. */
function statusOf(stdout: string): readonly Status[] {
  if (!stdout.startsWith('{')) return [];
  return (JSON.parse(stdout) as { readonly credentials?: readonly Status[] }).credentials ?? [];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
