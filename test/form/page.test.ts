import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FormView } from '../../src/form/fields.ts';
import { busyPage, crossSitePage, formPage } from '../../src/form/page.ts';
import { resultEnd } from '../../src/form/result.ts';
import { STYLE } from '../../src/form/style.ts';
import type { ResultOutcome, RotationCard, RotationResult } from '../../src/rotate/rotation.ts';
import { buildCard } from '../support/form.ts';
import {
  ANY_CARD,
  CERTIFICATE_CARD,
  DATES_CARD,
  OBSERVED_CARD,
  SOMETIMES_READ_CARD,
} from '../support/form-states.ts';

const HOSTILE = `"><script>alert(1)</script>'&`;

function view(card: Partial<RotationCard> = {}, rest: Partial<FormView> = {}): FormView {
  return {
    card: buildCard(card),
    nonce: 'NONCE',
    minutesLeft: 10,
    maxTokenBytes: 1024,
    problems: [],
    chosen: { expiration: undefined, expiresOn: undefined, unchecked: false },
    offerUnchecked: false,
    anyway: 'no',
    ...rest,
  };
}

function render(card: Partial<RotationCard> = {}, rest: Partial<FormView> = {}): string {
  return formPage(view(card, rest)).text;
}

/** What a reader sees, in order. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf('<body>'));
  return body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

describe('formPage', () => {
  describe('when it is shown', () => {
    it('tells the story in order', () => {
      const parts = [
        'cargo-publish',
        'Publishes the widgets crates',
        'K7QX4M',
        'The same code stands in your terminal',
        'example/widgets',
        'CARGO_REGISTRY_TOKEN',
        'api.github.com · last changed 2025-11-30 16:04 UTC',
        'Open crates.io',
        'press Regenerate',
        'Name there widgets release',
        'Scopes to tick publish-new',
        'The new token',
        'Do not let the browser save it',
        'Which Expiration did you choose at crates.io?',
        'The runbook says 365 days',
        'No expiration',
        'What happens',
        'live, scoped token; not its name',
        'Only sealed does it go to GitHub',
        'Check, seal and store',
        'open for 10 minutes from now at most',
      ];
      const text = textOf(render());
      const places = parts.map((part) => text.indexOf(part));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    });

    it('chooses nothing for the person, and requires an answer', () => {
      const page = render();
      expect(page).not.toMatch(/<input[^>]* checked/);
      expect(page.match(/type="radio"[^>]* required/g)).toHaveLength(7);
    });

    it('keeps the token out of the reach of the browser', () => {
      expect(render()).toMatch(
        /<input id="token" name="token" type="password" required autocomplete="off" spellcheck="false" autocapitalize="off"/,
      );
    });

    it('cuts a paste off only behind what would be refused as too long', () => {
      expect(render()).toContain('maxlength="1025"');
    });

    it('holds no script, no inline style and nothing from elsewhere', () => {
      const page = render({ unusualHosts: ['https://ghe.example.com'] });
      expect(page).not.toMatch(/<script|<link|<img|<iframe|\sstyle=|\son\w+=|javascript:|@import|url\(/i);
      expect(page.match(/<style>/g)).toHaveLength(1);
    });

    it('opens the issuer in a tab that does not learn the address', () => {
      expect(render()).toContain('href="https://crates.io/settings/tokens" rel="noreferrer" target="_blank"');
    });

    it('names language, title, viewport and colour scheme', () => {
      const page = render();
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(page).toContain('<title>cargo-publish · reseal</title>');
      expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
      expect(page).toContain('<meta name="color-scheme" content="light dark">');
    });
  });

  describe('when the card leaves things out', () => {
    it('shows no link, name or scopes', () => {
      const page = render({ issuerPage: undefined, nameAtIssuer: undefined, scopes: [] });
      expect(page).not.toContain('href=');
      expect(page).not.toContain('<dl');
    });

    it('links to no address but http and https', () => {
      expect(render({ issuerPage: 'javascript:alert(1)' })).not.toContain('javascript:');
    });

    it('says that there is no live check', () => {
      expect(textOf(render({ proves: undefined }))).toContain('cannot be checked live');
    });

    it('says that a secret will be created', () => {
      const [first] = buildCard().destinations;
      const destinations = first ? [{ ...first, updatedAt: undefined }] : [];
      expect(textOf(render({ destinations }))).toContain('not there yet: will be created');
    });

    it.each([
      ['1y', '1 year.'],
      ['2y', '2 years.'],
      ['1d', '1 day.'],
    ] as const)('says the declared %s as %s', (declaredLifetime, words) => {
      expect(textOf(render({ declaredLifetime }))).toContain(`The runbook says ${words}`);
    });

    it('says nothing of a lifetime that nobody declared', () => {
      expect(textOf(render({ declaredLifetime: undefined }))).not.toContain('The runbook says');
    });
  });

  describe('when a host is not the public one', () => {
    it('names it with emphasis before the token field', () => {
      const page = render({ unusualHosts: ['https://ghe.example.com/api/v3'] });
      expect(page).toContain('<strong>https://ghe.example.com/api/v3</strong>');
      expect(page.indexOf('ghe.example.com')).toBeLessThan(page.indexOf('id="token"'));
    });
  });

  describe('when the expiry was stated on the command line', () => {
    it('states it and asks nothing', () => {
      const page = render({ statedExpiry: '2027-06-01' });
      expect(textOf(page)).toContain('Expiry: 2027-06-01 , as stated on the command line');
      expect(page).not.toContain('<fieldset');
    });
  });

  describe('when something has to be entered again', () => {
    const problems = [{ field: 'expires-on', reason: 'The expiration date is in the past' }] as const;

    it('says so first, where a screen reader hears it, with a link to the field', () => {
      const page = render({}, { problems });
      expect(page.indexOf('role="alert"')).toBeLessThan(page.indexOf('<h1'));
      expect(page).toContain('<a href="#expires-on">The expiration date is in the past</a>');
      expect(page).toContain('<title>Not stored yet: cargo-publish');
    });

    it('keeps the choice and a well-formed date, and marks the field', () => {
      const page = render(
        {},
        { problems, chosen: { expiration: 'date', expiresOn: '2020-01-01', unchecked: false } },
      );
      expect(page).toMatch(/value="date" required checked/);
      expect(page).toMatch(/id="expires-on"[^>]*value="2020-01-01"[^>]*aria-invalid="true"/);
    });

    it('repeats nothing else of what was sent', () => {
      const page = render(
        {},
        { problems, chosen: { expiration: 'CANARY', expiresOn: 'CANARY', unchecked: false } },
      );
      expect(page).not.toContain('CANARY');
    });
  });

  describe('when texts are hostile', () => {
    it('escapes every one of them', () => {
      const destination = { repo: HOSTILE, environment: HOSTILE, secret: HOSTILE };
      const page = render(
        {
          credential: HOSTILE,
          purpose: HOSTILE,
          kindTitle: HOSTILE,
          issuer: HOSTILE,
          issuerHost: HOSTILE,
          issuerPage: `https://x/${HOSTILE}`,
          steps: [HOSTILE],
          nameAtIssuer: HOSTILE,
          scopes: [HOSTILE],
          destinations: [{ destination, host: HOSTILE, updatedAt: undefined }],
          unusualHosts: [HOSTILE],
          alarm: {
            standing: 'leaked',
            steps: [{ text: HOSTILE, link: `https://x/${HOSTILE}` }, { text: HOSTILE }],
          },
          onlyMissing: { version: 2, already: [destination] },
          statedExpiry: HOSTILE,
          encoding: HOSTILE,
          code: HOSTILE,
          proves: HOSTILE,
        },
        { problems: [{ field: 'token', reason: HOSTILE }] },
      );
      expect(page).not.toContain('<script>');
      expect(page.split('&#60;script&#62;').length - 1).toBeGreaterThanOrEqual(20);
    });
  });
});

describe('formPage, by kind', () => {
  const page = (card: RotationCard, rest: Partial<FormView> = {}) => textOf(formPage(view(card, rest)).text);

  describe('when a file is asked for', () => {
    it('asks for it and its password, says what to choose, and asks nothing of the expiry', () => {
      const text = page(CERTIFICATE_CARD, { maxTokenBytes: 49_152 });
      expect(text).toMatch(/The new certificate Choose the file .* PKCS#12 \(\.p12, \.pfx\)/);
      expect(text).toContain('48 KB at most, and not written to disk here');
      expect(text).toContain('--stdin --password-file PASSWORD &lt; FILE');
      expect(text).toContain('The password of the file (only where it has one)');
      expect(text).toContain('Expiry: read from the certificate itself ; nothing to choose.');
      expect(text).toContain('close the tab and give it nothing');
      expect(formPage(view(CERTIFICATE_CARD)).text).not.toContain('<input type="radio"');
    });

    it('is sent in parts, required, with the nonce last', () => {
      const { text } = formPage(view(CERTIFICATE_CARD));
      expect(text).toContain('<form method="post" enctype="multipart/form-data"');
      expect(text).toMatch(/<input id="file" name="file" type="file" required/);
      const names = [...text.matchAll(/<input[^>]* name="([^"]+)"/g)].map(([, name]) => name);
      expect(names).toEqual(['file', 'password', 'nonce']);
    });

    it('leaves a page with a line alone as it was', () => {
      expect(render()).not.toMatch(/enctype|type="file"|name="password"/);
    });
  });

  describe('when it may be a line or a file', () => {
    it('requires neither, and says what goes where', () => {
      const { text } = formPage(view(ANY_CARD));
      expect(text).toMatch(/<input id="token" name="token" type="password" autocomplete/);
      expect(text).toMatch(/<input id="file" name="file" type="file" aria-describedby/);
      expect(textOf(text)).toContain('The new token, in one line');
      expect(textOf(text)).toContain('Or the file that holds it');
    });
  });

  describe('when its issuer says the expiry', () => {
    it('asks nothing, and says so', () => {
      expect(page(OBSERVED_CARD)).toContain(
        'Expiry: GitHub says it itself when the token is checked; nothing',
      );
    });

    it('asks, without requiring it, where it may be stored without the check', () => {
      const { text } = formPage(view(OBSERVED_CARD, { anyway: 'unchecked', offerUnchecked: true }));
      expect(text).toMatch(/value="365d">/);
      expect(textOf(text)).toContain('Answer this if it is to be stored without the check');
    });
  });

  describe('when some say the expiry themselves', () => {
    it('offers that first, and how to tell', () => {
      const text = page(SOMETIMES_READ_CARD);
      expect(text).toContain('Keys of version 5 carry the day');
      expect(text.indexOf('As the key itself says')).toBeLessThan(text.indexOf('7 days'));
    });
  });

  describe('when it is stored otherwise than it is', () => {
    it('says how, before it is sealed', () => {
      const encoding = 'stored base64-encoded: the workflow decodes it';
      expect(page({ ...CERTIFICATE_CARD, encoding })).toMatch(
        /Stored base64-encoded: the workflow decodes it\. *It is sealed here/,
      );
    });
  });

  describe('when it has no destination', () => {
    it('says that nothing is stored, where it goes and what the button does', () => {
      const text = page(DATES_CARD);
      expect(text).toContain('Where it goes Nowhere.');
      expect(text).toContain('the certificate is dropped, and its dates are remembered');
      expect(text).toContain('Check, and remember its dates');
      expect(text).not.toMatch(/GitHub|sealed/);
    });
  });
});

describe('busyPage and crossSitePage', () => {
  describe('when they are shown', () => {
    it('D20: hold no name of anything', () => {
      const pages =
        textOf(busyPage().text) + textOf(crossSitePage().text) + crossSitePage().text.replace(STYLE, '');
      expect(pages).not.toMatch(/reseal|crates|K7QX4M|widgets/i);
    });
  });
});

describe('the style sheet', () => {
  describe('when it stands in a page', () => {
    it('is byte for byte what its digest was computed from', () => {
      const [, sheet = ''] = /<style>([\s\S]*)<\/style>/.exec(render()) ?? [];
      const digest = (text: string) => createHash('sha256').update(text).digest('hex');
      expect(digest(sheet)).toBe(digest(STYLE));
    });
  });
});

describe('resultEnd', () => {
  const outcome = (result: RotationResult) => textOf(`<body>${resultEnd(result, buildCard()).text}`);

  describe('when everything is recorded', () => {
    it('shows version, expiry and how it is known, and what to do next with its link', () => {
      const result = resultEnd(
        {
          outcome: 'recorded',
          version: 4,
          expiry: { kind: 'known', at: new Date('2027-11-23T00:00:00Z'), source: 'entered' },
          next: ['Revoke the old one at https://crates.io/settings/tokens.'],
        },
        buildCard(),
      ).text;
      expect(textOf(`<body>${result}`)).toMatch(
        /Stored and recorded.*Version 4 Expires 2027-11-23 , as entered by a person/,
      );
      expect(result).toContain('<a href="https://crates.io/settings/tokens" rel="noreferrer"');
    });

    it('never shows an unknown expiry as fine', () => {
      expect(outcome({ outcome: 'recorded', expiry: { kind: 'unknown', source: 'unknown' } })).toContain(
        'Expires not known',
      );
      expect(outcome({ outcome: 'recorded', expiry: { kind: 'never', source: 'entered' } })).toContain(
        'Expires never , as entered',
      );
    });
  });

  describe('when the credential has said something of itself', () => {
    const result: RotationResult = {
      outcome: 'recorded',
      version: 2,
      says: [{ label: 'Subject', text: `Example ${HOSTILE}` }],
      warnings: [`the chain has 3 certificates ${HOSTILE}`],
    };

    it('shows it beside the version, and what to look at, escaped', () => {
      expect(outcome(result)).toMatch(
        /Version 2 Subject Example .*Look at this all the same The chain has 3/,
      );
      expect(resultEnd(result, buildCard()).text).not.toContain('<script>');
    });
  });

  describe('when the form is closed', () => {
    it('warns of a reload, which would send the token to whoever has the port next', () => {
      expect(outcome({ outcome: 'recorded' })).toContain('do not reload it');
    });
  });

  describe('when a service put an address into its refusal', () => {
    it('shows it as text, not as a link', () => {
      const reasons = ['GitHub did not take it (422: see https://evil.example/login)'];
      const result = resultEnd({ outcome: 'failed', reasons }, buildCard()).text;
      expect(result).toContain('https://evil.example/login');
      expect(result).not.toContain('<a ');
    });
  });

  describe('when it ended otherwise', () => {
    it.each<[ResultOutcome, string, string]>([
      ['partial', 'warn', 'Stored at some destinations only'],
      ['unconfirmed', 'warn', 'Not confirmed'],
      ['failed', 'bad', 'Not stored'],
      ['rejected', 'bad', 'Refused'],
      ['abandoned', 'bad', 'Stopped'],
    ])('has a heading and a tone of its own for %s', (kind, tone, title) => {
      const page = resultEnd({ outcome: kind, reasons: ['because <of> this'] }, buildCard()).text;
      expect(page).toContain(`class="result ${tone}"`);
      expect(page).toContain(`<h2 id="result-title">${title}</h2>`);
      expect(page).toContain('because &#60;of&#62; this');
      expect(page).not.toContain('Stored and recorded');
    });
  });
});
