/** Begins with a capital, and ends with a full stop. */
export function sentence(one: string): string {
  const trimmed = sentenceCase(one.trim());
  return trimmed === '' || /[.!?:]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** Names that are written small, such as npm and crates.io, stay so. */
export function sentenceCase(one: string): string {
  return /^(npm|crates\.io|nuget\.org)\b/.test(one) ? one : one.charAt(0).toUpperCase() + one.slice(1);
}
