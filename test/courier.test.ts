import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../src/config/config.ts';
import { parseConfig } from '../src/config/load.ts';
import type { Courier } from '../src/courier.ts';
import { openCourier } from '../src/courier.ts';
import { AppError } from '../src/domain/error.ts';
import type { Channel, Draft } from '../src/remind/reminder.ts';
import type { GitHubSandbox } from '../src/sandbox/github.ts';
import { startGitHub } from '../src/sandbox/github.ts';
import type { MailSink } from '../src/sandbox/mail.ts';
import { startMailSink } from '../src/sandbox/mail.ts';

const ROOT = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const PLACE = { repo: 'example/one', environment: 'release', secret: 'TOKEN' };
const AT = new Date('2026-11-20T09:30:00Z');
const DRAFT: Draft = {
  messageId: '<mfrggzdfmztwq2lknnwg23tp@example.org>',
  recipient: 'ada@example.org',
  at: AT,
  subject: 'one expires in 14 days',
  text: 'one expires in 14 days.\n',
  html: '<p>one expires in 14 days.</p>',
  calendar: undefined,
  items: [],
};

let folder: string;
let github: GitHubSandbox;
let mail: MailSink;
let courier: Courier;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reseal-courier-'));
  github = await startGitHub({ now: () => AT });
  mail = await startMailSink();
  courier = openCourier(join(ROOT, 'src/main.ts'), version);
});
afterEach(async () => {
  courier.rest();
  await Promise.all([github.close(), mail.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function configured(): Config {
  writeFileSync(join(folder, 'smtp_url'), `${mail.url}\n`);
  const parsed = parseConfig(`version: 1
github: { api-url: "${github.apiUrl}", seal: { token-file: ${folder}/token, owner: ada } }
mail: { url-file: ${folder}/smtp_url, from: reseal <reseal@example.org> }
owners: { ada: { email: ada@example.org } }
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

async function mailChannel(): Promise<Channel> {
  const channel = (await courier.openChannels(configured())).get('mail');
  if (!channel) throw new Error('mail is configured');
  return channel;
}

/** Processes that this one has started and that are couriers (proc_pid_cmdline(5)). */
function couriers(): readonly number[] {
  return readdirSync(`/proc/${process.pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .map(Number)
    .filter((pid) => pid > 0 && isCourier(pid));
}

function isCourier(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('(courier)');
  } catch {
    return false;
  }
}

describe('the courier', () => {
  it('reads the clock and the secrets of GitHub, each in its own type', async () => {
    github.addRepository({ fullName: PLACE.repo });
    github.addEnvironment(PLACE.repo, PLACE.environment);
    const place = { repository: PLACE.repo, environment: PLACE.environment, name: PLACE.secret };
    github.addSecret({ ...place, value: randomBytes(8).toString('hex'), at: AT });
    const token = `github_pat_${randomBytes(24).toString('hex')}`;
    github.addToken(token, {
      permissions: { environments: 'write', metadata: 'read' },
      repositories: [PLACE.repo],
    });
    writeFileSync(join(folder, 'token'), `${token}\n`);
    expect(await courier.readClock(github.apiUrl)).toEqual(AT);
    const store = await courier.openStore(configured());
    expect(await store.read(PLACE)).toMatchObject({ updatedAt: AT, serverTime: AT });
    expect(await store.names(PLACE)).toEqual([{ name: PLACE.secret, updatedAt: AT }]);
  });

  it('hands on what a person can act on, with its hints, and seals nothing', async () => {
    const opening = courier.openStore(configured());
    await expect(opening).rejects.toBeInstanceOf(AppError);
    await expect(opening).rejects.toMatchObject({ code: 'invalid_config', hints: [expect.any(String)] });
    expect(await courier.readClock('http://127.0.0.1:1')).toBeUndefined();
  });

  it('renders a mail and hands it over, after it was written down that it begins', async () => {
    const channel = await mailChannel();
    const payload = await channel.render(DRAFT);
    let before = -1;
    const outcome = await channel.send(DRAFT.recipient, payload, () => {
      before = mail.messages.length;
    });
    channel.close();
    expect({ outcome: outcome.kind, before }).toEqual({ outcome: 'accepted', before: 0 });
    // On its way each line ends as SMTP wants it.
    const lines = (bytes: Uint8Array) => Buffer.from(bytes).toString().split(/\r?\n/);
    expect(mail.messages.map(({ raw }) => lines(raw))).toEqual([lines(payload)]);
  });

  it('sends nothing when that cannot be written down', async () => {
    const channel = await mailChannel();
    const payload = await channel.render(DRAFT);
    const sending = channel.send(DRAFT.recipient, payload, () => {
      throw new AppError('storage', 'the disk is full');
    });
    await expect(sending.then((outcome) => outcome.kind)).resolves.toBe('not-sent');
    expect(mail.messages).toEqual([]);
  });

  it('says that it has ended where it was killed on the way, and is another one afterwards', async () => {
    const channel = await mailChannel();
    const payload = await channel.render(DRAFT);
    mail.fault({ at: 'dot', action: 'hang', accepted: true });
    const atDot = mail.when('dot');
    const sending = channel.send(DRAFT.recipient, payload, () => undefined);
    const failing = expect(sending).rejects.toMatchObject({ code: 'unavailable' });
    await atDot;
    const [pid = 0] = couriers();
    process.kill(pid, 'SIGKILL');
    await failing;
    expect(await courier.readClock(github.apiUrl)).toEqual(AT);
    expect(couriers()).not.toContain(pid);
  });

  it('outlives the signals of whoever stops its daemon, and ends when it is told', async () => {
    await courier.readClock(github.apiUrl);
    const [pid = 0] = couriers();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(pid, signal);
    expect(await courier.readClock(github.apiUrl)).toEqual(AT);
    expect(couriers()).toEqual([pid]);
    courier.rest();
    await vi.waitFor(() => expect(isCourier(pid)).toBe(false), { timeout: 5_000 });
  });

  it('says so where its process cannot begin, and keeps its daemon alive', async () => {
    const real = process.execPath;
    process.execPath = join(folder, 'nothing');
    const opening = courier.openStore(configured());
    process.execPath = real;
    await expect(opening).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot be started'),
    });
    expect(await courier.readClock(github.apiUrl)).toEqual(AT);
  });

  it('does nothing for a program of another version', async () => {
    courier = openCourier(join(ROOT, 'src/main.ts'), '0.0.0-other');
    await expect(courier.openStore(configured())).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('starts no process for channels that nothing is sent on', async () => {
    expect([...(await courier.openChannels(configured())).keys()]).toEqual(['mail']);
    expect(couriers()).toEqual([]);
  });
});
