/** Markup that is already safe to send. Made by `html` alone, so text cannot pass for it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/** Template tag: every value is escaped, except what is already `Html`. `undefined` and `false` leave nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlPart[]): Html {
  let text = strings[0] ?? '';
  for (let index = 0; index < values.length; index++) text += render(values[index]) + strings[index + 1];
  return new Html(text);
}

/** Marks a constant of our own (a style sheet) as markup. Never for anything that came from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}

function render(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeMarkup(String(part));
}

const MARKUP = /[&<>"']/;

function escapeMarkup(text: string): string {
  if (!MARKUP.test(text)) return text;
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
