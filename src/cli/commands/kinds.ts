import { AppError } from '../../domain/error.ts';
import { findKind, KINDS } from '../../kinds/catalogue.ts';
import { configExample } from '../../kinds/example.ts';
import { explain, KNOWN_IN_SHORT, stepsOf } from '../../kinds/explain.ts';
import type { Kind } from '../../kinds/kind.ts';
import { capInShort, comingDays } from '../../kinds/lifetime-words.ts';
import type { Context, Run } from '../command.ts';
import { renderSections, wrap } from '../kind-text.ts';
import { nearest } from '../nearest.ts';
import { table } from '../output.ts';

/** What is built in alone: it needs no configuration, no database and no network. */
export const run: Run = async (context, given) => {
  const [name] = given.arguments;
  if (given.options['recognise'] === true) {
    if (name !== undefined) throw tooMuch();
    const { recogniseInput } = await import('../recognise-input.ts');
    return recogniseInput(context);
  }
  const kinds = name === undefined ? KINDS : [choose(name)];
  const now = context.world.now();
  const [only] = kinds;
  if (context.out.json) {
    context.out.resultJson({ schemaVersion: 1, kinds: kinds.map((kind) => asJson(kind, now)) });
  } else if (name !== undefined && only) showOne(context, only, now);
  else showAll(context, now);
  return 0;
};

function choose(name: string): Kind {
  const kind = findKind(name);
  if (kind) return kind;
  const ids = KINDS.map(({ id }) => id);
  const near = nearest(name, ids);
  throw new AppError('invalid_input', 'there is no kind of that name', {
    hints: near
      ? [`did you mean "${near}"?`, 'all of them: reseal kinds']
      : [`there are: ${ids.join(', ')}`, 'kind generic takes anything else'],
  });
}

function tooMuch(): AppError {
  return new AppError('invalid_input', '--recognise reads a value from standard input, and takes no name', {
    hints: ['reseal kinds --recognise', 'or, for what is known of one kind: reseal kinds NAME'],
  });
}

const WIDEST = 100;
const WITHOUT_TERMINAL = 80;

function widthOf(terminal: boolean): number {
  return terminal
    ? Math.max(30, Math.min(WIDEST, process.stdout.columns || WITHOUT_TERMINAL))
    : WITHOUT_TERMINAL;
}

function showOne({ out }: Context, kind: Kind, now: Date): void {
  const width = widthOf(out.terminal);
  const bold = (text: string) => out.style('bold', text);
  const head = wrap(`${kind.id}: ${kind.title}, issued by ${kind.issuer}`, width, '  ', '');
  out.result(`${bold(kind.id)}${head.slice(kind.id.length)}\n`);
  for (const { date, daysLeft, what } of comingDays(kind, now))
    out.result(
      `${out.style('yellow', wrap(`${date}, ${countDays(daysLeft)} left: ${what}`, width, '    ', '  '))}\n`,
    );
  out.result(renderSections(explain(kind, now), width, bold));
}

function showAll({ out }: Context, now: Date): void {
  const heads = ['KIND', 'WHAT IT IS', 'EXPIRY', 'CHECKED LIVE', 'LIVES AT MOST'];
  const rows = KINDS.map((kind) => [
    kind.id,
    kind.title,
    KNOWN_IN_SHORT[kind.expiry.known],
    kind.check ? 'yes' : 'no',
    capInShort(kind),
  ]);
  out.result(table([heads, ...rows], out.terminal));
  const width = widthOf(out.terminal);
  for (const kind of KINDS)
    for (const { date, daysLeft, what } of comingDays(kind, now))
      out.talk(wrap(`soon: ${kind.id}, ${date} (${countDays(daysLeft)} left): ${what}`, width, '      ', ''));
  out.hint('all that is known of one: reseal kinds NAME; which one a value is: reseal kinds --recognise');
}

function countDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

function asJson(kind: Kind, now: Date): object {
  const { id, title, issuer, pages, breaks, scopes, grant, lifetimes, expiry, check } = kind;
  const { afterwards, revoking, leak, instead, shape, sources } = kind;
  return {
    id,
    title,
    issuer,
    shape,
    pages: pages ?? null,
    steps: stepsOf(kind),
    breaks,
    scopes: scopes ?? null,
    grant,
    lifetimes: { ...lifetimes, rules: lifetimes.rules ?? [] },
    coming: comingDays(kind, now),
    expiry,
    check: check ?? null,
    afterwards: afterwards ?? null,
    revoking: revoking ?? null,
    leak: { means: leak.means, automatic: leak.automatic ?? null },
    instead: instead ?? null,
    example: configExample(kind),
    sources,
  };
}
