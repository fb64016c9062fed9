import type { components, operations } from '@octokit/openapi-types';
import { errorBody, secretBody } from './github-bodies.ts';
import type { RepositoryExchange } from './github-exchange.ts';
import { linkHeader, pageOf } from './github-pages.ts';
import type { EnvironmentState, SecretState } from './github-state.ts';
import { openBox, visibleTimes, writeSecret } from './github-state.ts';
import type { Answer } from './http-exchange.ts';

type SecretsPage =
  operations['actions/list-environment-secrets']['responses'][200]['content']['application/json'];

const PUT_DOCS = 'rest/actions/secrets#create-or-update-an-environment-secret';
const NOT_SEALED_FOR_THIS = 'Bad request - validation failed due to an improperly encrypted secret';
const NAME_RULE =
  'Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). ' +
  'Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).';
/** 48 KB and 100 per environment: docs, secrets-reference.md. */
const MAX_BYTES = 48 * 1024;
const MAX_SECRETS = 100;
/** The pattern of `encrypted_value` in GitHub's OpenAPI description. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

/** GET …/secrets: names and times, in pages. */
export function listSecrets(exchange: RepositoryExchange, secrets: Map<string, SecretState>): Answer {
  const visible = [...secrets.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((secret) => {
      const times = visibleTimes(secret, exchange.now);
      return times === undefined ? [] : [secretBody(secret.name, times)];
    });
  const page = pageOf(visible, exchange.request.query);
  const body: SecretsPage = { total_count: visible.length, secrets: page.items };
  return { status: 200, headers: linkHeader(page, exchange), body };
}

/** GET …/secrets/{secret_name} */
export function getSecret(exchange: RepositoryExchange, environment: EnvironmentState): Answer {
  const secret = environment.secrets.get(secretName(exchange));
  const times = secret && visibleTimes(secret, exchange.now);
  if (secret === undefined || times === undefined) return notFound();
  return { status: 200, body: secretBody(secret.name, times) };
}

/** GET …/secrets/public-key */
export function getPublicKey(_exchange: RepositoryExchange, environment: EnvironmentState): Answer {
  const body: components['schemas']['actions-public-key'] = {
    key_id: environment.key.id,
    key: Buffer.from(environment.key.publicKey).toString('base64'),
  };
  return { status: 200, body };
}

/** PUT …/secrets/{secret_name}: GitHub opens the box before it stores anything (hedge#256, terraform #2315). */
export function putSecret(exchange: RepositoryExchange, environment: EnvironmentState): Answer {
  const name = secretName(exchange);
  const sealed = readBody(exchange.request.body);
  if (typeof sealed === 'string') return { status: 400, body: errorBody(400, sealed, PUT_DOCS) };
  const problem = nameProblem(name) ?? missingField(sealed);
  if (problem !== undefined) return invalid(problem);
  const opened = openSealed(environment, sealed);
  if (opened === undefined) return invalid(NOT_SEALED_FOR_THIS);
  // The two texts below are the web form's; what the API says is not on record.
  if (opened.length > MAX_BYTES) return invalid('Value is too large');
  if (!environment.secrets.has(name) && environment.secrets.size >= MAX_SECRETS) {
    return invalid(`Environment secrets are limited to ${MAX_SECRETS} per environment.`);
  }
  const created = writeSecret(environment.secrets, {
    name,
    opened,
    keyId: environment.key.id,
    at: exchange.now,
    lag: exchange.state.readLag,
  });
  exchange.state.writes.push({
    repository: exchange.repository.fullName,
    environment: environment.name,
    name,
  });
  const empty: components['schemas']['empty-object'] = {};
  return created ? { status: 201, body: empty } : { status: 204 };
}

/** DELETE …/secrets/{secret_name} */
export function deleteSecret(exchange: RepositoryExchange, environment: EnvironmentState): Answer {
  return environment.secrets.delete(secretName(exchange)) ? { status: 204 } : notFound();
}

export function notFound(): Answer {
  return { status: 404, body: errorBody(404, 'Not Found') };
}

function secretName(exchange: RepositoryExchange): string {
  return (exchange.params['secret'] ?? '').toUpperCase();
}

interface SealedBody {
  readonly key_id?: unknown;
  readonly encrypted_value?: unknown;
}

function readBody(bytes: Buffer): SealedBody | string {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
    return 'Body should be a JSON object';
  } catch {
    return 'Problems parsing JSON';
  }
}

function nameProblem(name: string): string | undefined {
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) return NAME_RULE;
  return name.startsWith('GITHUB_') ? 'Secret names must not start with GITHUB_.' : undefined;
}

/** Wording: github/rest-api-description#419. */
function missingField(sealed: SealedBody): string | undefined {
  const missing = (['encrypted_value', 'key_id'] as const).filter(
    (field) => typeof sealed[field] !== 'string',
  );
  if (missing.length === 0) return undefined;
  return `Invalid request.\n\n${missing.map((field) => `"${field}" wasn't supplied.`).join('\n')}`;
}

function openSealed(environment: EnvironmentState, sealed: SealedBody): Uint8Array | undefined {
  if (sealed.key_id !== environment.key.id) return undefined;
  const text = String(sealed.encrypted_value);
  return BASE64.test(text) ? openBox(environment.key, Buffer.from(text, 'base64')) : undefined;
}

function invalid(message: string): Answer {
  return { status: 422, body: errorBody(422, message, PUT_DOCS) };
}
