import { stringify } from 'yaml';
import type { Destination } from '../domain/credential.ts';

/** A credential as it is to be declared; what is undefined is left out. */
export interface RenderedCredential {
  readonly name: string;
  readonly kind: string;
  readonly owner: string;
  readonly purpose?: string | undefined;
  /** `365d` or `1y` */
  readonly lifetime?: string | undefined;
  readonly destinations: readonly Destination[];
}

export interface RenderedOwner {
  readonly name: string;
  readonly email: string;
}

/**
 * A text as it may stand anywhere in the file, also within brackets and as a key: plain where YAML 1.2 reads it back as the same
 * text, else in double quotes.
 */
export function renderText(text: string): string {
  if (/^[A-Za-z_/][\w./@+-]*$/.test(text) && stringify(text) === `${text}\n`) return text;
  return stringify(text, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd();
}

/** One entry of `credentials`: lines that start at `indent` blanks, each with its line break. */
export function renderCredential(credential: RenderedCredential, indent = 2): string {
  const { name, kind, owner, purpose, lifetime, destinations } = credential;
  const option = (key: string, value: string | undefined) =>
    value === undefined ? [] : [`  ${key}: ${renderText(value)}`];
  const lines = [
    `${renderText(name)}:`,
    ...option('kind', kind),
    ...option('owner', owner),
    ...option('purpose', purpose),
    ...option('lifetime', lifetime),
    ...(destinations.length > 0 ? ['  destinations:'] : []),
    ...destinations.map((destination) => `    - ${renderDestination(destination)}`),
  ];
  return indented(lines, indent);
}

function renderDestination({ repo, environment, secret }: Destination): string {
  const parts = [
    `repo: ${renderText(repo)}`,
    `environment: ${renderText(environment)}`,
    `secret: ${renderText(secret)}`,
  ];
  return `{ ${parts.join(', ')} }`;
}

/** One entry of `owners`: a line that starts at `indent` blanks, with its line break. */
export function renderOwner({ name, email }: RenderedOwner, indent = 2): string {
  return indented([`${renderText(name)}: { email: ${renderText(email)} }`], indent);
}

function indented(lines: readonly string[], indent: number): string {
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}
