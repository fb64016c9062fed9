import type { Part, Section } from '../kinds/explain.ts';

type Bold = (text: string) => string;

/** Sections for a terminal, at most `width` characters wide. Addresses, commands and examples are never broken. */
export function renderSections(sections: readonly Section[], width: number, bold: Bold): string {
  return sections
    .map(({ title, parts }) => [bold(title), ...parts.map((part) => renderPart(part, width))].join('\n'))
    .join('\n\n');
}

function renderPart(part: Part, width: number): string {
  switch (part.as) {
    case 'text':
      return wrap(part.text, width, '  ');
    case 'steps':
      return part.items.map((item, index) => wrap(item, width, '     ', `  ${index + 1}. `)).join('\n');
    case 'list':
      return part.items.map((item) => wrap(item, width, '    ', '  - ')).join('\n');
    case 'links':
      return part.links.map(({ label, link }) => wrap(`${label}: ${link}`, width, '    ', '  ')).join('\n');
    case 'code':
      return part.text.replace(/^/gm, '  ');
  }
}

/**
 * Breaks between words. A word that is wider than a line stays whole.
 *
 * @param indent in front of every line
 * @param first in front of the first one instead
 */
export function wrap(text: string, width: number, indent: string, first = indent): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join('\n');
}
