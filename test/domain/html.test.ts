import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, trusted } from '../../src/domain/html.ts';
import { SEED } from '../support/builders.ts';

function decode(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

describe('html', () => {
  it('escapes every value, in text and in attributes', () => {
    const evil = `"><script>alert('x')</script>&`;
    const escaped = '&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;';
    expect(html`<a title="${evil}">${evil}</a>`.text).toBe(`<a title="${escaped}">${escaped}</a>`);
  });

  it('does not escape markup of its own twice', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<p>${inner}</p>`.text).toBe('<p><b>a &#38; b</b></p>');
    expect(html`<ul>${['<', inner]}</ul>`.text).toBe('<ul>&#60;<b>a &#38; b</b></ul>');
  });

  it('leaves nothing for undefined, false and the empty text', () => {
    expect(html`[${undefined}${false}${''}${[]}]`.text).toBe('[]');
  });

  it('writes zero, which is a number like others', () => {
    expect(html`${0} ${-1}`.text).toBe('0 -1');
  });

  it('takes an object that only looks like markup for text', () => {
    const forged = { text: '<script>', toString: () => '<script>' } as unknown as string;
    expect(html`${forged}`.text).toBe('&#60;script&#62;');
  });

  it('lets no text end or open anything, and loses nothing of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = html`${text}`.text;
        expect(written).not.toMatch(/[<>"']|&(?!#\d+;)/);
        expect(decode(written)).toBe(text);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('trusted', () => {
  it('passes a constant of ours through', () => {
    expect(html`<style>${trusted('a > b {}')}</style>`.text).toBe('<style>a > b {}</style>');
  });
});
