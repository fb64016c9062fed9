import type { Config } from '../config/config.ts';
import { AppError } from '../domain/error.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, problem } from './line.ts';
import { needing, withSecret } from './scene.ts';

/** Addresses that are secrets and cannot be called without telling somebody something: only what stands in their files is looked at. */
export const webhooks: Check = {
  id: 'webhooks',
  title: 'Webhooks and heartbeat',
  run: ({ config }) => needing(config, 'addresses', look),
};

async function look({ webhooks: hooks, reminders }: Config): Promise<readonly Remark[]> {
  const { parseAddress } = await import('../webhook/address.ts');
  const named = [
    ...hooks.map(({ name, urlFile }) => ({ subject: name, file: urlFile, what: `the webhook "${name}"` })),
    ...(reminders.heartbeatUrlFile === undefined
      ? []
      : [{ subject: 'heartbeat', file: reminders.heartbeatUrlFile, what: 'the heartbeat' }]),
  ];
  const remarks = named.map(({ subject, file, what }) => {
    const address = `the address of ${what}`;
    return withSecret(file, address, subject, (text) => [
      judgeAddress(subject, () => parseAddress(text, address).host),
    ]);
  });
  const all = (await Promise.all(remarks)).flat();
  return reminders.heartbeatUrlFile === undefined ? [...all, NOBODY_WATCHES] : all;
}

const NOBODY_WATCHES = ok(
  'heartbeat',
  'none is configured',
  'if nobody looks at this machine, let an outside watcher notice that the daemon is dead: reminders.heartbeat.url-file',
);

/** @param read the host of the address. @throws AppError */
export function judgeAddress(subject: string, read: () => string): Remark {
  try {
    return ok(subject, `its address is one at ${read()}; it was not called, since that would tell somebody`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return problem(subject, error.message, error.hints.join('; '));
  }
}
