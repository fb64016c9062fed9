// node tools/bench-mail.ts [mails]: a burst through our mail channel against Postfix's own generator, `smtp-source`, into one and the
// same Postfix: the same bytes over one connection at a time, without TLS, in turns. Needs root and Debian's postfix and dovecot-core.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openMail } from '../src/mail/smtp.ts';
import type { Draft } from '../src/remind/reminder.ts';
import type { Postfix } from '../test/support/postfix.ts';
import { hasPostfix, startPostfix } from '../test/support/postfix.ts';

const SMTP_SOURCE = '/usr/sbin/smtp-source';
const ROUNDS = 5;
const WARM_UP = 50;
const MAILS = Number(process.argv[2] ?? 300);
const RECIPIENT = 'ada@example.org';
const SENDER = 'reseal@example.org';
const DRAFT: Draft = {
  messageId: '<mfrggzdfmztwq2lknnwg23tp@example.org>',
  recipient: RECIPIENT,
  at: new Date('2026-11-23T09:30:00Z'),
  subject: 'crates-io expires in 14 days',
  text: 'crates-io expires in 14 days.\n\nRun:\n  reseal rotate crates-io\n',
  html: '<p>crates-io expires in 14 days.</p><pre>reseal rotate crates-io</pre>',
  calendar: undefined,
  items: [],
};

type Run = (mails: number) => Promise<void>;

/** What is measured, by name; the first is the measure for the others. */
async function runsOf(postfix: Postfix, folder: string): Promise<Readonly<Record<string, Run>>> {
  const { host, plainPort: port } = postfix;
  const server = { host, port, implicitTls: false, requireTls: false, user: undefined, password: undefined };
  const open = () => openMail({ from: { name: 'reseal', address: SENDER }, server: () => server });
  const payload = await open().render(DRAFT);
  const file = join(folder, 'mail');
  writeFileSync(file, Buffer.from(payload).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

  async function burst(
    mails: number,
    next: (channel: ReturnType<typeof open>) => Promise<Uint8Array>,
  ): Promise<void> {
    const channel = open();
    for (let mail = 0; mail < mails; mail += 1) {
      const outcome = await channel.send(RECIPIENT, await next(channel), () => undefined);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    }
    channel.close();
  }
  return {
    'smtp-source -s1': async (mails) => {
      const options = ['-d', '-s', '1', '-m', `${mails}`, '-f', SENDER, '-t', RECIPIENT, '-F', file];
      const [code] = await once(
        spawn(SMTP_SOURCE, [...options, `${host}:${port}`], { stdio: 'inherit' }),
        'exit',
      );
      if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
    },
    'reseal, rendered before': (mails) => burst(mails, async () => payload),
    'reseal, rendering each': (mails) => burst(mails, (channel) => channel.render(DRAFT)),
  };
}

/** Milliseconds a mail. Starts when nothing of the run before is under way any more. */
async function measure(postfix: Postfix, run: Run, mails: number): Promise<number> {
  const before = postfix.delivered();
  const start = performance.now();
  await run(mails);
  const taken = performance.now() - start;
  while (postfix.delivered() < before + mails) await pause(20);
  return taken / mails;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function bench(postfix: Postfix, folder: string): Promise<void> {
  const runs = Object.entries(await runsOf(postfix, folder));
  const times = new Map<string, number[]>(runs.map(([name]) => [name, []]));
  for (const [, run] of runs) await measure(postfix, run, WARM_UP);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of runs) times.get(name)?.push(await measure(postfix, run, MAILS));
  }
  const connections = postfix.log().match(/\]: connect from/g)?.length ?? 0;
  console.log(`${ROUNDS} rounds of ${MAILS} mails; ${connections} connections in all`);
  const floor = median(times.get('smtp-source -s1') ?? []);
  for (const [name, each] of times) {
    const middle = median(each);
    const range = `${(1000 / Math.max(...each)).toFixed(0)} to ${(1000 / Math.min(...each)).toFixed(0)}`;
    const ratio = (middle / floor).toFixed(2);
    console.log(
      `${name.padEnd(24)} ${(1000 / middle).toFixed(0).padStart(5)} mails/s (${range}), ratio ${ratio}`,
    );
  }
}

if (!hasPostfix) {
  console.error('bench-mail: needs root and the packages postfix, dovecot-core and openssl of Debian');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'reseal-bench-'));
const postfix = await startPostfix();
try {
  await bench(postfix, folder);
} finally {
  await postfix.stop();
  rmSync(folder, { recursive: true });
}
