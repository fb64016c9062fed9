import { parsePlainYaml } from '../../src/config/plain-yaml.ts';
import { openClient } from '../../src/github/client.ts';
import type { KeptAnswers } from '../../src/github/settings.ts';
import { openGitHubSettings } from '../../src/github/settings.ts';
import { openCrates } from '../../src/registries/crates-io-crate.ts';
import { openNpm } from '../../src/registries/npm.ts';
import { openPypi } from '../../src/registries/pypi.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { setUpPipeline } from '../../src/sandbox/pipeline.ts';
import { startPypi } from '../../src/sandbox/pypi.ts';
import { gatherFacts } from '../../src/verify/gather.ts';
import { judgePipeline } from '../../src/verify/judge.ts';
import { openMinute } from '../../src/verify/minute.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import { aContext, aPipeline, READ_AT } from './pipeline-facts.ts';
import { testClock } from './stand-ins.ts';

/** Repository, its folder of workflows, the files in it: each needs the one before. */
const LONGEST_CHAIN = 3;

export interface VerifySpeed {
  readonly chain: number;
  /** Milliseconds of each run. */
  readonly first: readonly number[];
  readonly again: readonly number[];
  /** Of one run, at all services. */
  readonly requests: number;
  /** Answers of GitHub in one later run that said "not modified". */
  readonly unchanged: number;
}

async function openServices(latencyMs: number) {
  const now = () => READ_AT;
  const services = {
    github: await startGitHub({ now }),
    cratesIo: await startCratesIo({ now }),
    npm: await startNpm({ now }),
    pypi: await startPypi({ now }),
  };
  const { repo, verifyToken: token } = setUpPipeline(services.github);
  const all = Object.values(services);
  if (latencyMs > 0)
    for (const one of all) one.fault({ kind: 'late', afterMs: latencyMs, times: Number.POSITIVE_INFINITY });
  const flights = { now: 0, most: 0 };
  const counted: typeof fetch = async (input, init) => {
    flights.now += 1;
    flights.most = Math.max(flights.most, flights.now);
    try {
      return await fetch(input, init);
    } finally {
      flights.now -= 1;
    }
  };
  const verify = async (answers: KeptAnswers): Promise<number> => {
    const started = performance.now();
    const common = { contact: undefined, version: '0.1.0', fetch };
    const client = openClient({
      apiUrl: services.github.apiUrl,
      token,
      tokenFile: 'token',
      fetch: counted,
      version: '0.1.0',
    });
    const sources = {
      github: openGitHubSettings(client, repo, answers),
      cratesIo: openCrates({ ...common, url: services.cratesIo.url, turn: async () => undefined }),
      npm: openNpm({ url: services.npm.url, contact: undefined, version: '0.1.0', now }),
      pypi: openPypi({ ...common, url: services.pypi.url, now }),
    };
    const own = { at: READ_AT, stored: new Map(), confirmed: new Map(), parseYaml: parsePlainYaml };
    const facts = await gatherFacts(aPipeline(), sources, own);
    const findings = judgePipeline(RULES, aContext({ facts }));
    if (findings.some(({ outcome }) => outcome === 'fail')) throw new Error('the compliant pipeline fails');
    return performance.now() - started;
  };
  return { services, all, verify, flights, close: () => Promise.all(all.map((one) => one.close())) };
}

/** How long verifying one pipeline takes, in a process that has done it before. */
export async function measureVerify(latencyMs: number, runs: number): Promise<VerifySpeed> {
  const { services, all, verify, close } = await openServices(latencyMs);
  try {
    const kept = new Map();
    await verify(kept);
    const count = () => all.reduce((sum, { requests }) => sum + requests.length, 0);
    const before = count();
    const [first, again]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      first.push(await verify(new Map()));
      again.push(await verify(kept));
    }
    const conditional = services.github.requests.filter(({ headers }) => headers['if-none-match']).length;
    return {
      chain: LONGEST_CHAIN,
      first,
      again,
      requests: (count() - before) / (2 * runs),
      unchanged: Math.round(conditional / runs),
    };
  } finally {
    await close();
  }
}

/** Many pipelines, one after the other as `verify` and the daemon do it, on a simulated clock. */
export async function measureMany(
  pipelines: number,
): Promise<{ readonly requests: number; readonly atOnce: number; readonly pointsAMinute: number }> {
  const { services, verify, flights, close } = await openServices(0);
  const { github } = services;
  const clock = testClock();
  const minute = openMinute(clock.now, clock.sleep);
  try {
    const times: number[] = [];
    for (let run = 0; run < pipelines; run++) {
      await minute.room();
      const before = github.requests.length;
      await verify(new Map());
      for (let one = before; one < github.requests.length; one++) {
        minute.note();
        times.push(clock.now().getTime());
      }
    }
    const pointsAMinute = Math.max(
      ...times.map((at) => times.filter((other) => other <= at && at - other < 60_000).length),
    );
    return { requests: github.requests.length, atOnce: flights.most, pointsAMinute };
  } finally {
    await close();
  }
}
