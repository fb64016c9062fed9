import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { daysBetween, parseInstant } from '../../domain/calendar.ts';
import type { Destination, NewVersion } from '../../domain/credential.ts';
import { formatDestination } from '../../domain/credential.ts';
import { AppError } from '../../domain/error.ts';
import { openSealStore } from '../../outside.ts';
import { ensureFuture } from '../../rotate/judge.ts';
import type { Confirmation } from '../../rotate/recover.ts';
import { confirmRotation, recoverRotations } from '../../rotate/recover.ts';
import type { JournalEntry, SecretStore } from '../../rotate/rotation.ts';
import type { Context, Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { findStored } from '../find-stored.ts';
import { findDeclared } from './record.ts';

export const run: Run = async (context, given) => {
  const { world, places } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, true);
    const app = openApp(db, config, places, world);
    const confirmation = readConfirmation(given, world.now());
    const name = given.arguments[0] ?? '';
    if (confirmation.kind === 'old-revoked') return confirmRevoked(context, app, name);
    const { name: declared } = findDeclared(app, name);
    const store = await openSealStore(config, world);
    return await confirmWritten(context, app, store, declared, confirmation);
  } finally {
    db.close();
  }
};

/** Works on what left the configuration too: its old token lives all the same. */
function confirmRevoked({ out, world }: Context, app: App, name: string): number {
  const { declaration } = findStored(app, name);
  const versions = app.register.revokeFormer(declaration.name, world.now());
  if (versions.length === 0) {
    throw new AppError('invalid_input', `no old token of "${declaration.name}" waits to be revoked`, {
      hints: [
        `\`reseal status\` shows where it stands; of the one in use say: reseal rotate ${declaration.name} --revoked`,
      ],
    });
  }
  if (out.json)
    out.resultJson({ schemaVersion: 1, name: declaration.name, outcome: 'old-revoked', versions });
  else
    out.result(
      versions.length === 1
        ? `${declaration.name}: version ${versions[0]} is noted as revoked; nobody is asked about it any more`
        : `${declaration.name}: versions ${versions.toReversed().join(', ')} are noted as revoked; nobody is asked about them any more`,
    );
  return 0;
}

async function confirmWritten(
  { out, world }: Context,
  app: App,
  store: SecretStore,
  name: string,
  confirmation: Confirmation,
): Promise<number> {
  const entry = await findUnsettled(app, store, name, confirmation);
  const version = entry
    ? await confirmRotation(app.rotations, store, entry, confirmation, world.now)
    : await adoptForeign(app, store, name, confirmation);
  const outcome = version ? 'recorded' : 'failed';
  if (out.json) out.resultJson({ schemaVersion: 1, name, outcome, version: version ?? null });
  else out.result(`${name}: ${version ? `recorded as version ${version}` : describeNotStored(app, name)}`);
  return 0;
}

/** What somebody else wrote is the token in use from now on, as GitHub shows it at this moment. */
async function adoptForeign(
  app: App,
  store: SecretStore,
  name: string,
  confirmation: Confirmation,
): Promise<number | undefined> {
  if (confirmation.kind !== 'stored') return undefined;
  const seen: { destination: Destination; updatedAt: Date }[] = [];
  for (const { destination } of foreignOf(app, name)) {
    const { updatedAt } = await store.read(destination);
    if (!updatedAt) {
      throw new AppError('refused', `GitHub shows no secret at ${formatDestination(destination)}`, {
        hints: [`store one: reseal rotate ${name}`],
      });
    }
    seen.push({ destination, updatedAt });
  }
  return app.register.adopt(name, confirmation.version, seen, app.world.now());
}

function foreignOf(app: App, name: string) {
  return (app.register.find(name)?.destinations ?? []).filter(({ state }) => state === 'changed-elsewhere');
}

function describeNotStored(app: App, name: string): string {
  const changed = app.register.find(name)?.destinations.some(({ state }) => state === 'changed-elsewhere');
  return changed
    ? 'not stored by this rotation, and GitHub shows a change all the same: find out whose it is, then rotate again'
    : 'the old token still stands, and so does its expiry';
}

function readConfirmation(given: Given, now: Date): Confirmation | { readonly kind: 'old-revoked' } {
  const said = ['stored', 'notStored', 'oldRevoked'].filter((name) => given.options[name] === true);
  const expires = textOption(given, 'expires');
  if (said.length !== 1) {
    throw new AppError(
      'invalid_input',
      said.length === 0 ? 'say which it was' : 'these contradict each other',
      {
        hints: ['--stored --expires 2027-06-01, or --not-stored; of the replaced token: --old-revoked'],
      },
    );
  }
  if (said[0] !== 'stored' && expires !== undefined)
    throw new AppError('invalid_input', '--expires belongs to --stored');
  if (said[0] === 'oldRevoked') return { kind: 'old-revoked' };
  if (said[0] === 'notStored') return { kind: 'not-stored' };
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

/**
 * What an interruption left is settled first, so that a rotation which never reached GitHub is not confirmed.
 *
 * @returns undefined where nothing is unsettled, and a destination holds what somebody else wrote
 */
async function findUnsettled(
  app: App,
  store: SecretStore,
  credential: string,
  { kind: confirming }: Confirmation,
): Promise<JournalEntry | undefined> {
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
  if (confirming === 'stored' && foreignOf(app, credential).length > 0) return undefined;
  throw new AppError('invalid_input', `nothing about "${credential}" waits to be confirmed`, {
    hints: [
      ended.includes('rotation.failed') || ended.includes('rotation.abandoned')
        ? 'the interrupted rotation was found to have stored nothing; rotate again'
        : '`reseal status` shows where it stands',
    ],
  });
}
