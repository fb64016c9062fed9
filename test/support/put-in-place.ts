import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Puts a copy where the database is, as somebody does who knows no `restore`. */
export function putInPlace(copy: string, dataDir: string): void {
  const path = join(dataDir, 'reseal.db');
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  copyFileSync(copy, path);
}
