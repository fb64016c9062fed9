import type { Html } from '../domain/html.ts';
import { html } from '../domain/html.ts';
import { LIGHT, MONO, SANS, STYLE } from './mail-style.ts';
import type { Page } from './page.ts';
import type { Fact, Note, Section, Step, Tone } from './section.ts';
import { standingTitle } from './standing.ts';

const INK = `${SANS};color:${LIGHT.ink}`;
const SOFT = `${SANS};color:${LIGHT.soft}`;
const WRAP = 'overflow-wrap:anywhere;word-break:break-word';

/** The mail as a page that fetches nothing, runs nothing and needs no style block to be read. */
export function renderHtml(page: Page): string {
  // One first heading: the overview, or the only card.
  const [single, level] = page.overview ? [false, 2] : [true, 1];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${page.title}</title><style>${STYLE}</style></head>
<body class="paper" style="margin:0;padding:0;background:${LIGHT.paper}">
<div role="main">
<table role="presentation" class="paper" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${LIGHT.paper}"><tr><td class="outer" align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;table-layout:fixed;text-align:left">
${page.overview && overview(page.overview)}
${page.sections.map((section) => card(section, level))}
${page.rest.length > 0 && sheet('quiet', html`${heading(`And ${page.rest.length} more`, 2)}${lines(page.rest)}`)}
${page.standing.length > 0 && standing(page.standing, single && page.sections.length === 0 ? 1 : 2)}
${page.beyond && sheet('quiet', note(page.beyond))}
${page.troubles.length > 0 && sheet('urgent', page.troubles.map(note))}
<tr><td style="padding:4px 8px 8px;${WRAP}">${note(page.footer)}${page.head && html`<p class="soft" style="${SOFT};font-size:12px;line-height:1.5;margin:12px 0 0">${page.head}</p>`}</td></tr>
</table></td></tr></table></div></body></html>
`.text;
}

function sheet(tone: Tone, content: Html | readonly Html[]): Html {
  return html`<tr><td class="sheet ${tone}-edge" style="background:${LIGHT.sheet};border:1px solid ${LIGHT.line};border-top:4px solid ${LIGHT[tone].ink};border-radius:10px;padding:22px 24px;${WRAP}">
${content}
</td></tr><tr><td style="height:14px;line-height:14px;font-size:0">&nbsp;</td></tr>
`;
}

function overview({ title, lines: all }: NonNullable<Page['overview']>): Html {
  return sheet('quiet', html`${heading(title, 1)}${lines(all)}`);
}

function lines(all: Page['rest']): Html {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
${all.map(
  ({
    headline,
    tone,
  }) => html`<tr><td width="14" valign="top" style="padding:10px 0 0"><div class="${tone}-bar" style="width:8px;height:8px;border-radius:4px;background:${LIGHT[tone].ink};font-size:0;line-height:8px">&nbsp;</div></td>
<td class="ink" style="${INK};font-size:15px;line-height:1.5;padding:3px 0">${headline}</td></tr>
`,
)}</table>`;
}

function card(section: Section, level: number): Html {
  const { tone, label, headline, where, verbatim, facts, steps, notes } = section;
  return sheet(
    tone,
    html`<span class="${tone}-ink ${tone}-wash" style="${SANS};display:inline-block;font-size:12px;line-height:1.5;font-weight:600;color:${LIGHT[tone].ink};background:${LIGHT[tone].wash};border-radius:10px;padding:1px 10px">${label}</span>
${heading(headline, level)}
${where && html`<p class="soft" style="${SOFT};font-size:14px;line-height:1.45;margin:-8px 0 14px">${where}</p>`}
${bar(section)}
${verbatim.length > 0 && code(verbatim)}
${steps.length > 0 && list(steps, level + 1)}
<table role="presentation" class="rule" cellpadding="0" cellspacing="0" border="0" width="100%" style="margin:20px 0 0;border-top:1px solid ${LIGHT.line}"><tr><td colspan="2" style="height:10px;line-height:10px;font-size:0">&nbsp;</td></tr>
${facts.map(fact)}</table>
${notes.map(note)}`,
  );
}

