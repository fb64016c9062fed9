// Which secrets an expression of a workflow refers to. Syntax: docs.github.com, "Evaluate expressions in workflows and actions":
// `secrets.NAME` and `secrets['NAME']`, without regard to case; in a literal, '' stands for a quote.

/** Every secret may be meant: `toJSON(secrets)`, an index that is no literal, `secrets: inherit`. No secret can have that name. */
export const ANY_SECRET = '*';

const LITERAL_OR_SECRET =
  /'(?:[^']|'')*'|(?<![\w.-])secrets(?![\w-])(?:\s*\.\s*([a-z_][\w-]*)|\s*\[\s*'([^']*)'\s*\])?/gi;

/**
 * Upper-case names of the secrets that texts refer to, each once. Only what stands in `${{ … }}` counts: `secrets.json` in a
 * script is no reference.
 */
export function secretReferences(texts: readonly string[]): readonly string[] {
  const names = texts
    .flatMap(expressionsOf)
    .flatMap((expression) =>
      [...expression.matchAll(LITERAL_OR_SECRET)]
        .filter(([found]) => !found.startsWith("'"))
        .map(([, property, index]) => (property ?? index)?.toUpperCase() ?? ANY_SECRET),
    );
  return [...new Set(names)];
}

function expressionsOf(text: string): readonly string[] {
  return text
    .split('${{')
    .slice(1)
    .map((part) => part.slice(0, endOf(part)));
}

/** Where the `}}` stands that closes an expression; one in a literal does not. */
function endOf(part: string): number {
  const closing = /'(?:[^']|'')*'|\}\}/g;
  for (const match of part.matchAll(closing)) if (match[0] === '}}') return match.index;
  return part.length;
}

/** The same text with `$` in place of each expression, so that what they hold is not taken for a command. */
export function withoutExpressions(text: string): string {
  const [first = '', ...rest] = text.split('${{');
  return first + rest.map((part) => `$${part.slice(endOf(part) + 2)}`).join('');
}

/** Every text in a document, keys included, wherever it stands. A part that an alias repeats, or that holds itself, is read once. */
export function textsOf(document: unknown): readonly string[] {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const waiting: unknown[] = [document];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') texts.push(value);
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    // In the order in which they stand, since the last that waits is read next.
    for (const [key, inner] of Object.entries(value).reverse()) waiting.push(inner, key);
  }
  return texts;
}
