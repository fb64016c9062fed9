import type { openStores } from '../../src/app.ts';
import type { Declaration } from '../../src/domain/credential.ts';
import type { Database } from '../../src/sqlite/database.ts';
import type { Ledger } from './ledger.ts';
import type { Truth } from './truth.ts';

/** What changes are recorded in: the database by the program's own stores, and the truth beside it. */
export interface Recorder {
  readonly db: Database;
  readonly stores: ReturnType<typeof openStores>;
  readonly truth: Truth;
  readonly ledger: Ledger;
  /** What the configuration declares. */
  declared: readonly Declaration[];
  rotations: number;
}
