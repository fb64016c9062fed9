import type { App } from './app.ts';
import { describeError } from './domain/error.ts';
import { html } from './domain/html.ts';
import { openChannels } from './outside.ts';
import { messageIdOf } from './remind/message-id.ts';
import { everybody } from './remind/policy.ts';
import type { Report } from './remind/sweep.ts';
import { plain } from './remind/words.ts';

/**
 * Tells everybody that the database is damaged. It is no reminder: neither does it come from the database, whose word for who is
 * told is not to be trusted now, nor is it written down there. One that does not arrive is told by the log alone.
 */
export async function tellOfDamage(app: App, detail: string, log: Report): Promise<void> {
  const { config, world, policy, identity } = app;
  const at = world.now();
  const channels = await openChannels(config, world);
  const subject = 'reseal: the database is damaged, and no reminder goes out';
  const command = `${plain(config.reminders.command)} restore FILE`;
  const paragraphs = [
    `A check of the database found: ${detail}`,
    'Until it is mended, nothing is sent from it: a damaged database may name the wrong people. The dates that you know still hold.',
    `Put the last good backup in its place, with the daemon stopped: ${command}`,
  ];
  for (const addressee of everybody(policy)) {
    const channel = channels.get(addressee.channel);
    if (!channel) continue;
    const key = {
      credential: '*',
      version: Math.floor(at.getTime() / 1000),
      topic: 'history',
      leadDays: 0,
    } as const;
    try {
      const payload = await channel.render({
        messageId: messageIdOf([{ ...key, ...addressee }], identity),
        recipient: addressee.recipient,
        at,
        subject,
        text: `${paragraphs.join('\n\n')}\n`,
        html: html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${subject}</title></head><body>${paragraphs.map((text) => html`<p>${text}</p>`)}</body></html>`
          .text,
        calendar: undefined,
        items: [],
      });
      const outcome = await channel.send(addressee.recipient, payload, () => undefined);
      if (outcome.kind !== 'accepted') log({ event: 'storage.mail.failed', detail: outcome.reason });
    } catch (error) {
      log({ event: 'storage.mail.failed', detail: describeError(error) });
    }
  }
  for (const channel of channels.values()) channel.close();
}
