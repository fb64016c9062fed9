import type { App } from '../app.ts';
import { addDays, startOfDay } from '../domain/calendar.ts';
import { AppError } from '../domain/error.ts';
import { openCalendar, openMailChannel } from '../outside.ts';
import { composeMessage } from '../remind/compose.ts';
import { messageIdOf } from '../remind/message-id.ts';
import type { Carried, DeliveryOutcome, Reminded } from '../remind/reminder.ts';
import { mailContext } from '../sending.ts';

/**
 * One mail by the real template over the real server: about the credential that expires first, or about an invented one. It is
 * no reminder: nothing owed is touched, so that it may go out beside a running daemon.
 *
 * @throws AppError invalid_config where no mail server is configured
 */
export async function sendSample(app: App, recipient: string): Promise<DeliveryOutcome> {
  const channel = await openMailChannel(app.config);
  if (!channel) {
    throw new AppError('invalid_config', 'no mail server is configured', {
      hints: ['name the file with its address under mail.url-file'],
    });
  }
  const now = app.world.now();
  const credential = firstToExpire(app) ?? invented(now);
  const reminder: Carried = {
    credential: credential.declaration.name,
    version: credential.current?.version ?? 1,
    topic: 'expiry',
    leadDays: 7,
    channel: 'mail',
    recipient,
    covers: [],
  };
  const known = new Map([[reminder.credential, credential]]);
  const composed = composeMessage([reminder], known, mailContext(app, await openCalendar(app)), now);
  const payload = await channel.render({
    ...composed,
    messageId: messageIdOf([reminder], {
      ...app.identity,
      installId: app.world.randomBytes(16).toString('hex'),
    }),
    recipient,
    at: now,
    subject: `[test] ${composed.subject}`,
  });
  try {
    return await channel.send(recipient, payload, () => undefined);
  } finally {
    channel.close();
  }
}

function firstToExpire(app: App): Reminded | undefined {
  const expiry = ({ current }: Reminded) =>
    current?.expiry.kind === 'known' ? current.expiry.at.getTime() : Number.POSITIVE_INFINITY;
  const [first] = app.register
    .list()
    .filter((one) => !one.retiredAt && expiry(one) !== Number.POSITIVE_INFINITY)
    .sort((a, b) => expiry(a) - expiry(b));
  return first;
}

function invented(now: Date): Reminded {
  const expiry = { kind: 'known', at: addDays(startOfDay(now), 8), source: 'entered' } as const;
  return {
    declaration: {
      name: 'example',
      kind: 'crates-io-token',
      owner: 'you',
      purpose: 'shows what a reminder looks like; nothing of that name is registered',
      lifetime: '365d',
      nameAtIssuer: undefined,
      scopes: [],
      planned: false,
      destinations: [{ repo: 'example/widgets', environment: 'release', secret: 'CARGO_REGISTRY_TOKEN' }],
    },
    declared: true,
    firstSeenAt: now,
    acknowledgedUntil: undefined,
    retiredAt: undefined,
    current: {
      version: 1,
      createdAt: undefined,
      lifetimeDays: 365,
      expiry,
      standing: 'good',
      standingAt: undefined,
      revokedAt: undefined,
      fingerprint: undefined,
      checked: 'live',
      recordedAt: addDays(now, -357),
    },
    former: [],
    unconfirmedSince: undefined,
    destinations: [],
  };
}
