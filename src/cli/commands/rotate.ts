import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase, rotationLockPath } from '../../app.ts';
import { parseInstant, parseLifetime } from '../../domain/calendar.ts';
import type { Declaration } from '../../domain/credential.ts';
import { AppError } from '../../domain/error.ts';
import { openFingerprints } from '../../fingerprints.ts';
import type { Seen } from '../../github/answer.ts';
import { findKind } from '../../kinds/catalogue.ts';
import type { Kind } from '../../kinds/kind.ts';
import { openIssuer, openReader, openSealStore } from '../../outside.ts';
import { noteOwnToken, ownTokenWarning } from '../../own-tokens.ts';
import type { ScopeProbe } from '../../registries/crates-io-scopes.ts';
import type { StatedExpiry } from '../../rotate/expiry.ts';
import { ensureFuture } from '../../rotate/judge.ts';
import { NO_STORE } from '../../rotate/no-store.ts';
import { openPace, paced } from '../../rotate/pace.ts';
import { recoverRotations } from '../../rotate/recover.ts';
import type { Rotation } from '../../rotate/rotate.ts';
import { precheck } from '../../rotate/rotate.ts';
import type { ResultOutcome, RotationResult, StepReport } from '../../rotate/rotation.ts';
import { Stop } from '../../rotate/stop.ts';
import { acquireLock } from '../../sqlite/lock.ts';
import type { Standing } from '../alarm.ts';
import { raiseAlarm } from '../alarm.ts';
import type { Context, Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { findMissing } from '../find-missing.ts';
import type { Ended, OpenRotation } from '../open-rotation.ts';
import type { Ports } from '../ports.ts';
import { choosePorts, readPorts } from '../ports.ts';
import type { Wanted } from '../rotatable.ts';
import { ensureRotatable } from '../rotatable.ts';
import { rotateByForm } from '../rotate-by-form.ts';
import { rotateByStdin } from '../rotate-by-stdin.ts';
import { reportStep, showResult } from '../rotation-talk.ts';
import { scopeProbeOf } from '../scope-check.ts';
import { findDeclared } from './record.ts';

const EXIT: Readonly<Record<ResultOutcome, number>> = {
  recorded: 0,
  partial: 4,
  rejected: 3,
  failed: 3,
  unconfirmed: 4,
  abandoned: 3,
};

/** How long mail about an alarm may go on after the token is through. */
const MAIL_PATIENCE_MS = 25_000;

export const run: Run = async (quietly, given) => {
  // Destination, code, address and warnings are what protects the token: `--quiet` silences the progress alone.
  const context = { ...quietly, out: quietly.out.aloud() };
  const { world, places, out } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, true);
    const app = openApp(db, config, places, world);
    app.syncRegister();
    const declaration = findDeclared(app, given.arguments[0] ?? '');
    const kind = findKind(declaration.kind);
    if (!kind) throw new Error(`the kind "${declaration.kind}" is not in the catalogue`);
    const asked = readAsked(given, world.now());
    ensureRotatable(declaration, kind, asked, process.stdin.isTTY === true);
    const probe = asked.checkScopes ? scopeProbeOf(declaration, config) : undefined;
    const lock = acquireLock(rotationLockPath(places, declaration.name));
    // First of all, whatever becomes of the rotation: even where another form is open.
    const sending = asked.standing && raiseAlarm(context, app, declaration.name, asked.standing);
    try {
      if (!lock) throw alreadyOpen(app, declaration);
      if (!asked.stdin) choosePorts(asked.ports, config.form);
      const report = (step: StepReport) => reportStep(quietly.out, step);
      const ended = await rotateLocked(context, app, { declaration, kind, asked, probe, report });
      showResult(out, declaration.name, asked.standing ? alarmed(ended.result, declaration) : ended.result);
      return ended.signal ? (ended.signal === 'SIGTERM' ? 143 : 130) : EXIT[ended.result.outcome];
    } finally {
      lock?.release();
      await sending?.finish(MAIL_PATIENCE_MS);
    }
  } finally {
    db.close();
  }
};

/** Without a new token, what was said of the old one stands. */
function alarmed(result: RotationResult, { name }: Declaration): RotationResult {
  if (result.version !== undefined) return result;
  const stands = `what was recorded of it stands until a new one is stored: reseal rotate ${name}`;
  return { ...result, next: [...(result.next ?? []), stands] };
}

/** What was said on the command line. */
interface Asked extends Wanted {
  readonly unchecked: boolean;
  readonly checkScopes: boolean;
  readonly ports: Ports;
}

interface Task {
  readonly declaration: Declaration;
  readonly kind: Kind;
  readonly asked: Asked;
  readonly probe: ScopeProbe | undefined;
  readonly report: Rotation['report'];
}

