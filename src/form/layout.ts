import type { Destination } from '../domain/credential.ts';
import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import { STYLE } from './style.ts';

// A ring within a ring, as of a wax seal. Drawn in the current colour, hidden from screen readers.
const SEAL = trusted(
  '<svg class="seal" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">' +
    '<circle cx="12" cy="12" r="10.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 1.6"/>' +
    '<circle cx="12" cy="12" r="6.5" fill="currentColor"/></svg>',
);

/** Everything up to the content. Left open, so that a page can be sent part by part. */
export function pageStart(title: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<style>${trusted(STYLE)}</style>
</head>
<body>
`;
}

export const PAGE_END: Html = html`</body>
</html>
`;

export const MASTHEAD: Html = html`<header class="masthead"><p class="brand">${SEAL} reseal</p><p>one-shot form on this machine</p></header>
`;

/** `owner/name › environment › SECRET`, which breaks between its parts first. */
export function where(destination: Destination): Html {
  const separator = html`<span class="sep" aria-hidden="true">›</span><span class="sr">, </span>`;
  return html`<span class="where"><span>${destination.repo}</span> ${separator} <span><span class="sr">environment </span>${destination.environment}</span> ${separator} <code><span class="sr">secret </span>${destination.secret}</code></span>`;
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A link in a tab of its own that does not learn our address. */
export function outward(address: string, look: 'plain' | 'button', label?: string): Html {
  const bare = address.replace(/^https?:\/\//i, '');
  return html`<a${look === 'button' && html` class="outward"`} href="${address}" rel="noreferrer" target="_blank">${label ?? breakable(bare)} <span aria-hidden="true">↗</span><span class="sr"> (in a new tab)</span></a>${label !== undefined && html` <span class="meta address">${bare}</span>`}`;
}

/** May be broken behind its slashes. */
function breakable(path: string): readonly Html[] {
  return path.split('/').map((part, index) => (index === 0 ? html`${part}` : html`/<wbr>${part}`));
}

export function list(items: readonly string[]): Html {
  return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** For sentences of our own: what a service answered must not become something to click. */
export function linkedList(items: readonly string[]): Html {
  return html`<ul>${items.map((item) => html`<li>${linked(item)}</li>`)}</ul>`;
}

/** Addresses in a sentence become links, without the full stop or bracket that follows them. */
function linked(text: string): readonly (Html | string)[] {
  const parts = text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/);
  return parts.map((part, index) =>
    index % 2 === 1 ? html`<a href="${part}" rel="noreferrer" target="_blank">${part}</a>` : part,
  );
}

/** A small page of its own that carries nothing of the card. */
export function noticePage(title: string, text: string): Html {
  return html`${pageStart(title)}<main class="sheet notice">
<h1>${title}</h1>
<p>${text}</p>
</main>
${PAGE_END}`;
}
