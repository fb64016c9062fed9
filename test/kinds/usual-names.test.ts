import { describe, expect, it } from 'vitest';
import { KINDS } from '../../src/kinds/catalogue.ts';
import { usualKind } from '../../src/kinds/usual-names.ts';

describe('usualKind', () => {
  it.each([
    ['CARGO_REGISTRY_TOKEN', 'crates-io-token'],
    ['CRATES_IO_TOKEN', 'crates-io-token'],
    ['NODE_AUTH_TOKEN', 'npm-token'],
    ['npm_token', 'npm-token'],
    ['TWINE_PASSWORD', 'pypi-token'],
    ['WIN_CSC_LINK', 'certificate'],
    ['VSCE_PAT', 'vscode-marketplace-token'],
    ['AWS_SECRET_ACCESS_KEY', 'aws-access-key'],
  ])('takes %s for %s', (name, kind) => {
    expect(usualKind(name)).toBe(kind);
  });

  it.each([
    'TOKEN',
    'API_KEY',
    'PASSWORD',
    'SIGNING_KEY',
    'DOCKER_PASSWORD',
    'AWS_ACCESS_KEY_ID',
    'APPLE_API_KEY',
    'MY_NPM_TOKEN_NAME',
    'CSC_KEY_PASSWORD',
    'constructor',
    '',
  ])('says nothing of "%s"', (name) => {
    expect(usualKind(name)).toBeUndefined();
  });

  it('suggests every kind of the catalogue by some name, save the one for anything else', () => {
    const names = ['CRATES_IO_TOKEN', 'NPM_TOKEN', 'PYPI_TOKEN', 'GH_TOKEN', 'CSC_LINK', 'NUGET_API_KEY'];
    const others = [
      'GPG_PRIVATE_KEY',
      'SSH_DEPLOY_KEY',
      'DOCKERHUB_TOKEN',
      'VSCE_PAT',
      'OVSX_PAT',
      'HEX_API_KEY',
    ];
    const last = ['MAVEN_CENTRAL_TOKEN', 'GEM_HOST_API_KEY', 'CF_API_TOKEN', 'APP_STORE_CONNECT_PRIVATE_KEY'];
    const found = [...names, ...others, ...last, 'AWS_SECRET_ACCESS_KEY'].map(usualKind);
    const all = KINDS.map(({ id }) => id).filter((id) => id !== 'generic');
    expect(new Set(found)).toEqual(new Set(all));
  });
});
