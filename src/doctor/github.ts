import { statSync } from 'node:fs';
import type { App, World } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { Destination } from '../domain/credential.ts';
import { AppError, describeError, isAppError } from '../domain/error.ts';
import type { OwnToken } from '../domain/own-token.ts';
import type { GitHubClient } from '../github/client.ts';
import type { DeclaredPipeline } from '../verify/pipeline.ts';
import type { GitHubSettings } from '../verify/sources.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { problem, unknown } from './line.ts';
import type { Permission } from './permission.ts';
import { judgeEnvironment, judgePermission, judgeWrite, notAsked } from './permission.ts';
import type { Reading } from './scene.ts';
import { needing, withSecret } from './scene.ts';
import type { TokenAnswer } from './token.ts';
import { judgeNoSeal, judgeNoVerify, judgeToken, requiredPermissions, titleOf } from './token.ts';

const CALL_MS = 4_000;
/** Environments and repositories that are asked about: each costs requests. */
const MOST_PLACES = 5;
const MOST_PIPELINES = 3;

/** Both tokens: whether GitHub accepts them, until when, and each permission by name. Reads only. */
export const github: Check = {
  id: 'github',
  title: 'GitHub',
  asksOthers: true,
  run: ({ config, app, world }) =>
    needing(config, 'tokens', async (value) => {
      const both = await Promise.all([askSealer(value, app, world), askVerifier(value, world)]);
      return both.flat();
    }),
};

async function askSealer(config: Config, app: Reading<App>, world: World): Promise<readonly Remark[]> {
  const { sealTokenFile: file } = config.github;
  const places = environmentsOf(config);
  if (file === undefined) return [judgeNoSeal(places.length, config.pipelines.length)];
  return withToken('seal', file, config, world, async (client, answer) => {
    const asked = places.slice(0, MOST_PLACES);
    if (answer.kind !== 'accepted') return asked.flatMap((place) => nothingAsked(place, file));
    const lines = await Promise.all(
      asked.map((place) => askPlace(client, place, { file, wroteAt: lastWrite(app, place) })),
    );
    return [...lines.flat(), ...more('seal', places.length - asked.length, 'environments')];
  });
}

async function askVerifier(config: Config, world: World): Promise<readonly Remark[]> {
  const { verifyTokenFile: file, sealTokenFile } = config.github;
  const { pipelines } = config;
  if (file === undefined) return [judgeNoVerify(pipelines.length, sealTokenFile !== undefined)];
  return withToken('verify', file, config, world, async (client, answer) => {
    const asked = pipelines.slice(0, MOST_PIPELINES);
    if (answer.kind !== 'accepted')
      return asked.flatMap(({ repo }) =>
        requiredPermissions().map((name) => notAsked({ token: 'verify', name, repo, file }, NOT_ACCEPTED)),
      );
    const lines = await Promise.all(asked.map((pipeline) => askPipeline(client, pipeline, file)));
    return [...lines.flat(), ...more('verify', pipelines.length - asked.length, 'pipelines')];
  });
}

const NOT_ACCEPTED = 'GitHub did not accept the token';
const NOT_SEEN = 'the repository is not seen';

type Asking = (client: GitHubClient, answer: TokenAnswer) => Promise<readonly Remark[]>;

/** What is said of the token itself, and then of what it may do. */
async function withToken(
  which: OwnToken,
  file: string,
  { github: { apiUrl } }: Config,
  world: World,
  ask: Asking,
): Promise<readonly Remark[]> {
  const { openClient } = await import('../github/client.ts');
  const { version, fetch, now } = world;
  const what = `the GitHub token for ${which === 'seal' ? 'sealing' : 'verifying'}`;
  return withSecret(file, what, titleOf(which), async (token) => {
    try {
      const client = openClient({ apiUrl, token, tokenFile: file, fetch, version, deadlineMs: CALL_MS });
      const answer = await answerTo(client, world);
      const said = judgeToken(which, { file, isClassic: token.startsWith('ghp_') }, answer, now());
      return [...said, ...(await ask(client, answer))];
    } catch (error) {
      if (!isAppError(error)) throw error;
      return [problem(titleOf(which), error.message, error.hints.join('; '))];
    }
  });
}

/** Alone and first: after several log-ins with a dead token GitHub refuses all of its user's. */
async function answerTo(client: GitHubClient, { sleep }: World): Promise<TokenAnswer> {
  const { readTokenExpiry } = await import('../github/token-expiry.ts');
  try {
    const expiry = await readTokenExpiry(client, sleep);
    return expiry.kind === 'refused' ? expiry : { kind: 'accepted', expiry };
  } catch (error) {
    const hints = error instanceof AppError ? error.hints : [];
    return { kind: 'unread', reason: describeError(error), hints };
  }
}

