import { onTestFinished } from 'vitest';
import type { MailServer } from '../../src/mail/server-url.ts';
import type { Patience } from '../../src/mail/smtp.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { Channel, DeliveryOutcome, Draft } from '../../src/remind/reminder.ts';
import { NOW } from './builders.ts';

export const ADA = 'ada@example.org';
export const GRACE = 'grace@example.org';
export const FROM = { name: 'reseal', address: 'reseal@example.org' };
export const MAIL = Buffer.from('Subject: due\r\nTo: ada@example.org\r\n\r\nThe token expires.\r\n');
export const CREDENTIALS = { user: 'reseal', password: 'pa55-w0rd' };

/** Longer than any stall of a busy machine. */
const PATIENT: Patience = { connect: 10_000, silence: 10_000, whole: 20_000, parting: 300, idle: 20_000 };
/** For servers that never say anything. */
export const SHORT: Partial<Patience> = { connect: 300, silence: 300 };

export const NOTHING = (): void => undefined;

export function serverAt(port: number, options: Partial<MailServer> = {}): MailServer {
  return {
    host: '127.0.0.1',
    port,
    implicitTls: false,
    requireTls: false,
    user: undefined,
    password: undefined,
    ...options,
  };
}

/** A channel that is closed when the test is over. */
export function openTestMail(server: () => MailServer, patience: Partial<Patience> = {}): Channel {
  const channel = openMail({ from: FROM, server, patience: { ...PATIENT, ...patience } });
  onTestFinished(() => channel.close());
  return channel;
}

export interface Sending {
  readonly recipient?: string;
  readonly payload?: Buffer;
  readonly onData?: () => void;
  readonly patience?: Partial<Patience>;
}

/** One mail over a channel of its own. */
export async function sendOne(server: MailServer, sending: Sending = {}): Promise<DeliveryOutcome> {
  const { recipient = ADA, payload = MAIL, onData = NOTHING, patience = {} } = sending;
  const channel = openTestMail(() => server, patience);
  const outcome = await channel.send(recipient, payload, onData);
  channel.close();
  return outcome;
}

export function aDraft(overrides: Partial<Draft> = {}): Draft {
  return {
    messageId: '<mfrggzdfmztwq2lknnwg23tp@example.org>',
    recipient: ADA,
    at: NOW,
    subject: 'crates-io expires in 14 days',
    text: 'It expires.\r\n\r\nRun:\r\nreseal rotate crates-io\r\n',
    html: '<p>It expires.</p>',
    calendar: undefined,
    items: [],
    ...overrides,
  };
}
