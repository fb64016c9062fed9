import type { Benchmark } from './benchmark.ts';
import { daemon } from './daemon.ts';
import { importing } from './import.ts';
import { large } from './large.ts';
import { mail } from './mail.ts';
import { reminders } from './reminders.ts';
import { rotate } from './rotate.ts';
import { size } from './size.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';

/** In the order of the table. */
export const BENCHMARKS: readonly Benchmark[] = [
  start,
  daemon,
  size,
  large,
  importing,
  rotate,
  verify,
  reminders,
  mail,
];
