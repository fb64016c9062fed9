import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fakeCratesIoToken } from '../../src/sandbox/crates-io.ts';
import { makeInstallation } from '../../src/sandbox/installation.ts';
import type { Running } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import type { Authority, Gh } from './gh.ts';
import { openGh } from './gh.ts';
import { dateOf, daysAgo, openedForm, PLACE, PROGRAM } from './installed.ts';

const HOUR_MS = 3_600_000;
/** Nobody makes a token at the issuer's page and pastes it in less. */
const PERSON_MS = 1_000;
const API = /^\/(api\/v3\/)?repos\//;

export type Way = 'form' | 'stdin';

/** From the issuer's answer, as it left there, to the line "verified", as it arrived here. */
export interface MeasuredProcess {
  readonly trips: number;
  readonly beyondMs: number;
  /** How much of that this process was at work: the stand-ins, and the browser. */
  readonly standInMs: number;
  /** From the start of the process to its end. */
  readonly wholeMs: number;
}

/** The built program beside a GitHub whose every answer takes a while; each rotation is a process of its own. */
export interface SlowGitHub extends AsyncDisposable {
  rotate(way: Way): Promise<MeasuredProcess>;
  /** GitHub's own client stores one secret, and does not look back. @returns milliseconds from its start to its end */
  ghSecretSet(): Promise<number>;
}

/** @param authority for TLS, which GitHub's own client insists on */
export async function startSlowGitHub(latencyMs: number, authority?: Authority): Promise<SlowGitHub> {
  let ahead = 0;
  const sandbox = await startSandbox(PLACE, daysAgo(358), () => new Date(Date.now() + ahead), {
    ...(authority ? { tls: authority.leaf, enterpriseVersion: '3.18.0' } : {}),
  });
  const { github, cratesIo } = sandbox;
  const installation = makeInstallation(sandbox);
  const host = `localhost:${github.port}`;
  const home = join(installation.folder, 'home');
  mkdirSync(home);
  const program = openProgram(PROGRAM, installation, {
    HOME: home,
    ...(authority ? { NODE_EXTRA_CA_CERTS: authority.caFile } : {}),
  });
  if (authority) {
    const config = readFileSync(installation.configPath, 'utf8');
    writeFileSync(installation.configPath, config.replace(github.apiUrl, `https://${host}/api/v3`));
  }
  await program.run('init');
  await program.run('record', 'crates-io', '--created', dateOf(daysAgo(358)), '--lifetime', '365d');
  if (latencyMs > 0)
    github.fault({ kind: 'late', afterMs: latencyMs, path: API, times: Number.POSITIVE_INFINITY });
  let gh: Gh | undefined;
  return {
    rotate: async (way) => {
      // GitHub's times have whole seconds, so that a secret written just now would be waited for.
      ahead += HOUR_MS;
      const token = fakeCratesIoToken(randomBytes(64));
      cratesIo.addToken(token, { scopes: ['publish-update'] });
      const moment = () => ({
        at: performance.now(),
        requests: github.requests.filter(({ path }) => API.test(path)).length,
        worked: performance.eventLoopUtilization().active,
      });
      const answered = cratesIo.when({ stage: 'answered' }).then(moment);
      const started = performance.now();
      const running =
        way === 'stdin'
          ? program.feed(`${token}\n`, '--json', 'rotate', 'crates-io', '--stdin', '--lifetime', '365d')
          : program.start('--json', 'rotate', 'crates-io');
      const verified = seeVerified(running).then(moment);
      const [, end, began] = await Promise.all([
        way === 'form' ? paste(running, token) : undefined,
        verified,
        answered,
      ]);
      const { code, stderr } = await running.finished;
      if (code !== 0) throw new Error(`the rotation ended with ${code}: ${stderr}`);
      const trips = end.requests - began.requests;
      return {
        trips,
        beyondMs: end.at - began.at - trips * latencyMs,
        standInMs: end.worked - began.worked,
        wholeMs: performance.now() - started,
      };
    },
    ghSecretSet: async () => {
      if (!authority) throw new Error('gh needs an authority');
      gh ??= openGh({
        host,
        token: sandbox.sealToken,
        caFile: authority.caFile,
        folder: installation.folder,
      });
      const started = performance.now();
      const { code, said } = await gh(
        ['secret', 'set', PLACE.secret, '--env', PLACE.environment, '-R', `${host}/${PLACE.repo}`],
        fakeCratesIoToken(randomBytes(64)),
      );
      if (code !== 0) throw new Error(`gh ended with ${code}: ${said}`);
      return performance.now() - started;
    },
    [Symbol.asyncDispose]: async () => {
      await program.stopAll();
      await sandbox.close();
      installation.remove();
    },
  };
}

async function paste(running: Running, token: string): Promise<void> {
  const address = await openedForm(running);
  const page = await openPage(address);
  await wait(PERSON_MS);
  await submitForm(address, page, { token, expiration: '365d' });
}

function seeVerified({ child, finished }: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('"step":"verified"')) resolve();
    });
    finished.then(({ stderr }) => reject(new Error(`it ended without "verified": ${stderr}`)), reject);
  });
}