/** One for each environment that something is stored in. */
function environmentsOf({ credentials }: Config): readonly Destination[] {
  const all = credentials.flatMap(({ destinations }) => destinations);
  const keyOf = ({ repo, environment }: Destination) => `${repo} ${environment}`.toLowerCase();
  return [...new Map(all.map((place) => [keyOf(place), place])).values()];
}

function nothingAsked({ repo }: Destination, file: string): readonly Remark[] {
  return ['metadata:read', 'environments:read', 'environments:write'].map((name) =>
    notAsked({ token: 'seal', name, repo, file }, NOT_ACCEPTED),
  );
}

async function askPlace(
  client: GitHubClient,
  place: Destination,
  { file, wroteAt }: { readonly file: string; readonly wroteAt: Date | undefined },
): Promise<readonly Remark[]> {
  const { openGitHubSettings } = await import('../github/settings.ts');
  const { openSecretStore } = await import('../github/environment-secrets.ts');
  const { repo } = place;
  const of = (name: string): Permission => ({ token: 'seal', name, repo, file });
  const seen = await openGitHubSettings(client, repo).repository();
  const first = judgePermission(of('metadata:read'), seen);
  if (!seen.known)
    return [first, notAsked(of('environments:read'), NOT_SEEN), notAsked(of('environments:write'), NOT_SEEN)];
  const error = await openSecretStore(client)
    .publicKey(place)
    .then(() => undefined, expected);
  const key = judgeEnvironment(of('environments:read'), place, error);
  if (error) return [first, key, notAsked(of('environments:write'), 'not even reading is known to work')];
  return [first, key, judgeWrite(of('environments:write'), { wroteAt, fileAt: changedAt(file) })];
}

function expected(error: unknown): AppError {
  if (isAppError(error)) return error;
  throw error;
}

function changedAt(file: string): Date | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && new Date(Math.max(stats.mtimeMs, stats.ctimeMs));
}

/** When GitHub last acknowledged a write of ours in that repository. */
function lastWrite(app: Reading<App>, { repo }: Destination): Date | undefined {
  if (!app.ok) return undefined;
  const writes = app.value.history
    .list()
    .filter(({ type, detail }) => type === 'rotation.stored' && repoIn(detail) === repo.toLowerCase());
  const last = writes.at(-1);
  return last && new Date(last.at);
}

function repoIn(detail: string): string | undefined {
  const { repo } = JSON.parse(detail) as { repo?: unknown };
  return typeof repo === 'string' ? repo.toLowerCase() : undefined;
}

/** The smallest question for each permission that the rules need. */
export const QUESTIONS: Readonly<
  Record<string, (settings: GitHubSettings, pipeline: DeclaredPipeline) => Promise<unknown>>
> = {
  'metadata:read': (settings) => settings.repository(),
  'actions:read': (settings, { environment }) => settings.environment(environment.name),
  'administration:read': async (settings, { branches }) => {
    const repository = await settings.repository();
    const branch = branches[0]?.name ?? (repository.known ? repository.value.defaultBranch : 'main');
    return settings.classicProtection(branch);
  },
  'contents:read': (settings) => settings.files(),
  'dependabot_secrets:read': (settings) => settings.dependabotSecrets(),
  'environments:read': (settings, { environment }) => settings.environmentSecrets(environment.name),
  'secrets:read': (settings) => settings.repositorySecrets(),
};

async function askPipeline(
  client: GitHubClient,
  pipeline: DeclaredPipeline,
  file: string,
): Promise<readonly Remark[]> {
  const { openGitHubSettings } = await import('../github/settings.ts');
  const { repo } = pipeline;
  const settings = openGitHubSettings(client, repo);
  const of = (name: string): Permission => ({ token: 'verify', name, repo, file });
  const seen = await settings.repository();
  return Promise.all(
    requiredPermissions().map(async (name) => {
      if (name === 'metadata:read') return judgePermission(of(name), seen);
      if (!seen.known) return notAsked(of(name), NOT_SEEN);
      const ask = QUESTIONS[name];
      if (!ask) return notAsked(of(name), 'reseal knows no question that takes it');
      return judgePermission(of(name), (await ask(settings, pipeline)) as Awaited<typeof seen>);
    }),
  );
}

function more(which: OwnToken, rest: number, what: string): readonly Remark[] {
  if (rest <= 0) return [];
  const next = which === 'verify' ? 'reseal verify asks about all' : 'reseal rotate asks about its own first';
  return [unknown(titleOf(which), `${rest} more ${what} were not asked about`, next)];
}
