import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backUp } from '../../src/sqlite/backup.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { openHistory } from '../../src/sqlite/history.ts';
import { heldSince } from '../../src/sqlite/hold.ts';
import {
  createInstallation,
  lastBeat,
  listTroubles,
  readInstallId,
  recordBeat,
} from '../../src/sqlite/installation.ts';
import { readMigrations } from '../../src/sqlite/migrate.ts';
import { findRewind, readHead } from '../../src/sqlite/noted-head.ts';
import type { Restored } from '../../src/sqlite/restore.ts';
import { restoreDatabase } from '../../src/sqlite/restore.ts';
import { later, NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder, rowsOf } from '../support/database.ts';
import { makeOldDatabase, OLD_INSTALL_ID } from '../support/old-databases.ts';

/** An installation with so many entries in its history, closed. */
function anInstallation(entries: number, id = INSTALL_ID): string {
  const path = join(makeFolder(), 'reseal.db');
  const db = openDatabase(path, 'create', () => NOW);
  createInstallation(db, id, NOW);
  for (let count = 0; count < entries; count++) append(path, id);
  recordBeat(db, 'cycle', later(5), 'host');
  db.close();
  return path;
}

function append(path: string, id = INSTALL_ID): void {
  const db = openDatabase(path, 'use', () => NOW);
  openHistory(db, id, 'ada@host').append({ type: 'test.happened', subject: 'reseal', result: 'yes' }, NOW);
  db.close();
}

function backupOf(path: string): string {
  const file = join(makeFolder(), 'backup.db');
  const db = openDatabase(path, 'use', () => NOW);
  backUp(db, file);
  db.close();
  return file;
}

const restore = (source: string, path: string): Restored =>
  restoreDatabase({ source, path, now: () => later(60), actor: 'ada@host' });

const seqOf = (path: string) => {
  const connection = new Sqlite(path, { readonly: true });
  const seq = readHead(connection)?.seq;
  connection.close();
  return seq;
};

