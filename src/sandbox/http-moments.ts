import type { RecordedRequest } from './http-exchange.ts';

/** arrived: read, nothing done yet · applied: state changed, no byte answered · answered: fully sent. */
export type Stage = 'arrived' | 'applied' | 'answered';

export interface RequestMatch {
  readonly method?: string;
  /** Tested against the path as it was sent: percent-encoded, without the query. */
  readonly path?: RegExp;
}

export interface MomentMatch extends RequestMatch {
  /** `arrived` when absent. */
  readonly stage?: Stage;
}

export interface MomentLog {
  reach(stage: Stage, request: RecordedRequest): void;
  when(match: MomentMatch): Promise<RecordedRequest>;
}

export function matches(match: RequestMatch, request: RecordedRequest): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false;
  return match.path === undefined || request.path.search(match.path) >= 0;
}

/** Lets a test act at an exact point of a request (kill a process, say) without sleeping. */
export function momentLog(): MomentLog {
  const waiting = new Set<{ match: MomentMatch; resolve: (request: RecordedRequest) => void }>();
  return {
    reach(stage, request) {
      for (const waiter of [...waiting]) {
        if ((waiter.match.stage ?? 'arrived') !== stage || !matches(waiter.match, request)) continue;
        waiting.delete(waiter);
        waiter.resolve(request);
      }
    },
    when(match) {
      return new Promise((resolve) => waiting.add({ match, resolve }));
    },
  };
}
