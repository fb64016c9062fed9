import type { Secret } from '../domain/secret.ts';
import type { Issuer, IssuerAnswer } from '../rotate/rotation.ts';
import { classify, inconclusive } from './crates-io-answers.ts';
import type { CallOptions } from './crates-io-call.ts';
import { callCratesIo } from './crates-io-call.ts';
import type { ScopeQuestions } from './crates-io-scopes.ts';

export { classify } from './crates-io-answers.ts';

export interface CratesIoOptions extends CallOptions {
  /** To be asked once the token is known to be alive; absent: nothing is asked of its scopes. */
  readonly scopes?: ScopeQuestions;
}

/**
 * Asks whether a token is alive with `GET /api/v1/me/tokens/0`: a scoped token is refused there for its scope, a dead
 * one for itself. The only effect is that crates.io notes when the token was last used. What its scopes are is asked only
 * where that was wanted, since that costs something (`SCOPE_COST`).
 */
export function openCratesIo(options: CratesIoOptions): Issuer {
  return {
    check: async (token) => {
      await options.scopes?.turn(options.url);
      const answer = await isAlive(options, token);
      if (answer.verdict !== 'live' || !options.scopes) return answer;
      const { askScopes } = await import('./crates-io-scopes.ts');
      return askScopes(options, options.scopes, token);
    },
  };
}

async function isAlive(options: CallOptions, token: Secret): Promise<IssuerAnswer> {
  const reply = await callCratesIo(options, { method: 'GET', path: '/api/v1/me/tokens/0', token });
  return 'status' in reply ? classify(reply.status, reply.body) : inconclusive(reply.silence);
}
