import { randomBytes } from 'node:crypto';
import type { CratesIoSandbox } from './crates-io.ts';
import { fakeCratesIoToken, startCratesIo } from './crates-io.ts';
import type { GitHubOptions, GitHubSandbox } from './github.ts';
import { startGitHub } from './github.ts';
import type { MailSink } from './mail.ts';
import { startMailSink } from './mail.ts';
import type { NpmSandbox } from './npm.ts';
import { startNpm } from './npm.ts';
import type { SandboxPipeline } from './pipeline.ts';
import { setUpPipeline } from './pipeline.ts';
import type { PypiSandbox } from './pypi.ts';
import { startPypi } from './pypi.ts';

/** One repository with its environment, as the example configuration declares it. */
export interface SandboxPlace {
  readonly repo: string;
  readonly environment: string;
  readonly secret: string;
}

export interface Sandbox {
  readonly place: SandboxPlace;
  readonly github: GitHubSandbox;
  readonly cratesIo: CratesIoSandbox;
  readonly npm: NpmSandbox;
  readonly mail: MailSink;
  /** Where the whole pipeline of the example was asked for. */
  readonly pipeline: FurnishedPipeline | undefined;
  /** A fine-grained token with environments:write and metadata:read, and nothing more. */
  readonly sealToken: string;
  /** The token that the environment holds at first. */
  readonly oldToken: string;
  /** A token that the stand-in for crates.io knows as live and scoped: the one to paste. */
  readonly offeredToken: string;
  /**
   * Makes the stand-in of an issuer know a token as alive, as if somebody had just made it there.
   *
   * @param expiresAt told by GitHub alone; absent: it never expires
   */
  accept(issuer: 'crates-io' | 'npm' | 'github', token: string, expiresAt?: Date): void;
  close(): Promise<void>;
}

/** The pipeline that the example declares, compliant until somebody changes it. */
export interface FurnishedPipeline extends SandboxPipeline {
  readonly npm: NpmSandbox;
  readonly pypi: PypiSandbox;
}

/**
 * GitHub, crates.io, npm and a mail server on loopback, furnished for one rotation.
 *
 * @param oldAt when the old token was stored
 * @param now GitHub's clock
 */
export async function startSandbox(
  place: SandboxPlace,
  oldAt: Date,
  now = () => new Date(),
  options: Pick<GitHubOptions, 'tls' | 'enterpriseVersion'> & { readonly pipeline?: boolean } = {},
): Promise<Sandbox> {
  const [github, cratesIo, npm, mail] = await Promise.all([
    startGitHub({ ...options, now }),
    startCratesIo({}),
    startNpm({ now }),
    startMailSink({ credentials: { user: 'reseal', password: randomBytes(16).toString('hex') } }),
  ]);
  const sealToken = `github_pat_${randomBytes(24).toString('hex')}`;
  const oldToken = fakeCratesIoToken(randomBytes(64));
  const offeredToken = fakeCratesIoToken(randomBytes(64));
  github.addRepository({ fullName: place.repo });
  github.addEnvironment(place.repo, place.environment);
  github.addSecret({
    repository: place.repo,
    environment: place.environment,
    name: place.secret,
    value: oldToken,
    at: oldAt,
  });
  github.addToken(sealToken, {
    permissions: { environments: 'write', metadata: 'read' },
    repositories: [place.repo],
  });
  const accept = acceptance(github, cratesIo, npm);
  for (const token of [oldToken, offeredToken]) accept('crates-io', token);
  const pipeline = options.pipeline ? await furnish(github, npm, place, now) : undefined;
  return {
    place,
    github,
    cratesIo,
    npm,
    mail,
    pipeline,
    sealToken,
    oldToken,
    offeredToken,
    accept,
    close: async () => {
      const all = [github, cratesIo, npm, mail, pipeline?.pypi];
      await Promise.all(all.map((one) => one?.close()));
    },
  };
}

function acceptance(github: GitHubSandbox, cratesIo: CratesIoSandbox, npm: NpmSandbox): Sandbox['accept'] {
  return (issuer, token, expiresAt) => {
    switch (issuer) {
      case 'crates-io':
        return cratesIo.addToken(token, { scopes: ['publish-new', 'publish-update'] });
      case 'npm':
        return npm.addToken(token);
      case 'github':
        return github.addUserToken(token, expiresAt ? { expires: inUtc(expiresAt) } : {});
    }
  };
}

/** `2027-01-31 23:00:00 UTC`, as GitHub writes it for some tokens. */
function inUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

async function furnish(
  github: GitHubSandbox,
  npm: NpmSandbox,
  { repo }: SandboxPlace,
  now: () => Date,
): Promise<FurnishedPipeline> {
  return { ...setUpPipeline(github, { repo }), npm, pypi: await startPypi({ now }) };
}
