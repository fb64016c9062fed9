/** One family of the text format, as a scraper takes it. */
interface ReadFamily {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ReadSample[];
}

interface ReadSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const PAIR = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${PAIR},)*${PAIR})\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?)$`);

/**
 * Reads the text format 0.0.4 as its specification has it (prometheus.io/docs/instrumenting/exposition_formats): line feeds, one
 * HELP and one TYPE before a family's samples, all of them together, each set of labels once. Stricter than a scraper: no blanks
 * that are not needed, no comments, no time stamps, no Inf or NaN. Throws at the first line that does not fit.
 */
export function readMetrics(text: string): ReadonlyMap<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ReadFamily & { samples: ReadSample[] }>();
  let current = '';
  let help: readonly [name: string, text: string] | undefined;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string) => new Error(`${why}: ${JSON.stringify(line)}`);
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (families.has(name)) throw fail('a family comes twice');
      help = [name, rest];
    } else if (keyword === 'TYPE') {
      if (help?.[0] !== name || !/^(counter|gauge)$/.test(rest)) throw fail('no help before it, or no type');
      families.set(name, { help: help[1], type: rest, samples: [] });
      current = name;
    } else {
      const [, of, labels, value] = SAMPLE.exec(line) ?? [];
      if (of === undefined || of !== current) throw fail('no sample of its family');
      const sample = { labels: readLabels(labels), value: Number(value) };
      const key = JSON.stringify([of, ...Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw fail('a sample comes twice');
      seen.add(key);
      families.get(of)?.samples.push(sample);
    }
  }
  return families;
}

function readLabels(text = ''): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(new RegExp(PAIR, 'g'))].map(([pair]) => {
    const equals = pair.indexOf('=');
    const value = pair.slice(equals + 2, -1);
    return [pair.slice(0, equals), value.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}
