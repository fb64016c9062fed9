import type { Answer, GitHubClient } from './answer.ts';

/**
 * Where a redirecting answer points, read and never followed. GitHub answers for a renamed repository with 301, for writes
 * 307, and an address of the same API that names it by number ("Best practices for using the REST API", redirects).
 */
export type Pointing =
  | { readonly kind: 'renamed'; readonly name?: string; readonly id?: number }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'nowhere' };

export function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

const FOR_RENAMED = new Set([301, 302, 307, 308]);

export function pointing(client: GitHubClient, answer: Answer): Pointing {
  const { apiUrl } = client.options;
  const location = answer.headers['location'] ?? '';
  if (location === '') return { kind: 'nowhere' };
  if (!FOR_RENAMED.has(answer.status) || !URL.canParse(location, apiUrl)) return { kind: 'elsewhere' };
  const url = new URL(location, apiUrl);
  const api = new URL(apiUrl);
  const prefix = api.pathname.replace(/\/$/, '');
  if (url.origin !== api.origin || !url.pathname.startsWith(`${prefix}/`)) return { kind: 'elsewhere' };
  const path = url.pathname.slice(prefix.length);
  const number = /^\/repositories\/(\d{1,15})(?:\/|$)/.exec(path)?.[1];
  if (number !== undefined) return { kind: 'renamed', id: Number(number) };
  const name = /^\/repos\/([^/]+\/[^/]+)(?:\/|$)/.exec(path)?.[1];
  return name !== undefined && isFullName(name) ? { kind: 'renamed', name } : { kind: 'elsewhere' };
}

/** `owner/name`, in the letters that GitHub allows: safe to print. */
export function isFullName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w-]{1,100}\/[\w.-]{1,100}$/.test(name);
}
