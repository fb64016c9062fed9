import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';

/** Something to type, marked as a whole with one click. */
export function commandLine(command: string): Html {
  return html`<code class="command">${command}</code>`;
}

/** In a tab of its own that does not learn our address. What is no web address is shown and leads nowhere. */
export function outward(address: string): Html {
  if (!/^https?:\/\//i.test(address)) return html`<strong>${address}</strong>`;
  const parts = address
    .replace(/^https?:\/\//i, '')
    .split('/')
    .map((part, index) => (index === 0 ? html`${part}` : html`/<wbr>${part}`));
  return html`<a href="${address}" rel="noreferrer" target="_blank">${parts} <span aria-hidden="true">↗</span><span class="sr"> (in a new tab)</span></a>`;
}

/** Addresses become links and what stands between backticks code: for sentences of our own, such as a remedy. */
export function linked(text: string): readonly Html[] {
  return text.split(/(`[^`]+`|https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]])/).map((part, index) => {
    if (index % 2 === 0) return html`${part}`;
    return part.startsWith('`') ? html`<code>${part.slice(1, -1)}</code>` : outward(part);
  });
}
