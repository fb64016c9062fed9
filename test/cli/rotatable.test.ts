import { describe, expect, it } from 'vitest';
import type { Wanted } from '../../src/cli/rotatable.ts';
import { ensureRotatable } from '../../src/cli/rotatable.ts';
import type { Declaration } from '../../src/domain/credential.ts';
import { KINDS } from '../../src/kinds/catalogue.ts';
import { generic } from '../../src/kinds/generic.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { aDeclaration } from '../support/builders.ts';

const CERTIFICATE: Kind = { ...generic, title: 'certificate', shape: 'file', reader: 'certificate' };

function knownBy(known: Kind['expiry']['known']): Kind {
  return { ...generic, expiry: { known, how: '' } };
}

interface Case {
  readonly declaration?: Partial<Declaration>;
  readonly kind?: Kind;
  readonly wanted?: Partial<Wanted>;
  readonly onTerminal?: boolean;
}

/** What it is refused with; `fine` where it is not. */
function answer({ declaration = {}, kind = generic, wanted = {}, onTerminal = false }: Case): string {
  const all: Wanted = {
    stated: undefined,
    stdin: false,
    onlyMissing: false,
    standing: undefined,
    passwordFile: undefined,
    ...wanted,
  };
  try {
    ensureRotatable(aDeclaration(declaration), kind, all, onTerminal);
    return 'fine';
  } catch (error) {
    const { message, hints } = error as { message: string; hints: readonly string[] };
    return [message, ...hints].join(' | ');
  }
}

describe('ensureRotatable', () => {
  describe('of a credential without a destination', () => {
    const declaration = { destinations: [] };

    it.each(['read', 'observed', 'read-or-entered'] as const)('takes a kind whose expiry is %s', (known) => {
      expect(answer({ declaration, kind: knownBy(known) })).toBe('fine');
      expect(answer({ declaration, kind: knownBy(known), wanted: { stdin: true } })).toBe('fine');
    });

    it('sends to record where only a person knows the date', () => {
      expect(answer({ declaration, kind: knownBy('entered') })).toContain('reseal record crates-io');
    });

    it('has nothing that could be missing', () => {
      const wanted = { onlyMissing: true };
      expect(answer({ declaration, kind: knownBy('read'), wanted })).toContain('nothing can be missing');
    });
  });

  describe('with --stdin', () => {
    const declaration = { lifetime: undefined };
    const wanted = { stdin: true };

    it('needs a date only where neither the credential nor its issuer says it', () => {
      const answers = (['read', 'observed', 'read-or-entered'] as const).map((known) =>
        answer({ declaration, kind: knownBy(known), wanted }),
      );
      expect(answers).toEqual(['fine', 'fine', 'fine']);
      expect(answer({ declaration, kind: knownBy('entered'), wanted })).toContain('--expires 2027-06-01');
    });

    it('tells a kind of several lines on a terminal to come from its file, and names the password', () => {
      const told = answer({ kind: CERTIFICATE, wanted, onTerminal: true });
      expect(told).toContain('reseal rotate crates-io --stdin < FILE');
      expect(told).toContain('--password-file FILE');
      expect(answer({ kind: CERTIFICATE, wanted })).toBe('fine');
    });

    it.each(['line', 'any'] as const)('takes a kind of shape %s on a terminal', (shape) => {
      expect(answer({ kind: { ...generic, shape }, wanted, onTerminal: true })).toBe('fine');
    });
  });

  describe('with --password-file', () => {
    it('is for kinds that a password may lock, and for --stdin', () => {
      const passwordFile = 'FILE';
      expect(answer({ wanted: { passwordFile, stdin: true } })).toContain('has no password of its own');
      expect(answer({ kind: CERTIFICATE, wanted: { passwordFile } })).toContain('the form asks');
      expect(answer({ kind: CERTIFICATE, wanted: { passwordFile, stdin: true } })).toBe('fine');
    });
  });

  it.each(KINDS.filter(({ lifetimes }) => !lifetimes.never).map((kind) => [kind.id, kind] as const))(
    'takes no --never of a %s, which its issuer does not give',
    (_, kind) => {
      const told = answer({ kind, wanted: { stated: { kind: 'never' } } });
      expect(told).toContain(`${kind.issuer} gives no ${kind.title} without an end`);
      expect(answer({ kind, wanted: { stdin: true }, declaration: { lifetime: undefined } })).not.toContain(
        '--never',
      );
    },
  );

  it('takes --never where its issuer gives that', () => {
    expect(answer({ wanted: { stated: { kind: 'never' } } })).toBe('fine');
  });

  it.each(KINDS.map((kind) => [kind.id, kind] as const))('takes a %s for the form', (_, kind) => {
    expect(answer({ kind, onTerminal: true })).toBe('fine');
  });
});
