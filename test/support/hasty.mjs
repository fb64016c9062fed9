// Loaded into the real program by NODE_OPTIONS: what would wait for minutes waits for milliseconds.
const slow = globalThis.setTimeout;
const MINUTE_MS = 60_000;
globalThis.setTimeout = (callback, ms, ...rest) =>
  slow(callback, ms > MINUTE_MS ? ms / MINUTE_MS : ms, ...rest);