describe('restoreDatabase', () => {
  describe('when what is there is held already', () => {
    it('F12: stays held since then, so that what fell due meanwhile is not taken for sent', () => {
      const path = anInstallation(2);
      const backup = backupOf(path);
      expect(restore(backup, path).heldSince).toEqual(later(60));
      const again = restoreDatabase({ source: backup, path, now: () => later(600_000), actor: 'ada@host' });
      expect(again.heldSince).toEqual(later(60));
      const db = openDatabase(path, 'use', () => NOW);
      expect(heldSince(db)).toEqual(later(60));
      db.close();
    });

    it('is held from now on where it is of another installation', () => {
      const path = anInstallation(2, OLD_INSTALL_ID);
      restore(backupOf(path), path);
      const other = backupOf(anInstallation(2));
      const again = restoreDatabase({ source: other, path, now: () => later(600_000), actor: 'ada@host' });
      expect(again.heldSince).toEqual(later(600_000));
    });
  });

  it('refuses a backup with a trigger that is none of ours, and leaves what is there', () => {
    const path = anInstallation(2);
    const backup = backupOf(path);
    const connection = new Sqlite(backup);
    connection.exec('CREATE TRIGGER let_go AFTER INSERT ON trouble BEGIN DELETE FROM trouble; END');
    connection.close();
    const before = readFileSync(path);
    expect(() => restore(backup, path)).toThrow('let_go');
    expect(readFileSync(path)).toEqual(before);
  });

  it('refuses the name under which it works, and leaves that file', () => {
    const path = anInstallation(2);
    const source = `${path}.restoring`;
    copyFileSync(backupOf(path), source);
    expect(() => restore(source, path)).toThrow('give it another name');
    expect(existsSync(source)).toBe(true);
  });

  describe('when a backup is restored', () => {
    it('F12: puts it in place, holds sending, and keeps what was there', () => {
      const path = anInstallation(2);
      const backup = backupOf(path);
      append(path);
      const before = readFileSync(path);
      const { head, kept, replaced, heldSince: since } = restore(backup, path);
      expect([head.seq, replaced?.head?.seq, replaced?.isSameInstallation]).toEqual([2, 3, true]);
      expect(replaced?.lastBeatAt).toBe(later(5).toISOString());
      expect(since).toEqual(later(60));
      expect(kept).toMatch(/reseal\.db\.replaced-2\d{3}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
      expect(readFileSync(kept ?? '').equals(before)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);

      const db = openDatabase(path, 'use', () => NOW);
      expect(heldSince(db)).toEqual(later(60));
      expect(listTroubles(db)).toMatchObject([
        { name: 'held', detail: expect.stringContaining('reseal resume') },
      ]);
      expect(rowsOf(db, 'event').at(-1)).toMatchObject({ seq: 3, type: 'installation.restored' });
      // What ran meanwhile is not known: it must not pass for a time in which nothing ran.
      expect(lastBeat(db, 'cycle')).toBeUndefined();
      // The note beside it speaks of this history now.
      expect(findRewind(db.connection, path, INSTALL_ID)).toBeUndefined();
      db.close();
      expect(readdirSync(dirname(path)).filter((name) => name.includes('restoring'))).toEqual([]);
    });

    it('replays the log that lies beside it, as where somebody copied the files', () => {
      const path = anInstallation(1);
      const source = openDatabase(path, 'use', () => NOW);
      openHistory(source, INSTALL_ID, 'ada@host').append(
        { type: 'test.late', subject: 'reseal', result: '' },
        NOW,
      );
      const copy = join(makeFolder(), 'copied.db');
      for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${copy}${end}`);
      source.close();
      const other = anInstallation(1);
      expect(restore(copy, other).head.seq).toBe(2);
    });

    it('F9: brings one from an older program up to date', () => {
      const old = join(makeFolder(), 'old.db');
      makeOldDatabase(old, 3);
      const path = anInstallation(1);
      const { replaced } = restore(old, path);
      expect(replaced?.isSameInstallation).toBe(false);
      const db = openDatabase(path, 'use', () => NOW);
      expect(readInstallId(db)).toBe(OLD_INSTALL_ID);
      expect(db.connection.pragma('user_version', { simple: true })).toBe(readMigrations().length);
      db.close();
      expect(readdirSync(dirname(path)).filter((name) => name.includes('before'))).toEqual([]);
    });

    it('works where there is no database, where it is damaged, and where it is empty', () => {
      const backup = backupOf(anInstallation(1));
      const path = join(makeFolder(), 'reseal.db');
      expect(restore(backup, path)).toMatchObject({ kept: undefined, replaced: undefined });
      for (const bytes of [Buffer.alloc(0), Buffer.from('not a database'), Buffer.alloc(9000, 0x41)]) {
        const damaged = join(makeFolder(), 'reseal.db');
        writeFileSync(damaged, bytes);
        writeFileSync(`${damaged}-wal`, 'a log of another database');
        const { kept } = restore(backup, damaged);
        expect(readFileSync(kept ?? '').equals(bytes)).toBe(true);
        expect(seqOf(damaged)).toBe(2);
      }
    });

    it('F7: puts it where a link leads', () => {
      const backup = backupOf(anInstallation(1));
      const real = anInstallation(4);
      const link = join(makeFolder(), 'reseal.db');
      symlinkSync(real, link);
      expect(restore(backup, link).kept).toContain(dirname(real));
      expect([seqOf(link), seqOf(real)]).toEqual([2, 2]);
    });
  });

  describe('when it is no backup', () => {
    const files: readonly (readonly [string, (path: string) => void, string])[] = [
      ['nothing', () => undefined, 'there is no such file'],
      ['a folder', (path) => mkdirSync(path), 'it is not a file'],
      ['an empty file', (path) => writeFileSync(path, ''), 'it is empty'],
      ['text', (path) => writeFileSync(path, 'INSERT INTO event …\n'.repeat(300)), 'it is damaged'],
      ['zeros', (path) => writeFileSync(path, Buffer.alloc(8192)), 'it is damaged'],
      ['a foreign database', makeForeign, "not one of reseal's"],
      [
        'one that is not initialised',
        (path) => openDatabase(path, 'create', () => NOW).close(),
        'no installation',
      ],
      ['a newer one', (path) => makeNewer(path), 'newer reseal'],
      ['one that was cut short', (path) => makeShort(path), 'it is damaged'],
    ];

    it.each(files)('F7, F10: refuses %s, and changes nothing', (_name, make, reason) => {
      const path = anInstallation(2);
      const source = join(makeFolder(), 'given.db');
      make(source);
      const before = readFileSync(path);
      expect(() => restore(source, path)).toThrow(
        expect.objectContaining({
          code: 'refused',
          message: expect.stringMatching(new RegExp(`given\\.db" cannot be restored: .*${reason}`)),
          hints: expect.arrayContaining(['nothing was changed']),
        }),
      );
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(readdirSync(dirname(path)).filter((name) => name !== 'reseal.db')).toEqual([]);
    });

    it('refuses the database itself', () => {
      const path = anInstallation(1);
      expect(() => restore(path, path)).toThrow('it is the database itself');
    });
  });

  describe('when somebody uses the database', () => {
    it('refuses, and changes nothing', () => {
      const path = anInstallation(2);
      const backup = backupOf(path);
      const user = openDatabase(path, 'use', () => NOW);
      rowsOf(user, 'event');
      expect(() => restore(backup, path)).toThrow(expect.objectContaining({ code: 'busy' }));
      user.close();
      expect(seqOf(path)).toBe(2);
      expect(existsSync(`${path}.restoring`)).toBe(false);
    });
  });
});

function makeForeign(path: string): void {
  const foreign = new Sqlite(path);
  foreign.exec('CREATE TABLE theirs (x)');
  foreign.close();
}

function makeNewer(path: string): void {
  copyFileSync(anInstallation(1), path);
  const connection = new Sqlite(path);
  connection.pragma(`user_version = ${readMigrations().length + 1}`);
  connection.close();
}

function makeShort(path: string): void {
  copyFileSync(anInstallation(1), path);
  truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096);
}
