import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { daysBetween, parseInstant } from '../../domain/calendar.ts';
import type { NewVersion } from '../../domain/credential.ts';
import { AppError } from '../../domain/error.ts';
import { openSealStore } from '../../outside.ts';
import { ensureFuture } from '../../rotate/judge.ts';
import type { Confirmation } from '../../rotate/recover.ts';
import { confirmRotation, recoverRotations } from '../../rotate/recover.ts';
import type { JournalEntry, SecretStore } from '../../rotate/rotation.ts';
import type { Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { findDeclared } from './record.ts';

export const run: Run = async ({ world, places, out }, given) => {
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, true);
    const app = openApp(db, config, places, world);
    const { name } = findDeclared(app, given.arguments[0] ?? '');
    const confirmation = readConfirmation(given, world.now());
    const store = await openSealStore(config, world);
    const entry = await findUnsettled(app, store, name, confirmation.kind);
    const version = await confirmRotation(app.rotations, store, entry, confirmation, world.now);
    const outcome = version ? 'recorded' : 'failed';
    if (out.json) out.resultJson({ schemaVersion: 1, name, outcome, version: version ?? null });
    else out.result(`${name}: ${version ? `recorded as version ${version}` : describeNotStored(app, name)}`);
    return 0;
  } finally {
    db.close();
  }
};

function describeNotStored(app: App, name: string): string {
  const changed = app.register.find(name)?.destinations.some(({ state }) => state === 'changed-elsewhere');
  return changed
    ? 'not stored by this rotation, and GitHub shows a change all the same: find out whose it is, then rotate again'
    : 'the old token still stands, and so does its expiry';
}

function readConfirmation(given: Given, now: Date): Confirmation {
  const stored = given.options['stored'] === true;
  if (stored === (given.options['notStored'] === true)) {
    throw new AppError('invalid_input', 'say which it was', {
      hints: ['--stored --expires 2027-06-01, or --not-stored'],
    });
  }
  if (!stored) return { kind: 'not-stored' };
  const expires = textOption(given, 'expires');
  if (expires === undefined) {
    throw new AppError('invalid_input', '--stored needs the expiry of the new token', {
      hints: ['read it at the issuer and add --expires 2027-06-01'],
    });
  }
  const at = parseInstant(expires);
  ensureFuture(at, now);
  const version: NewVersion = {
    expiry: { kind: 'known', at, source: 'entered' },
    lifetimeDays: daysBetween(now, at),
    createdAt: undefined,
    checked: 'unchecked',
  };
  return { kind: 'stored', version };
}

/** What an interruption left is settled first, so that a rotation which never reached GitHub is not confirmed. */
async function findUnsettled(
  app: App,
  store: SecretStore,
  credential: string,
  confirming: Confirmation['kind'],
): Promise<JournalEntry> {
  const ended: string[] = [];
  await recoverRotations({
    log: app.rotations,
    store: () => store,
    isOpen: app.isRotationOpen,
    now: app.world.now,
    report: ({ event }) => ended.push(event),
  });
  const entries = app.rotations.unsettled(credential);
  const entry = entries.at(-1);
  if (entry && app.isRotationOpen(credential)) {
    throw new AppError(
      'conflict',
      `a rotation of "${credential}" is open at this moment (process ${entry.pid} on ${entry.host})`,
      {
        hints: ['finish it, or stop it with Ctrl-C'],
      },
    );
  }
  if (entry && (entry.state === 'unconfirmed' || confirming === 'stored')) return entry;
  if (entry)
    throw new AppError('unsettled', 'the write may still be on its way', {
      hints: ['try again in a minute'],
    });
  throw new AppError('invalid_input', `nothing about "${credential}" waits to be confirmed`, {
    hints: [
      ended.includes('rotation.failed') || ended.includes('rotation.abandoned')
        ? 'the interrupted rotation was found to have stored nothing; rotate again'
        : '`reseal status` shows where it stands',
    ],
  });
}