async function rotateLocked(
  context: Context,
  app: App,
  { declaration, kind, asked, probe, report }: Task,
): Promise<Ended> {
  const { world, out, places } = context;
  const fingerprints = openFingerprints(places, world);
  const pace = openPace(world.now, world.sleep);
  const seen: Seen[] = [];
  const observe = (one: Seen) => void (one.status < 400 && seen.push(one));
  const isStored = declaration.destinations.length > 0;
  const store = isStored ? paced(await openSealStore(app.config, world, observe), pace) : NO_STORE;
  await recoverRotations({
    log: app.rotations,
    store: () => store,
    // Where GitHub is not asked, what others left open waits for a rotation that asks it, or the daemon.
    isOpen: (credential) => credential !== declaration.name && (!isStored || app.isRotationOpen(credential)),
    now: world.now,
    report: ({ event, detail }) =>
      out.talk(`an earlier rotation: ${event.replace('rotation.', '')}${detail ? `, ${detail}` : ''}`),
  });
  const stored = app.register.find(declaration.name);
  const missing = asked.onlyMissing ? findMissing(declaration, stored, fingerprints) : undefined;
  const rotation: OpenRotation['rotation'] = {
    id: world.randomBytes(12).toString('hex'),
    credential: declaration.name,
    declaration,
    destinations: missing?.destinations ?? declaration.destinations,
    kind,
    current: stored?.current,
    completes: missing?.completes,
    stated: asked.stated,
    log: app.rotations,
    store,
    pace,
    reader: await openReader(kind, world),
    issuer: await openIssuer(kind, app.config, world, probe),
    fingerprints,
    questioned: new Set(),
    oneTry: asked.stdin,
    now: world.now,
    sleep: world.sleep,
    report,
    stop: new Stop(nextTurn),
  };
  rotation.log.open({
    id: rotation.id,
    credential: declaration.name,
    openedAt: world.now(),
    pid: process.pid,
    host: world.host,
    completes: rotation.completes?.version,
  });
  const before = await precheckOrFail(rotation);
  const warning = isStored ? ownTokenWarning(app, world.now()) : undefined;
  if (warning) out.talk(`warning: ${warning}`);
  if (probe) out.talk(`note: ${await scopeCost()}`);
  const { unchecked, passwordFile } = asked;
  const open = { context, app, rotation, before, unchecked, passwordFile };
  const ended = await (asked.stdin ? rotateByStdin(open) : rotateByForm(open, asked.ports));
  if (isStored) await noteOwnToken(app, 'seal', seen);
  return ended;
}

/** What `--check-scopes` costs, said before it is asked for. */
async function scopeCost(): Promise<string> {
  return (await import('../../registries/crates-io-scopes.ts')).SCOPE_COST;
}

/** Two, since the first ends with the turn that is on, in which signals may have been looked at already. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function precheckOrFail(rotation: Rotation): ReturnType<typeof precheck> {
  try {
    return await precheck(rotation);
  } catch (error) {
    rotation.log.move(rotation.id, 'failed', rotation.now(), 'GitHub was not ready to take a token');
    throw error;
  }
}

function readStated(given: Given, now: Date): StatedExpiry | undefined {
  const expires = textOption(given, 'expires');
  const lifetime = textOption(given, 'lifetime');
  const never = given.options['never'] === true;
  if ([expires !== undefined, lifetime !== undefined, never].filter(Boolean).length > 1) {
    throw new AppError('invalid_input', '--expires, --lifetime and --never say the same thing twice', {
      hints: ['keep one of them'],
    });
  }
  if (never) return { kind: 'never' };
  if (expires !== undefined) {
    const at = parseInstant(expires);
    ensureFuture(at, now);
    return { kind: 'expires', at };
  }
  return lifetime === undefined ? undefined : { kind: 'lifetime', lifetime: parseLifetime(lifetime) };
}

function readAsked(given: Given, now: Date): Asked {
  return {
    stated: readStated(given, now),
    stdin: given.options['stdin'] === true,
    unchecked: given.options['unchecked'] === true,
    onlyMissing: given.options['onlyMissing'] === true,
    standing: readStanding(given),
    passwordFile: textOption(given, 'passwordFile'),
    checkScopes: given.options['checkScopes'] === true,
    ports: readPorts(given),
  };
}

function readStanding(given: Given): Standing | undefined {
  const [revoked, leaked] = [given.options['revoked'] === true, given.options['leaked'] === true];
  if (revoked && leaked)
    throw new AppError('invalid_input', '--revoked and --leaked contradict each other', {
      hints: [
        '--leaked says more: somebody else may have it; --revoked: it does not work any more, and that is all',
      ],
    });
  return leaked ? 'leaked' : revoked ? 'revoked' : undefined;
}

function alreadyOpen(app: App, { name }: Declaration): AppError {
  const holder = app.rotations.unsettled(name).at(-1);
  const who = holder
    ? ` (process ${holder.pid} on ${holder.host}, since ${holder.openedAt.toISOString().slice(11, 16)} UTC)`
    : '';
  return new AppError('conflict', `a rotation of "${name}" is open already${who}`, {
    hints: [
      holder?.host === app.world.host
        ? `use its address, or stop it: with Ctrl-C there, or from here with \`kill ${holder.pid}\``
        : 'use its address, or stop it with Ctrl-C there',
    ],
  });
}
