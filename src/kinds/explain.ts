import type { Declaration } from '../domain/credential.ts';
import { DECODING, MOST_TO_ENCODE } from './encode.ts';
import { configExample } from './example.ts';
import type { Kind, Shape } from './kind.ts';
import { describeChoice, describeRule, isEndless } from './lifetime-words.ts';
import { sentence, sentenceCase } from './sentence.ts';

/** All that is known of one kind, in the order in which somebody needs it who has only the mail in hand. */
export interface Section {
  readonly title: string;
  readonly parts: readonly Part[];
}

/** `steps` are done in order; `code` is shown as it stands. Lines of text have no line breaks. */
export type Part =
  | { readonly as: 'text'; readonly text: string }
  | { readonly as: 'steps' | 'list'; readonly items: readonly string[] }
  | { readonly as: 'links'; readonly links: readonly { readonly label: string; readonly link: string }[] }
  | { readonly as: 'code'; readonly text: string };

/** @param now undefined: on paper, where no days can be counted */
export function explain(kind: Kind, now: Date | undefined): readonly Section[] {
  const instead = kind.instead ? [section('Without a stored secret', insteadParts(kind.instead))] : [];
  return [
    section('What stops when it dies', [text(sentence(kind.breaks))]),
    section('Get the next one', renewParts(kind, now)),
    section('What to grant', grantParts(kind)),
    section('How its value comes', formParts(kind)),
    section('How long it lives', lifetimeParts(kind, now)),
    section('How its expiry is known', [text(knownText(kind))]),
    section('What is checked live', [text(checkText(kind))]),
    section('If it leaks', leakParts(kind)),
    ...instead,
    section('In the configuration', [{ as: 'code', text: configExample(kind) }]),
    section('Where this comes from', [{ as: 'list', items: kind.sources }]),
  ].filter(({ parts }) => parts.some((part) => !isEmpty(part)));
}

/** A kind whose file leaves a word out has nothing to say there. */
function isEmpty(part: Part): boolean {
  return part.as === 'text' ? part.text === '' : 'items' in part && part.items.length === 0;
}

const SHAPES: Readonly<Record<Shape, string>> = {
  line: 'One line of text; blanks and line breaks around it are dropped.',
  text: 'Several lines of text, kept byte for byte, the last line break too. Choose the file in the form, or give it with `--stdin < FILE`.',
  file: 'A file, text or not, kept byte for byte. Choose it in the form, or give it with `--stdin < FILE`.',
  any: 'Text up to 48 KB. One line loses its last line break, everything else is kept byte for byte.',
};

const MOST = MOST_TO_ENCODE.toLocaleString('en');

/** How it is stored, where that is not always as it is. A secret of GitHub is text. */
const STORED: Readonly<Partial<Record<Shape, string>>> = {
  file: `Text, such as PEM, is stored as it is. What is no text, such as DER or PKCS#12, is stored base64-encoded, and ${DECODING}; with \`encoding: base64\` in the configuration text is too. What is encoded may have ${MOST} bytes.`,
  any: `What is no text is refused, unless \`encoding: base64\` stands in the configuration: then up to ${MOST} bytes of any kind are stored base64-encoded, and ${DECODING}.`,
};

const KNOWN: Readonly<Record<Kind['expiry']['known'], string>> = {
  read: 'The form shows the date and does not ask for it.',
  'read-or-entered':
    'Among the answers that the form offers is one that takes the date from the value; `--stdin` does so where no other date is said, by `--expires DATE` or a declared lifetime.',
  observed: 'The form does not ask: the date comes with the answer to the live check.',
  entered:
    'The form asks what was chosen at the issuer; with `--stdin`, say it by `--expires DATE` or `--lifetime 90d`',
};

/** What is refused because of its form is told in the words of the check itself. */
function formParts({ shape, checkFormat }: Kind): readonly Part[] {
  const [reason] = checkFormat(new TextEncoder().encode('x'));
  const stored = STORED[shape];
  return [
    text(SHAPES[shape]),
    ...(stored ? [text(stored)] : []),
    ...(reason ? [text(`What has another form is refused, in words such as: “${reason}”.`)] : []),
  ];
}

function knownText({ expiry, lifetimes }: Kind): string {
  const asked =
    expiry.known === 'entered' && isEndless(lifetimes)
      ? 'The form offers that answer alone; with `--stdin`, say `--never`, or by `--expires DATE` the day on which you mean to replace it.'
      : expiry.known === 'entered'
        ? `${KNOWN.entered}${lifetimes.never ? ', or by `--never`' : ''}.`
        : KNOWN[expiry.known];
  return `${sentence(expiry.how)} ${asked}`.trim();
}

