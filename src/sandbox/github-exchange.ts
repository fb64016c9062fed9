import type { GitHubState, RepositoryState } from './github-state.ts';
import type { RecordedRequest } from './http-exchange.ts';

/** One request that was allowed to reach a repository. */
export interface RepositoryExchange {
  readonly state: GitHubState;
  readonly now: Date;
  readonly request: RecordedRequest;
  /** Where this API lives, as the client named it. */
  readonly api: string;
  readonly repository: RepositoryState;
  /** What follows the repository in the path, still percent-encoded, without a leading slash. */
  readonly tail: string;
  readonly params: Readonly<Record<string, string>>;
}
