import { onTestFinished } from 'vitest';
import { parsePlainYaml } from '../../src/config/plain-yaml.ts';
import { openClient } from '../../src/github/client.ts';
import { openGitHubSettings } from '../../src/github/settings.ts';
import { openCrates } from '../../src/registries/crates-io-crate.ts';
import { openNpm } from '../../src/registries/npm.ts';
import { openPypi } from '../../src/registries/pypi.ts';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import type { GitHubSandbox, Permission } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import type { NpmSandbox } from '../../src/sandbox/npm.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { readOnly, setUpPipeline, VERIFY_PERMISSIONS } from '../../src/sandbox/pipeline.ts';
import type { PypiSandbox } from '../../src/sandbox/pypi.ts';
import { startPypi } from '../../src/sandbox/pypi.ts';
import type { StoredSecret } from '../../src/verify/facts.ts';
import type { Finding } from '../../src/verify/finding.ts';
import { gatherFacts } from '../../src/verify/gather.ts';
import { judgePipeline } from '../../src/verify/judge.ts';
import type { DeclaredPipeline } from '../../src/verify/pipeline.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import { aPipeline, READ_AT } from './pipeline-facts.ts';

const STORED_AT = new Date('2026-06-01T08:00:00Z');

/** The sqlrite pipeline at four stand-ins, every line of which holds until something is changed. */
export interface PipelineScene {
  readonly github: GitHubSandbox;
  readonly cratesIo: CratesIoSandbox;
  readonly npm: NpmSandbox;
  readonly pypi: PypiSandbox;
  readonly repo: string;
  declared: DeclaredPipeline;
  /** What the register says of the environment's secrets. */
  readonly stored: Map<string, StoredSecret>;
  readonly confirmed: Map<string, Date>;
  /** What the verifying token may read from now on. */
  permit(permissions: readonly Permission[]): void;
  /** Reads everything over real sockets, and judges it. */
  verify(): Promise<readonly Finding[]>;
}

export async function openPipelineScene(): Promise<PipelineScene> {
  const now = () => READ_AT;
  const github = await startGitHub({ now });
  const cratesIo = await startCratesIo({ now });
  const npm = await startNpm({ now });
  const pypi = await startPypi({ now });
  onTestFinished(
    async () => void (await Promise.all([github, cratesIo, npm, pypi].map((one) => one.close()))),
  );
  const { repo, verifyToken } = setUpPipeline(github, { storedAt: STORED_AT });
  const common = { contact: undefined, version: '0.1.0', fetch };
  const scene: PipelineScene = {
    github,
    cratesIo,
    npm,
    pypi,
    repo,
    declared: aPipeline(),
    stored: new Map([
      [
        'CRATES_IO_TOKEN',
        {
          credential: 'crates-io',
          kind: 'crates-io-token',
          storedAt: STORED_AT,
          remoteUpdatedAt: STORED_AT,
          lifetimeDays: 365,
        },
      ],
    ]),
    confirmed: new Map(),
    permit: (permissions) => {
      github.removeToken(verifyToken);
      github.addToken(verifyToken, { permissions: readOnly(permissions), repositories: [repo] });
    },
    verify: async () => {
      const client = openClient({
        apiUrl: github.apiUrl,
        token: verifyToken,
        tokenFile: '/run/secrets/github_verify_token',
        fetch,
        version: '0.1.0',
      });
      const sources = {
        github: openGitHubSettings(client, repo),
        cratesIo: openCrates({ ...common, url: cratesIo.url, turn: async () => undefined }),
        npm: openNpm({ url: npm.url, contact: undefined, version: '0.1.0', now }),
        pypi: openPypi({ ...common, url: pypi.url, now }),
      };
      const { declared: pipeline, stored, confirmed } = scene;
      const facts = await gatherFacts(pipeline, sources, {
        at: READ_AT,
        stored,
        confirmed,
        parseYaml: parsePlainYaml,
      });
      const pages = {
        repository: `https://github.com/${repo}`,
        cratesIo: 'https://crates.io',
        npm: 'https://www.npmjs.com',
        pypi: 'https://pypi.org',
      };
      return judgePipeline(RULES, { pipeline, facts, pages });
    },
  };
  return scene;
}

export { VERIFY_PERMISSIONS };
