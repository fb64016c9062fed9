import { appStoreConnectKey } from './app-store-connect-key.ts';
import { awsAccessKey } from './aws-access-key.ts';
import { certificate } from './certificate.ts';
import { cloudflareToken } from './cloudflare-token.ts';
import { cratesIoToken } from './crates-io-token.ts';
import { dockerHubToken } from './docker-hub-token.ts';
import { generic } from './generic.ts';
import { githubToken } from './github-token.ts';
import { gpgKey } from './gpg-key.ts';
import { hexKey } from './hex-key.ts';
import type { Kind } from './kind.ts';
import { mavenCentralToken } from './maven-central-token.ts';
import { npmToken } from './npm-token.ts';
import { nugetKey } from './nuget-key.ts';
import { openVsxToken } from './open-vsx-token.ts';
import { pypiToken } from './pypi-token.ts';
import { rubygemsKey } from './rubygems-key.ts';
import { sshDeployKey } from './ssh-deploy-key.ts';
import { vscodeMarketplaceToken } from './vscode-marketplace-token.ts';

/** Every kind that a configuration may name, in the order in which they are told. */
export const KINDS: readonly Kind[] = [
  cratesIoToken,
  npmToken,
  pypiToken,
  githubToken,
  certificate,
  nugetKey,
  gpgKey,
  sshDeployKey,
  dockerHubToken,
  vscodeMarketplaceToken,
  openVsxToken,
  mavenCentralToken,
  rubygemsKey,
  hexKey,
  cloudflareToken,
  appStoreConnectKey,
  awsAccessKey,
  generic,
];

export function findKind(id: string): Kind | undefined {
  return KINDS.find((kind) => kind.id === id);
}
