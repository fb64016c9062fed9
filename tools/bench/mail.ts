// A burst through our mail channel against Postfix's own generator, `smtp-source`, into one and the same Postfix: the same bytes over
// one connection at a time, without TLS, in turns. Needs root and Debian's postfix, dovecot-core and openssl.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openMail } from '../../src/mail/smtp.ts';
import type { Draft } from '../../src/remind/reminder.ts';
import type { Postfix } from '../../test/support/postfix.ts';
import { hasPostfix, startPostfix } from '../../test/support/postfix.ts';
import { atMost, benchmark, timesAtMost } from './benchmark.ts';
import { openFolder } from './program.ts';
import type { Take } from './rounds.ts';
import { compare, inTurns } from './rounds.ts';

const SMTP_SOURCE = '/usr/sbin/smtp-source';
const WARM_UP = 50;
const MAILS = 100;
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
type Channel = ReturnType<typeof openMail>;

async function runsOf(postfix: Postfix, folder: string) {
  const { host, plainPort: port } = postfix;
  const server = { host, port, implicitTls: false, requireTls: false, user: undefined, password: undefined };
  const open = () => openMail({ from: { name: 'reseal', address: SENDER }, server: () => server });
  const payload = await open().render(DRAFT);
  const file = join(folder, 'mail');
  writeFileSync(file, Buffer.from(payload).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

  async function burst(mails: number, next: (channel: Channel) => Promise<Uint8Array>): Promise<void> {
    const channel = open();
    for (let mail = 0; mail < mails; mail += 1) {
      const outcome = await channel.send(RECIPIENT, await next(channel), () => undefined);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    }
    channel.close();
  }
  async function source(mails: number): Promise<void> {
    const options = ['-d', '-s', '1', '-m', `${mails}`, '-f', SENDER, '-t', RECIPIENT, '-F', file];
    const child = spawn(SMTP_SOURCE, [...options, `${host}:${port}`], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  }
  return {
    source,
    rendered: (mails: number) => burst(mails, async () => payload),
    rendering: (mails: number) => burst(mails, (channel) => channel.render(DRAFT)),
  };
}

/** Milliseconds a mail. Over when nothing of it is under way any more. */
async function measureRun(postfix: Postfix, run: Run, mails: number): Promise<number> {
  const before = postfix.delivered();
  const started = performance.now();
  await run(mails);
  const taken = performance.now() - started;
  while (postfix.delivered() < before + mails) await pause(20);
  return taken / mails;
}

async function measureAll(postfix: Postfix, folder: string, rounds: number) {
  const runs = await runsOf(postfix, folder);
  for (const run of Object.values(runs)) await measureRun(postfix, run, WARM_UP);
  const turn =
    (run: Run): Take =>
    () =>
      measureRun(postfix, run, MAILS);
  const { source, rendered, rendering } = runs;
  const turns = { source: turn(source), rendered: turn(rendered), rendering: turn(rendering) };
  const taken = await inTurns(turns, rounds);
  return {
    rendering: compare(taken.rendering, taken.source),
    rendered: compare(taken.rendered, taken.source),
  };
}

export const mail = benchmark({
  name: 'mail',
  lines: {
    rendering: {
      what: 'a mail to Postfix over one connection, composed on the way',
      unit: 'mails',
      beside: '`smtp-source -s1`',
      // Two hundred a second.
      goals: [atMost(5), timesAtMost(3)],
    },
    rendered: {
      what: 'a mail to Postfix over one connection, its bytes at hand',
      unit: 'mails',
      beside: '`smtp-source -s1`',
      goals: [timesAtMost(3)],
    },
  },
  measure: async ({ rounds }) => {
    const missing = { missing: 'needs Postfix and root' };
    if (!hasPostfix) return { rendering: missing, rendered: missing };
    using folder = openFolder();
    const postfix = await startPostfix();
    try {
      return await measureAll(postfix, folder.path, rounds);
    } finally {
      await postfix.stop();
    }
  },
});
