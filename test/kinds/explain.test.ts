import { describe, expect, it } from 'vitest';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import { explain } from '../../src/kinds/explain.ts';

const NOW = new Date('2026-11-23T09:30:00Z');

/** All that is said of a kind under one title, as one text. */
function said(id: string, title: string, now: Date | undefined = NOW): string {
  const kind = findKind(id);
  if (!kind) throw new Error(`no kind ${id}`);
  const section = explain(kind, now).find((one) => one.title === title);
  return JSON.stringify(section?.parts);
}

describe('explain', () => {
  it('says how a certificate is stored in either form', () => {
    const words = said('certificate', 'How its value comes');
    expect(words).toMatch(/PEM, is stored as it is.*PKCS#12, is stored base64-encoded.*`encoding: base64`/);
  });

  it('says what becomes of bytes of an unknown kind, and how many there may be', () => {
    expect(said('generic', 'How its value comes')).toMatch(
      /refused, unless `encoding: base64`.*36,864 bytes/,
    );
  });

  it('names the password of a certificate in the last step, which is what to run', () => {
    const words = said('certificate', 'Get the next one');
    expect(words).toMatch(/its form, which asks for its password too .*`--password-file PASSWORD`\)\."\]/);
    expect(words).not.toMatch(/ here[,:.]/);
  });

  it('says what NAME is where no page does', () => {
    expect(said('npm-token', 'Get the next one')).toContain('NAME is what the configuration calls it');
  });

  it('says where the classic tokens of GitHub stand', () => {
    expect(said('github-token', 'Get the next one')).toContain('https://github.com/settings/tokens)');
  });

  it.each(KINDS.map((kind) => [kind.id, kind] as const))(
    'offers --never of a %s only where its issuer does',
    (id, kind) => {
      const offered = said(id, 'How its expiry is known').includes('--never');
      expect(offered).toBe(kind.lifetimes.never && kind.expiry.known === 'entered');
    },
  );

  it.each([
    ['crates-io-token', 'once, and with `--check-scopes` some times more'],
    ['npm-token', 'once'],
    ['github-token', 'once, and two seconds later once more'],
  ])('says how often the issuer of a %s is asked', (id, words) => {
    expect(said(id, 'What is checked live')).toContain(`is asked, over TLS: ${words}`);
  });
});
