import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import type { Fact, MailContext, Section, Step } from './content.ts';
import { describeReminder } from './content.ts';
import type { Reminded, ReminderKey } from './reminder.ts';

export type { MailContext } from './content.ts';

/** The words of one message: most urgent first, in text and HTML alike. Pure. */
export function composeMessage(
  reminders: readonly (ReminderKey & { readonly covers: readonly number[] })[],
  credentials: ReadonlyMap<string, Reminded>,
  context: MailContext,
  now: Date,
): { readonly subject: string; readonly text: string; readonly html: string } {
  const sections = reminders
    .map((reminder) => describeReminder(reminder, credentials.get(reminder.credential), context, now))
    .sort((a, b) => a.urgency - b.urgency);
  const [first] = sections;
  const more = sections.length - 1;
  return {
    subject: more > 0 ? `${first?.headline}, and ${more} more` : (first?.subject ?? 'reseal'),
    text: `${sections.map(asText).join(`\n${'-'.repeat(72)}\n\n`)}\n${footer(context)}\n`,
    html: page(sections, context).text,
  };
}

function footer(context: MailContext): string {
  return [
    '-- ',
    'reseal keeps the dates of release credentials, never their values.',
    `It never asks for a token by mail, and no link here acts on anything. All dates: ${context.command} status`,
  ].join('\n');
}

function asText(section: Section): string {
  const width = Math.max(...section.facts.map(({ label }) => label.length)) + 2;
  return [
    section.headline,
    '='.repeat([...section.headline].length),
    '',
    ...section.facts.map((fact) => factAsText(fact, width)),
    ...(section.steps.length > 0 ? ['', 'What to do', ...section.steps.map(stepAsText)] : []),
    '',
    ...section.notes,
    '',
  ].join('\n');
}

function factAsText({ label, text, link }: Fact, width: number): string {
  return `${label.padEnd(width)}${text}${link ? `\n${' '.repeat(width)}${link}` : ''}`;
}

function stepAsText({ text, link, command }: Step, index: number): string {
  return [
    `  ${index + 1}. ${text}`,
    ...(link ? [`     ${link}`] : []),
    ...(command ? ['', `     ${command}`, ''] : []),
  ].join('\n');
}

// Mail programs read little of CSS: structure is tables, colours stand inline, and the style block only adds the dark
// scheme where it is understood. Nothing is fetched.
const STYLE = trusted(`
  :root { color-scheme: light dark; supported-color-schemes: light dark }
  @media (prefers-color-scheme: dark) {
    .page { background: #16181d !important } .card { background: #20242c !important; border-color: #343a46 !important }
    .text { color: #e8eaf0 !important } .quiet { color: #a7afbd !important } .link { color: #8fb8ff !important }
    .code { background: #14161b !important; color: #e8eaf0 !important; border-color: #343a46 !important }
    .rest { background: #343a46 !important }
  }
  @media (max-width: 480px) { .card { padding: 16px !important } .label { display: block !important; padding-bottom: 0 !important }
    .fact { display: block !important } }`);

const TONES = { urgent: '#b42318', soon: '#a15c07', good: '#1f7a4d' } as const;
const FONT = 'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';
const MONO = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

function page(sections: readonly Section[], context: MailContext): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${sections[0]?.headline}</title><style>${STYLE}</style></head>
<body class="page" style="margin:0;padding:0;background:#f3f4f7">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:620px">
${sections.map((section) => card(section))}
<tr><td class="quiet" style="${FONT};font-size:13px;line-height:1.5;color:#5b6472;padding:12px 8px">
reseal keeps the dates of release credentials, never their values. It never asks for a token by mail, and no link here
acts on anything. All dates: <span style="${MONO}">${context.command} status</span></td></tr>
</table></td></tr></table></body></html>
`;
}

function card(section: Section): Html {
  return html`<tr><td class="card" style="background:#ffffff;border:1px solid #e1e4ea;border-radius:10px;padding:24px">
<h1 class="text" style="${FONT};font-size:20px;line-height:1.35;margin:0 0 12px;color:#1b2130">${section.headline}</h1>
${bar(section)}
<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%" style="margin:12px 0">
${section.facts.map(factAsHtml)}</table>
${
  section.steps.length > 0 &&
  html`<h2 class="text" style="${FONT};font-size:15px;margin:18px 0 6px;color:#1b2130">What to do</h2>
<ol style="margin:0;padding-left:22px">${section.steps.map(stepAsHtml)}</ol>`
}
${section.notes.map((note) => html`<p class="quiet" style="${FONT};font-size:14px;line-height:1.5;color:#5b6472;margin:12px 0 0">${note}</p>`)}
</td></tr><tr><td style="height:12px;line-height:12px;font-size:0">&nbsp;</td></tr>`;
}

/** The time left as a bar made of table cells, which every mail program draws. */
function bar({ left, tone }: Section): Html | false {
  if (left === undefined) return false;
  const percent = Math.max(1, Math.round(left * 100));
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-radius:4px;overflow:hidden"><tr>
<td width="${percent}%" style="height:8px;line-height:8px;font-size:0;background:${TONES[tone]}">&nbsp;</td>
<td width="${100 - percent}%" class="rest" style="height:8px;line-height:8px;font-size:0;background:#e1e4ea">&nbsp;</td></tr></table>`;
}

function factAsHtml({ label, text, link }: Fact): Html {
  return html`<tr><td class="label quiet" valign="top" style="${FONT};font-size:14px;line-height:1.5;color:#5b6472;padding:3px 12px 3px 0;white-space:nowrap">${label}</td>
<td class="fact text" style="${FONT};font-size:14px;line-height:1.5;color:#1b2130;padding:3px 0;word-break:break-word">${link ? anchor(link, text) : text}</td></tr>`;
}

function stepAsHtml({ text, link, command }: Step): Html {
  return html`<li class="text" style="${FONT};font-size:14px;line-height:1.55;color:#1b2130;margin:4px 0">${text}${link && html` ${anchor(link, link.replace('https://', ''))}`}
${command && html`<div class="code" style="${MONO};font-size:13px;line-height:1.5;color:#1b2130;background:#f3f4f7;border:1px solid #e1e4ea;border-radius:6px;padding:10px 12px;margin:8px 0;overflow-wrap:anywhere">${command}</div>`}</li>`;
}

function anchor(link: string, text: string): Html {
  return html`<a class="link" href="${link}" style="color:#1d4fd8">${text}</a>`;
}