/** In a table. */
export const KNOWN_IN_SHORT: Readonly<Record<Kind['expiry']['known'], string>> = {
  read: 'read from it',
  'read-or-entered': 'read from some, else entered',
  observed: 'observed live',
  entered: 'entered',
};

function renewParts(kind: Kind, now: Date | undefined): readonly Part[] {
  const { pages } = kind;
  const steps: Part = {
    as: 'steps',
    items: [...stepsOf(kind), lastStep(kind, now)],
  };
  const after = kind.afterwards === undefined ? [] : [kind.afterwards];
  return [...(pages ? [links(pages)] : []), steps, ...after.map((one) => text(sentence(one)))];
}

/** On paper, what NAME stands for is said once for all kinds. */
function lastStep({ expiry, shape, reader }: Kind, now: Date | undefined): string {
  const isLine = shape === 'line' || shape === 'any';
  const name = now ? ', where NAME is what the configuration calls it' : '';
  const form = reader ? 'its form, which asks for its password too' : 'its form';
  const password = reader ? ', where a password opens it with `--password-file PASSWORD`' : '';
  const line = `\`reseal rotate NAME --stdin${isLine ? '' : ' < FILE'}\`${password}`;
  const dated =
    expiry.known === 'entered' ? ' Without a destination: `reseal record NAME --expires DATE`.' : '';
  return `Run \`reseal rotate NAME\`${name}, and give the new one to ${form} (or to ${line}).${dated}`;
}

function links({ make, renew, revoke }: NonNullable<Kind['pages']>): Part {
  const all = [
    { label: 'renew', link: renew },
    { label: 'make', link: make },
    { label: 'revoke', link: revoke },
  ];
  // One page is often all three.
  const merged = new Map<string, string[]>();
  for (const { label, link } of all) merged.set(link, [...(merged.get(link) ?? []), label]);
  return {
    as: 'links',
    links: [...merged].map(([link, labels]) => ({ label: sentenceCase(labels.join(', ')), link })),
  };
}

function grantParts({ grant, scopes }: Kind): readonly Part[] {
  return [
    ...(grant ? [text(sentence(grant))] : []),
    ...(scopes?.length
      ? [text(`Its issuer offers: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`)]
      : []),
  ];
}

function lifetimeParts(kind: Kind, now: Date | undefined): readonly Part[] {
  const rules = kind.lifetimes.rules ?? [];
  const items = rules.map(
    (rule) => `${describeRule(rule, now)} ${sentence(rule.advice)} Source: ${rule.source}`,
  );
  return [text(describeChoice(kind)), ...(items.length > 0 ? [{ as: 'list', items } as const] : [])];
}

function checkText({ check, issuer }: Kind): string {
  if (!check) return 'Nothing: nobody is asked, and no part of the value leaves this machine unsealed.';
  return `Before it is stored, ${issuer} is asked, over TLS: ${check.often ?? 'once'}. It proves ${check.proves.replace(/\.$/, '')}.`;
}

function leakParts({ leak, pages, revoking }: Kind): readonly Part[] {
  const where = pages ? ` (${pages.revoke})` : ', where it was issued';
  return [
    ...(leak.means ? [text(sentence(leak.means))] : []),
    text(
      leak.automatic
        ? sentence(leak.automatic)
        : 'Nobody is known to revoke it without being asked when it turns up in public.',
    ),
    {
      as: 'steps',
      items: [
        `Revoke it now${where}.${revoking ? ` ${sentence(revoking)}` : ''}`,
        'Run `reseal rotate NAME --leaked`: every owner is told, the form opens, and what else to do stands in order.',
      ],
    },
  ];
}

function insteadParts({ text: what, link }: NonNullable<Kind['instead']>): readonly Part[] {
  return [text(sentence(what)), { as: 'links', links: [{ label: 'How', link }] }];
}

/** What to do at the issuer's page, where nothing is declared of a credential but its kind. */
export function stepsOf(kind: Kind): readonly string[] {
  return kind.steps(blankDeclaration(kind));
}

function blankDeclaration({ id }: Kind): Declaration {
  return {
    name: 'NAME',
    kind: id,
    owner: '',
    purpose: undefined,
    lifetime: undefined,
    nameAtIssuer: undefined,
    scopes: [],
    planned: false,
    destinations: [],
  };
}

function section(title: string, parts: readonly Part[]): Section {
  return { title, parts };
}

function text(one: string): Part {
  return { as: 'text', text: one };
}
