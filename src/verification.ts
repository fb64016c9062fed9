import type { App } from './app.ts';
import { readSecretFile } from './app.ts';
import { sameDestination } from './domain/credential.ts';
import { describeError } from './domain/error.ts';
import { openFindingStore } from './findings.ts';
import type { KeptAnswers } from './github/settings.ts';
import { pagesOf } from './pages.ts';
import type { Unavailable } from './verify/fact.ts';
import { unavailable } from './verify/fact.ts';
import type { StoredSecret } from './verify/facts.ts';
import type { Finding } from './verify/finding.ts';
import { gatherFacts } from './verify/gather.ts';
import { judgePipeline } from './verify/judge.ts';
import type { Minute } from './verify/minute.ts';
import { openMinute } from './verify/minute.ts';
import type { DeclaredPipeline } from './verify/pipeline.ts';
import type { Rule } from './verify/rule.ts';
import type { GitHubSettings, Sources } from './verify/sources.ts';

/** Verifies one pipeline after the other. */
export interface Verifier {
  /** Reads every fact anew. @param rules all of them, or those that are asked about */
  verify(app: App, pipeline: DeclaredPipeline, rules: readonly Rule[]): Promise<readonly Finding[]>;
}

/** What GitHub answered is kept from run to run, so that it may say that it still holds; crates.io is asked once a second. */
export function openVerifier(): Verifier {
  const kept = new Map<string, KeptAnswers>();
  let turn: Promise<(url: string) => Promise<void>> | undefined;
  let minute: Minute | undefined;
  return {
    verify: async (app, pipeline, rules) => {
      turn ??= import('./registries/turns.ts').then(({ takeTurns }) =>
        takeTurns(app.world.now, app.world.sleep),
      );
      minute ??= openMinute(app.world.now, app.world.sleep);
      await minute.room();
      const answers: KeptAnswers = kept.get(pipeline.repo) ?? new Map();
      kept.set(pipeline.repo, answers);
      const sources = await openSources(app, pipeline, { answers, turn: await turn, note: minute.note });
      const { parsePlainYaml } = await import('./config/plain-yaml.ts');
      const facts = await gatherFacts(pipeline, sources, {
        at: app.world.now(),
        stored: storedSecrets(app, pipeline),
        confirmed: openFindingStore(app).confirmations(pipeline.name),
        parseYaml: parsePlainYaml,
      });
      return judgePipeline(rules, { pipeline, facts, pages: pagesOf(app.config, pipeline) });
    },
  };
}

interface Kept {
  readonly answers: KeptAnswers;
  /** Called for each request to GitHub. */
  readonly note: () => void;
  readonly turn: (url: string) => Promise<void>;
}

async function openSources(app: App, { repo }: DeclaredPipeline, kept: Kept): Promise<Sources> {
  const { config, world } = app;
  const { fetch, version, now } = world;
  const { cratesIo, npm, pypi } = config.registries;
  const { openCrates } = await import('./registries/crates-io-crate.ts');
  const { openNpm } = await import('./registries/npm.ts');
  const { openPypi } = await import('./registries/pypi.ts');
  return {
    github: await openSettings(app, repo, kept),
    cratesIo: openCrates({ ...cratesIo, version, fetch, turn: kept.turn }),
    npm: openNpm({ ...npm, version, now }),
    pypi: openPypi({ ...pypi, version, fetch, now }),
  };
}

/** With the verifying token; without one, with the sealer's, which sees a part of it. */
async function openSettings(
  { config, world }: App,
  repo: string,
  { answers, note }: Kept,
): Promise<GitHubSettings> {
  const { apiUrl, verifyTokenFile, sealTokenFile } = config.github;
  const tokenFile = verifyTokenFile ?? sealTokenFile;
  if (!tokenFile) {
    return allUnavailable(
      unavailable('no-token', 'github.verify.token-file is not set: nothing can be read at GitHub'),
    );
  }
  try {
    const token = readSecretFile(tokenFile, 'the GitHub token for reading settings');
    const { openClient } = await import('./github/client.ts');
    const { openGitHubSettings } = await import('./github/settings.ts');
    const { version } = world;
    const fetch: typeof globalThis.fetch = (input, init) => {
      note();
      return world.fetch(input, init);
    };
    return openGitHubSettings(openClient({ apiUrl, token, tokenFile, fetch, version }), repo, answers);
  } catch (error) {
    return allUnavailable(unavailable('no-token', describeError(error)));
  }
}

function allUnavailable(reason: Unavailable): GitHubSettings {
  const read = async () => reason;
  return {
    repository: read,
    environment: read,
    deploymentBranches: read,
    customRules: read,
    environmentSecrets: read,
    repositorySecrets: read,
    organisationSecrets: read,
    dependabotSecrets: read,
    classicProtection: read,
    branchRules: read,
    ruleset: read,
    workflowTexts: read,
    files: read,
  };
}

/** By the names of the environment's secrets that some credential is stored in. */
function storedSecrets({ register }: App, pipeline: DeclaredPipeline): ReadonlyMap<string, StoredSecret> {
  const { repo, environment } = pipeline;
  const stored = new Map<string, StoredSecret>();
  for (const { declaration, current, destinations } of register.list()) {
    for (const destination of declaration.destinations) {
      const { secret } = destination;
      if (!sameDestination(destination, { repo, environment: environment.name, secret })) continue;
      const place = destinations.find((one) => sameDestination(one.destination, destination));
      stored.set(secret.toUpperCase(), {
        credential: declaration.name,
        kind: declaration.kind,
        storedAt: place?.storedAt,
        remoteUpdatedAt: place?.remoteUpdatedAt,
        lifetimeDays: current?.lifetimeDays,
      });
    }
  }
  return stored;
}
