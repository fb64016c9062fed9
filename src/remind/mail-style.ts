import { trusted } from '../domain/html.ts';
import type { Tone } from './section.ts';

// Mail programs read little of CSS: structure is tables, and colours stand inline. The style block adds the dark scheme and
// narrow screens where it is understood. Colours as in the form, WCAG AA on their ground in light and dark.

interface Shade {
  readonly ink: string;
  readonly wash: string;
}

export const LIGHT = {
  paper: '#f4f2ed',
  sheet: '#fffefb',
  sunk: '#f7f5f0',
  ink: '#1d2125',
  soft: '#565d64',
  line: '#e2ded5',
  link: '#0d5a4a',
  urgent: { ink: '#9c2320', wash: '#fcedeb' },
  soon: { ink: '#7d4a00', wash: '#fdf3df' },
  good: { ink: '#14603f', wash: '#e9f4ec' },
  quiet: { ink: '#565d64', wash: '#f4f2ed' },
} as const satisfies Scheme;

const DARK: Scheme = {
  paper: '#121517',
  sheet: '#1a1e21',
  sunk: '#20252a',
  ink: '#e9e7e2',
  soft: '#a7adb3',
  line: '#31373c',
  link: '#7cd4b8',
  urgent: { ink: '#f5a19b', wash: '#331d1c' },
  soon: { ink: '#f0c171', wash: '#2d2616' },
  good: { ink: '#86d7a4', wash: '#182a20' },
  quiet: { ink: '#a7adb3', wash: '#20252a' },
};

type Scheme = Readonly<Record<'paper' | 'sheet' | 'sunk' | 'ink' | 'soft' | 'line' | 'link', string>> &
  Readonly<Record<Tone, Shade>>;

const TONES: readonly Tone[] = ['urgent', 'soon', 'good', 'quiet'];

const darkTones = TONES.map(
  (tone) =>
    `.${tone}-ink { color: ${DARK[tone].ink} !important } .${tone}-wash { background: ${DARK[tone].wash} !important }
    .${tone}-bar { background: ${DARK[tone].ink} !important } .${tone}-edge { border-top-color: ${DARK[tone].ink} !important }`,
).join('\n    ');

export const STYLE = trusted(`
  :root { color-scheme: light dark; supported-color-schemes: light dark }
  @media (prefers-color-scheme: dark) {
    .paper { background: ${DARK.paper} !important } .ink { color: ${DARK.ink} !important } .soft { color: ${DARK.soft} !important }
    .sheet { background: ${DARK.sheet} !important; border-color: ${DARK.line} !important }
    .link { color: ${DARK.link} !important } .track { background: ${DARK.line} !important } .rule { border-color: ${DARK.line} !important }
    .code { background: ${DARK.sunk} !important; color: ${DARK.ink} !important; border-color: ${DARK.line} !important }
    ${darkTones}
  }
  @media (max-width: 480px) {
    .sheet { padding: 18px 16px !important } .outer { padding: 12px 8px !important }
    .label { display: block !important; width: auto !important; padding: 8px 0 0 !important } .fact { display: block !important; padding: 0 !important }
  }`);

export const SANS = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';
export const MONO = 'font-family:ui-monospace,Menlo,Consolas,monospace';
