import type { Answer } from './http-exchange.ts';

/** Of a scope and of a crate alike (rust-lang/crates.io: src/auth.rs). */
export const NEEDS_PERMISSION = 'this token does not have the required permissions to perform this action';

/** crates.io's own shape of an error, on every path below /api/ (src/middleware/cargo_compat.rs). */
export function errors(detail: string): { errors: [{ detail: string }] } {
  return { errors: [{ detail }] };
}

export function refuse(status: number, detail: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: errors(detail) };
}