function heading(text: string, level: number): Html {
  const style = `${INK};font-size:${level === 1 ? 22 : 20}px;line-height:1.3;font-weight:650;letter-spacing:-.01em;margin:8px 0 12px`;
  return level === 1
    ? html`<h1 class="ink" style="${style}">${text}</h1>`
    : html`<h2 class="ink" style="${style}">${text}</h2>`;
}

/** The time left, made of table cells, which every mail program draws. */
function bar({ bar: time, tone }: Section): Html | false {
  if (!time) return false;
  const percent = Math.max(1, Math.round(time.part * 100));
  const cell = 'height:8px;line-height:8px;font-size:0';
  return html`<table role="presentation" aria-hidden="true" class="track" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${LIGHT.line};border-radius:4px;overflow:hidden"><tr>
<td width="${percent}%" class="${tone}-bar" style="${cell};border-radius:4px;background:${LIGHT[tone].ink}">&nbsp;</td>
<td width="${100 - percent}%" style="${cell}">&nbsp;</td></tr></table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="${tone}-ink" valign="top" style="${SANS};font-size:14px;line-height:1.45;font-weight:600;color:${LIGHT[tone].ink};padding:6px 12px 0 0">${time.caption}</td>
<td class="soft" align="right" valign="top" style="${SOFT};font-size:14px;line-height:1.45;padding:6px 0 0;white-space:nowrap">${time.end}</td></tr></table>`;
}

function list(steps: readonly Step[], level: number): Html {
  const style = `${INK};font-size:15px;line-height:1.4;font-weight:650;margin:20px 0 6px`;
  const title =
    level === 2
      ? html`<h2 class="ink" style="${style}">What to do</h2>`
      : html`<h3 class="ink" style="${style}">What to do</h3>`;
  if (steps.length === 1)
    return html`${title}<div class="ink" style="${INK};font-size:15px;line-height:1.55">${steps.map(step)}</div>`;
  return html`${title}<ol class="ink" style="${INK};font-size:15px;line-height:1.55;margin:0;padding:0 0 0 24px">${steps.map(
    (one) => html`<li style="margin:0 0 6px">${step(one)}</li>
`,
  )}</ol>`;
}

function step({ text, link, command }: Step): Html {
  return html`${text}${link && html` ${anchor(link, link.replace(/^https:\/\//, ''))}`}${command && code([command])}`;
}

function code(text: readonly string[]): Html {
  return html`<div class="code" style="${MONO};font-size:13px;line-height:1.55;color:${LIGHT.ink};background:${LIGHT.sunk};border:1px solid ${LIGHT.line};border-radius:6px;padding:10px 12px;margin:8px 0">${text.map((line, index) => html`${index > 0 && html`<br>`}${line}`)}</div>`;
}

function fact({ label, text, link }: Fact): Html {
  return html`<tr><td class="label soft" width="92" valign="top" style="${SOFT};font-size:14px;line-height:1.5;padding:3px 12px 3px 0">${label}</td>
<td class="fact ink" valign="top" style="${INK};font-size:14px;line-height:1.5;padding:3px 0">${link ? anchor(link, text) : text}</td></tr>
`;
}

function note({ text, command }: Note): Html {
  return html`<p class="soft" style="${SOFT};font-size:14px;line-height:1.5;margin:12px 0 0">${text}</p>${command && code([command])}`;
}

function standing(all: Page['standing'], level: number): Html {
  return sheet(
    'quiet',
    html`${heading(standingTitle(all), level)}${all.map(
      ({
        name,
        why,
        command,
      }) => html`<p class="ink" style="${INK};font-size:15px;line-height:1.5;margin:10px 0 0"><strong style="font-weight:650">${name}</strong>: ${why}</p>${command && code([command])}
`,
    )}`,
  );
}

function anchor(link: string, text: string): Html {
  return html`<a class="link" href="${link}" style="color:${LIGHT.link};text-decoration:underline">${text}</a>`;
}
