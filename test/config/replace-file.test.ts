import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/read-file.ts';
import { replaceConfigFile } from '../../src/config/replace-file.ts';
import { makeFolder } from '../support/database.ts';

/** Root may write everywhere: then it is done as an ordinary user. */
function asOrdinaryUser(folder: string, work: () => void): void {
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  const everything = [dirname(folder), folder, ...readdirSync(folder).map((name) => join(folder, name))];
  for (const one of everything) chownSync(one, 1000, 1000);
  process.seteuid?.(1000);
  try {
    work();
  } finally {
    process.seteuid?.(0);
  }
}

function writeConfig(text = 'version: 1\n') {
  const folder = join(makeFolder(), 'config');
  mkdirSync(folder);
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text, { mode: 0o640 });
  return { folder, path, sha256: readConfigFile(path).sha256 };
}

describe('replaceConfigFile', () => {
  it('puts the text in place with the mode that was there, and leaves nothing beside it', () => {
    const { folder, path, sha256 } = writeConfig();
    replaceConfigFile(path, sha256, 'version: 1 # more\n');
    expect(readFileSync(path, 'utf8')).toBe('version: 1 # more\n');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it('keeps a symbolic link, and replaces what it leads to', () => {
    const { folder, path, sha256 } = writeConfig();
    const link = join(folder, 'link.yaml');
    symlinkSync('config.yaml', link);
    replaceConfigFile(link, sha256, 'version: 1 # more\n');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('version: 1 # more\n');
  });

  it('refuses a file that is another one by now', () => {
    const { folder, path, sha256 } = writeConfig();
    writeFileSync(path, 'version: 1 # by hand\n');
    expect(() => replaceConfigFile(path, sha256, 'version: 1\n')).toThrow(
      'changed by somebody else at the same time',
    );
    expect(readFileSync(path, 'utf8')).toBe('version: 1 # by hand\n');
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it.each([
    ['the file', (folder: string) => chmodSync(join(folder, 'config.yaml'), 0o400)],
    ['its folder', (folder: string) => chmodSync(folder, 0o500)],
  ])('says what to do where %s may not be written', (_what, forbid) => {
    const { folder, path, sha256 } = writeConfig();
    forbid(folder);
    const replace = () =>
      asOrdinaryUser(folder, () => replaceConfigFile(path, sha256, 'version: 1 # more\n'));
    expect(replace).toThrow(
      expect.objectContaining({ code: 'refused', hints: [expect.stringContaining('--print')] }),
    );
    chmodSync(folder, 0o700);
    expect(readFileSync(path, 'utf8')).toBe('version: 1\n');
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });
});
