import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const THREATS = PAGE.split('\n').filter((line) => /^\| TM\d+ \|/.test(line));

/** The titles that the page names, with the file that holds each: `file`: one title; another … */
function titlesOf(row: string): readonly (readonly [string, string])[] {
  const proof = row.split(' | ').at(-1) ?? '';
  return proof.split(' · ').flatMap((part) => {
    const [, file = '', rest] = /^`([^`*]+)`: (.*?)(?: \|)?$/.exec(part.trim()) ?? [];
    return (rest ?? '').split('; ').map((title) => [file, title] as const);
  });
}

describe('docs/security.md', () => {
  it('names each threat of thirteen once', () => {
    const named = THREATS.map((row) => row.split(' ')[1]);
    expect(named).toEqual(Array.from({ length: 13 }, (_, index) => `TM${index + 1}`));
  });

  it('names files that are there', () => {
    const paths = [...PAGE.matchAll(/`((?:src|test|tools|migrations)\/[^`*\s]+)`/g)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(60);
    expect(paths.filter((path) => !existsSync(join(ROOT, path ?? '')))).toEqual([]);
  });

  it('names tests by titles that they have', () => {
    const named = THREATS.flatMap(titlesOf).filter(([file]) => file !== '');
    expect(named.length).toBeGreaterThan(30);
    const missing = named.filter(([file, title]) => {
      const text = readFileSync(join(ROOT, file), 'utf8').replaceAll('\\', '');
      return title.split('…').some((chunk) => !text.includes(chunk.trim()));
    });
    expect(missing).toEqual([]);
  });
});
