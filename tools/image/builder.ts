import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';

/** buildah, with all that it keeps in one folder, and nothing of the machine's own images. */
export interface Builder {
  buildah(...args: readonly string[]): string;
}

export function openBuilder(work: string): Builder {
  const [storage, state] = ['storage', 'state'].map((name) => join(work, name));
  for (const folder of [storage, state]) mkdirSync(String(folder), { recursive: true });
  const own = ['--storage-driver', 'vfs', '--root', String(storage), '--runroot', String(state)];
  return { buildah: (...args) => run('buildah', [...own, ...args]).trim() };
}

/** A container of an image, not running, and the folder of its files. */
export function openFiles(
  { buildah }: Builder,
  image: string,
): { readonly container: string; readonly root: string } {
  const container = buildah('from', '--pull-never', image);
  return { container, root: buildah('mount', container) };
}
