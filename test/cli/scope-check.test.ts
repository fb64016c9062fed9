import { describe, expect, it } from 'vitest';
import { scopeProbeOf } from '../../src/cli/scope-check.ts';
import { parseConfig } from '../../src/config/load.ts';
import { aDeclaration } from '../support/builders.ts';

function configOf(pipelines: Readonly<Record<string, readonly string[]>>) {
  const written = Object.entries(pipelines).map(
    ([repo, crates]) => `  ${repo.replace('/', '-')}:
    repo: ${repo}
    workflow: release.yml
    environment: { name: release }
    publishers: { crates-io: { crates: [${crates.join(', ')}] } }
`,
  );
  const section = written.length > 0 ? `pipelines:\n${written.join('')}` : '';
  const result = parseConfig(`version: 1\n${section}`);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('scopeProbeOf', () => {
  it('asks about the crates of the repositories that the token is stored in', () => {
    const config = configOf({ 'example/widgets': ['widgets', 'widgets-core'], 'example/other': ['other'] });
    expect(scopeProbeOf(aDeclaration(), config)).toEqual({
      declared: ['publish-new', 'publish-update'],
      crates: ['widgets', 'widgets-core'],
    });
  });

  it('asks about all of them where none is of these repositories', () => {
    const config = configOf({ 'example/other': ['other'], 'example/third': ['other', 'third'] });
    expect(scopeProbeOf(aDeclaration(), config).crates).toEqual(['other', 'third']);
  });

  it('refuses where no crate is declared, and says where', () => {
    expect(() => scopeProbeOf(aDeclaration(), configOf({}))).toThrow(
      expect.objectContaining({ code: 'invalid_input', hints: [expect.stringContaining('pipelines')] }),
    );
  });

  it('refuses another kind', () => {
    const declaration = aDeclaration({ kind: 'npm-token' });
    expect(() => scopeProbeOf(declaration, configOf({ 'example/widgets': ['widgets'] }))).toThrow(
      '--check-scopes is about crates.io tokens, and "crates-io" is of kind npm-token',
    );
  });
});
