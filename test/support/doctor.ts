import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { App, World } from '../../src/app.ts';
import { openUsedApp } from '../../src/app.ts';
import { CHECKS } from '../../src/doctor/checks.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Line } from '../../src/doctor/line.ts';
import { openScene } from '../../src/doctor/scene.ts';
import type { Installation } from '../../src/sandbox/installation.ts';
import { makeInstallation } from '../../src/sandbox/installation.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { daysFromNow, NOW } from './builders.ts';
import { INSTALL_ID } from './database.ts';

export const PLACE = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };

/** The shipped example beside stand-ins, to be looked at by `doctor` in this process. */
export interface Patient {
  readonly sandbox: Sandbox;
  readonly installation: Installation;
  readonly world: World;
  /** Puts other text in the place of something in the configuration. */
  rewrite(from: string, to: string): void;
  /** Puts other text into the secret file of that name. */
  writeSecret(name: string, text: string): void;
  /** Works on the real database, and closes it. */
  withApp(work: (app: App) => void): Promise<void>;
  /** The lines of one check, or of all. */
  look(check?: string): Promise<readonly Line[]>;
}

export async function admit(
  options: { readonly initialised?: boolean; readonly now?: () => Date } = {},
): Promise<Patient> {
  const sandbox = await startSandbox(PLACE, daysFromNow(-300), () => NOW, { pipeline: true });
  const installation = makeInstallation(sandbox);
  onTestFinished(async () => {
    await sandbox.close();
    installation.remove();
  });
  const world = worldOf(options.now ?? (() => NOW));
  const { configPath, dataDir, folder } = installation;
  const places = { configPath, dataDir };
  if (options.initialised !== false) initialise(dataDir);
  const patient: Patient = {
    sandbox,
    installation,
    world,
    rewrite: (from, to) => {
      const text = readFileSync(configPath, 'utf8');
      if (!text.includes(from)) throw new Error(`the configuration does not hold "${from}"`);
      writeFileSync(
        configPath,
        text.replace(from, () => to),
      );
    },
    writeSecret: (name, text) => writeFileSync(join(folder, name), text, { mode: 0o600 }),
    withApp: async (work) => {
      const app = await openUsedApp(places, world);
      app.syncRegister();
      work(app);
      app.close();
    },
    look: async (check) => {
      const scene = await openScene(places, world);
      try {
        return await examine(
          CHECKS.filter(({ id }) => check === undefined || id === check),
          scene,
        );
      } finally {
        scene.close();
      }
    },
  };
  return patient;
}

function initialise(dataDir: string): void {
  mkdirSync(dataDir, { mode: 0o700 });
  const db = openDatabase(join(dataDir, 'reseal.db'), 'create', () => NOW);
  createInstallation(db, INSTALL_ID, NOW);
  db.close();
}

function worldOf(now: () => Date): World {
  return {
    now,
    randomBytes: (size) => Buffer.alloc(size, 7),
    fetch,
    // What GitHub's header says is looked at twice; the stand-in's does not move.
    sleep: async () => undefined,
    env: {},
    actor: 'ada@here',
    host: 'here',
    version: '0.1.0',
  };
}

/** `outcome subject`, a line each, of those that are not well. */
export function ailing(lines: readonly Line[]): readonly string[] {
  return lines
    .filter(({ outcome }) => outcome !== 'ok')
    .map(({ outcome, subject }) => `${outcome} ${subject}`);
}

export function lineOf(lines: readonly Line[], subject: string): Line | undefined {
  return lines.find((line) => line.subject === subject);
}
