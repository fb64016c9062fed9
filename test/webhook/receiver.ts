import type { Listener, ListenOptions } from '../../src/sandbox/http.ts';
import { listen } from '../../src/sandbox/http.ts';
import { NOW } from '../support/builders.ts';

/** A service that takes whatever comes, over a real socket. */
export function startReceiver(options: Partial<ListenOptions> = {}): Promise<Listener> {
  return listen({
    now: () => NOW,
    respond: () => ({ status: 200, body: 'ok' }),
    errorBody: (status) => `error ${status}`,
    ...options,
  });
}
