import type { Octokit } from '@octokit/rest';
import { parseInstant } from '../domain/calendar.ts';
import { parseHttpDate } from './http-date.ts';

/** Supported until 2028 at the earliest, and the only one that every Enterprise Server in use knows. */
export const API_VERSION = '2022-11-28';

/** One answer of GitHub, reduced to what we read of it. */
export interface Answer {
  readonly status: number;
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown;
  /** Why a body could not be read: then nothing of it counts. */
  readonly unread?: 'cut off' | 'too slow' | 'too large' | 'not JSON';
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A call that brought no answer. */
export interface Silence {
  /** The network's own error code, where there is one. */
  readonly code: string | undefined;
  /** False only where it is certain that no byte of the request left: no name, no connection, no trusted certificate. */
  readonly sent: boolean;
}

/** What is noted of every answer: whether the token was accepted, and what GitHub says of its expiry. */
export interface Seen {
  readonly status: number;
  /** `GitHub-Authentication-Token-Expiration`, as it was sent. */
  readonly header: string | undefined;
  readonly serverTime: Date | undefined;
}

export interface ClientOptions {
  /** Without a trailing slash, such as `https://api.github.com`. */
  readonly apiUrl: string;
  readonly token: string;
  /** Where the token was read from, for messages. */
  readonly tokenFile: string;
  readonly fetch: typeof globalThis.fetch;
  readonly version: string;
  /** For each whole call, body included; 20 seconds when absent. */
  readonly deadlineMs?: number;
  /** Called for every answer, errors included. */
  readonly observe?: (seen: Seen) => void;
}

export interface GitHubClient {
  readonly octokit: Octokit;
  readonly options: ClientOptions;
}

/** GitHub's own clock, from the Date header (RFC 9110 §6.6.1). */
export function serverTime(answer: Answer): Date | undefined {
  return parseHttpDate(answer.headers['date']);
}

export function seen(answer: Answer): Seen {
  const header = answer.headers['github-authentication-token-expiration'];
  return { status: answer.status, header, serverTime: serverTime(answer) };
}

export function requestId(client: GitHubClient, answer: Answer): string | undefined {
  const id = answer.headers['x-github-request-id'];
  return id !== undefined && /^[\w:.-]{1,100}$/.test(id) && !holdsToken(client, id) ? id : undefined;
}

/**
 * The sentence that GitHub put into an error, made safe to print; undefined where it is none of GitHub's errors. Long runs
 * are left out, since a sealed value is one.
 */
export function said(client: GitHubClient, answer: Answer): string | undefined {
  const message = field(answer.body, 'message');
  if (typeof message !== 'string') return undefined;
  const text = message
    .replaceAll(client.options.token, '')
    .replace(/[^ -~]+/g, ' ')
    .replace(/\S{60,}/g, '…')
    .trim()
    .slice(0, 200);
  return holdsToken(client, text) ? '' : text;
}

const PART_CHARACTERS = 8;

/** Whether any part of the token stands in a text that came from outside. */
export function holdsToken({ options: { token } }: GitHubClient, text: string): boolean {
  for (let start = 0; start + PART_CHARACTERS <= token.length; start++) {
    if (text.includes(token.slice(start, start + PART_CHARACTERS))) return true;
  }
  return false;
}

export function field(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

/** An instant as GitHub's API writes them (RFC 3339). @returns undefined for anything else, 30 February included */
export function instant(value: unknown): Date | undefined {
  if (typeof value !== 'string' || value.length > 35 || !value.includes('T')) return undefined;
  try {
    return parseInstant(value);
  } catch {
    return undefined;
  }
}
