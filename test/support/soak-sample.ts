import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Running } from '../../src/sandbox/run.ts';

/** The daemon's process between two rounds, all garbage collected (proc(5), process.memoryUsage), and its files. MB of 10⁶ bytes. */
export interface Sample {
  readonly day: number;
  readonly resident: number;
  /** What JavaScript holds: its heap, and what hangs on it. */
  readonly live: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly database: number;
  readonly log: number;
}

/** What `collect.mjs` wrote. */
interface Collected {
  readonly day: number;
  readonly memory: NodeJS.MemoryUsage;
}

export function takeSample({ child }: Running, database: string, { day, memory }: Collected): Sample {
  const process = `/proc/${child.pid}`;
  const status = readFileSync(`${process}/status`, 'utf8');
  const sizeOf = (path: string) => (existsSync(path) ? statSync(path).size / 1e6 : 0);
  return {
    day,
    resident: memory.rss / 1e6,
    live: (memory.heapUsed + memory.external) / 1e6,
    descriptors: readdirSync(`${process}/fd`).length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
    database: sizeOf(database),
    log: sizeOf(`${database}-wal`),
  };
}
