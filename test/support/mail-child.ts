import type { MailServer } from '../../src/mail/server-url.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';

// A process that sends mail as the daemon does, so that NODE_EXTRA_CA_CERTS counts for it. It reads an `Errand` from standard input
// and prints the outcomes; with `close` it ends its connection itself.

export interface Errand {
  readonly server: MailServer;
  readonly mails: readonly { readonly recipient: string; readonly payload: string }[];
  readonly close?: boolean;
}

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { server, mails, close }: Errand = JSON.parse(Buffer.concat(chunks).toString());
const channel = openMail({
  from: { name: 'reseal', address: 'reseal@example.org' },
  server: () => server,
  // Nothing here ends by itself within the time of a test.
  patience: { connect: 30_000, silence: 60_000, whole: 60_000, parting: 2_000, idle: 600_000 },
});
const outcomes: DeliveryOutcome[] = [];
for (const { recipient, payload } of mails)
  outcomes.push(await channel.send(recipient, Buffer.from(payload, 'latin1'), () => undefined));
if (close) channel.close();
process.stdout.write(JSON.stringify(outcomes));
