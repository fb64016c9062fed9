/** One component as it was written: its properties by name with their parameters, and what it holds. */
export interface Component {
  readonly name: string;
  readonly properties: ReadonlyMap<string, { readonly parameters: string; readonly value: string }>;
  readonly inside: readonly Component[];
}

/** Reads back what RFC 5545 §3.1 describes, strictly: CRLF at each end, 75 octets a line, components that close. */
export function readCalendar(text: string): Component {
  if (!text.endsWith('\r\n')) throw new Error('the last line has no end');
  const lines = text.slice(0, -2).split('\r\n');
  const wrong = lines.find((line) => Buffer.byteLength(line) > 75 || /[\x00-\x08\x0a-\x1f\x7f]/.test(line));
  if (wrong !== undefined) throw new Error(`not a line of a calendar: ${JSON.stringify(wrong)}`);
  const unfolded = text.slice(0, -2).replaceAll('\r\n ', '').split('\r\n');
  const { component, next } = readComponent(unfolded, 0);
  if (next !== unfolded.length) throw new Error('something follows the calendar');
  return component;
}

function readComponent(lines: readonly string[], at: number): { component: Component; next: number } {
  const name = /^BEGIN:([A-Z]+)$/.exec(lines[at] ?? '')?.[1];
  if (name === undefined) throw new Error(`no component begins with ${JSON.stringify(lines[at])}`);
  const properties = new Map<string, { parameters: string; value: string }>();
  const inside: Component[] = [];
  let next = at + 1;
  for (;;) {
    const line = lines[next] ?? '';
    if (line === `END:${name}`) return { component: { name, properties, inside }, next: next + 1 };
    if (line.startsWith('BEGIN:')) {
      const inner = readComponent(lines, next);
      inside.push(inner.component);
      next = inner.next;
      continue;
    }
    const match = /^([A-Z0-9-]+)((?:;[^:]*)?):(.*)$/su.exec(line);
    if (!match) throw new Error(`not a property: ${JSON.stringify(line)}`);
    const [, property = '', parameters = '', value = ''] = match;
    if (properties.has(property)) throw new Error(`${property} stands twice`);
    properties.set(property, { parameters, value });
    next++;
  }
}

export function rawOf(component: Component | undefined, property: string): string | undefined {
  return component?.properties.get(property)?.value;
}

/** The text of a property without its escapes (§3.3.11). */
export function textOf(component: Component | undefined, property: string): string | undefined {
  const escaped = rawOf(component, property);
  if (escaped === undefined) return undefined;
  if (/(?<!\\)(?:\\\\)*[;,]/.test(escaped)) throw new Error(`${property} holds a separator`);
  return escaped.replace(/\\(.)/g, (_, character: string) => (/n/i.test(character) ? '\n' : character));
}
