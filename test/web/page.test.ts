import { describe, expect, it } from 'vitest';
import type { Overview } from '../../src/web/overview.ts';
import { renderPage } from '../../src/web/page.ts';
import { STYLE } from '../../src/web/style.ts';
import {
  aFinding,
  anOverview,
  aStatus,
  calm,
  ending,
  many,
  secondsAgo,
  troubled,
  undated,
} from './page-overviews.ts';

/** What a reader sees of a part of the page, without markup. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf('<body>'));
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:)])/g, '$1');
}

function headline(overview: Overview): { readonly title: string; readonly rest: string } {
  const part = renderPage(overview).match(/<section class="sheet headline[\s\S]*?<\/section>/)?.[0] ?? '';
  const [title = '', rest = ''] = part.split('</h1>');
  return { title: textOf(`<body>${title}`).trim(), rest: textOf(`<body>${rest}`).trim() };
}

describe('when there are more credentials than the page shows', () => {
  it('H4: counts them all, and says where the others are', () => {
    const text = textOf(renderPage({ ...calm(), omitted: 2345 }));
    expect(text).toMatch(/The coming year 23\d\d credentials/);
    expect(text).toContain('2345 less urgent credentials are not shown: reseal status');
  });
});

describe('the headline', () => {
  it('says what has broken, why, and what to type', () => {
    const { title, rest } = headline(troubled());
    expect(title).toBe('npm-publish expired 3 days ago (23 November 2026)');
    expect(rest).toContain('Crates can no longer be published with it');
    expect(rest).toContain('Type: reseal rotate npm-publish');
    expect(rest).toContain('At crates.io: crates.io/');
  });

  it('counts everything else that asks for somebody', () => {
    expect(headline(troubled()).rest).toMatch(
      /Besides: 3 other credentials need you; 1 credential has no date; 2 findings; 3 mails not delivered; configuration; reseal has not come round as it should\./,
    );
  });

  it('says what comes next when nothing needs anybody', () => {
    const { title, rest } = headline(calm());
    expect(title).toBe('Nothing needs you');
    expect(rest).toBe(
      'Next: npm-publish expires in 84 days (19 February 2027). The first mail about it goes out on 21 December 2026. When it dies, crates can no longer be published with it: the release stops at the publishing step.',
    );
  });

  it('says what to do with an installation that is empty', () => {
    expect(headline(anOverview())).toEqual({
      title: 'No credential is declared yet',
      rest: 'Declare one under "credentials" in the configuration. Type: reseal config check',
    });
  });

  const OK = ending(200);
  it.each<[string, Partial<Overview>]>([
    ['crates-io expires in 2 days (29 November 2026)', { credentials: [ending(2)], findings: [aFinding()] }],
    ['widgets: release is not as declared', { credentials: [ending(40)], findings: [aFinding()] }],
    ['crates-io expires within 24 hours (27 November 2026)', { credentials: [ending(0)] }],
    ['crates-io is revoked', { credentials: [ending(200, { state: 'revoked' })] }],
    [
      'crates-io was changed by somebody else',
      { credentials: [ending(200, { changed: 'somebody else changed it' })] },
    ],
    [
      'Nobody knows which token of crates-io GitHub holds',
      { credentials: [ending(200, { unsettled: 'the rotation is unconfirmed' })] },
    ],
    [
      'The token that crates-io replaced has leaked and still lives',
      {
        credentials: [
          ending(200, { oldTokens: [{ version: 1, expiresAt: null, standing: 'leaked' }] }, { next: 'x' }),
        ],
      },
    ],
    [
      'crates-io is missing at 1 of 1 place',
      {
        credentials: [
          ending(200, {
            destinations: aStatus().destinations.map((place) => ({ ...place, state: 'missing' as const })),
          }),
        ],
      },
    ],
    [
      'Nobody knows whether GitHub still holds crates-io',
      {
        credentials: [
          ending(200, {
            destinations: aStatus().destinations.map((place) => ({ ...place, state: 'unknown' as const })),
          }),
        ],
      },
    ],
    ['Nobody knows when gpg expires', { credentials: [OK, undated('unknown', 'gpg')] }],
    ['Nobody can be reminded', { credentials: [OK], mail: { ...anOverview().mail, isConfigured: false } }],
    [
      'Nobody is reminded',
      { credentials: [OK], beats: { cycle: undefined, goodCycle: undefined, verify: undefined } },
    ],
    [
      'Configuration is in trouble',
      { credentials: [OK], troubles: [{ name: 'configuration', detail: 'line 4', since: secondsAgo(60) }] },
    ],
    [
      '1 mail was not delivered',
      {
        credentials: [OK],
        mail: { ...anOverview().mail, counts: { ...anOverview().mail.counts, dead: 1 } },
      },
    ],
    [
      'widgets: release could not be looked at',
      { credentials: [OK], findings: [aFinding({ outcome: 'unknown', severity: 'low' })] },
    ],
    ['Nothing needs you', { credentials: [OK, undated('never', 'deploy-key')] }],
  ])('says "%s"', (title, overview) => {
    expect(headline(anOverview(overview)).title).toBe(title);
  });
});

describe('a credential on the page', () => {
  it('has in words everything that its line shows, and the rest', () => {
    const text = textOf(renderPage(troubled()));
    expect(text).toContain('signing-certificate due 28 days left 25 December 2026');
    expect(text).toContain('example/widgets ›, release ›, CARGO_REGISTRY_TOKEN verified');
    expect(text).toContain('2 of 7 have come; ahead: 11 December 2026; 18 December 2026;');
    expect(text).toContain('to ada; quiet until 10 December 2026');
  });

  it('promises no mail that nothing can send, and no time that has passed', () => {
    const due = ending(40, { nextReminderAt: secondsAgo(3600).toISOString() });
    const mail = { ...anOverview().mail, isConfigured: false };
    expect(textOf(renderPage(anOverview({ credentials: [due] })))).toContain('Next mail due now, to ada');
    expect(textOf(renderPage(anOverview({ credentials: [due], mail })))).toContain(
      'Next mail due now, but nothing is configured that could send it',
    );
  });

  it('is drawn with coordinates alone, hidden from screen readers', () => {
    const page = renderPage(calm());
    const [strip = ''] = page.match(/<svg class="strip[\s\S]*?<\/svg>/) ?? [];
    expect(strip).toContain('aria-hidden="true"');
    // 84.7 of 365 days, between today at 26 and the end at 990.
    expect(strip).toMatch(/class="life" d="M26 10H250"/);
    expect(strip).toMatch(/class="end" d="M250 10h\.01"/);
    expect(page).not.toMatch(/ style=/);
  });

  it('stands in one group, in the order of the overview', () => {
    const page = renderPage(troubled());
    const inGroup = (id: string) => {
      const part = page.match(new RegExp(`<section class="group ${id}"[\\s\\S]*?</section>`))?.[0] ?? '';
      return [...part.matchAll(/class="name">([^<]*)/g)].map(([, name]) => name);
    };
    expect(inGroup('needs-you')).toEqual(['npm-publish', 'crates-io', 'signing-certificate', 'pypi']);
    expect(inGroup('later')).toEqual(['docker-hub', 'cloudflare']);
    expect(inGroup('undated')).toEqual(['gpg-key', 'deploy-key']);
  });

  it('is nothing that needs somebody once it is retired', () => {
    const retired = ending(-30, { retiredAt: '2026-10-01T00:00:00Z' }, { next: undefined });
    const overview = anOverview({ credentials: [retired] });
    expect(headline(overview).title).toBe('Nothing needs you');
    expect(textOf(renderPage(overview))).toContain('crates-io retired');
  });
});

describe('what is wrong', () => {
  const text = textOf(renderPage(troubled()));

  it('names each finding with its remedy, those of its words that are addresses as links', () => {
    expect(text).toContain('Nobody has to approve a deployment to it.');
    expect(renderPage(troubled())).toContain(
      'href="https://github.com/example/widgets/settings/environments"',
    );
    expect(text).toContain('GitHub answered 403');
  });

  it('says why mail did not arrive, and how to send it again', () => {
    expect(text).toContain('To grace@example.org by mail. Why: 550 5.1.1 no such user.');
    expect(text).toContain('docker compose exec reseal reseal outbox retry 12');
    expect(text).toContain('Next try on 26 November 2026, 06:20 UTC.');
  });

  it('says that the daemon has not come round for too long', () => {
    expect(text).toContain('The daemon last came round 60 minutes ago: that is too long.');
    expect(text).toContain('The pipelines were last verified 3 days ago: that is too long.');
    expect(textOf(renderPage(calm()))).toContain('The daemon last came round 40 seconds ago.');
  });

  it('does not take rounds that failed for good ones', () => {
    const page = renderPage(
      anOverview({ beats: { cycle: secondsAgo(20), goodCycle: secondsAgo(7200), verify: undefined } }),
    );
    expect(textOf(page)).toContain('The last round without a failure was 2 hours ago.');
  });

  it('shows nothing as verified that never was', () => {
    const never = anOverview({ pipelines: [{ name: 'widgets', verifiedAt: undefined }] });
    expect(textOf(renderPage(never))).not.toContain('Everything that could be compared');
  });
});

describe('the page as a whole', () => {
  it('holds no script and nothing to fetch', () => {
    const page = renderPage(troubled());
    expect(page).not.toMatch(/<(script|link|img|iframe|form|meta http-equiv)|javascript:|url\(|@import/i);
    expect(page).toContain(`<style>${STYLE}</style>`);
  });

  it('shows the head of the history as mails do', () => {
    expect(textOf(renderPage(calm()))).toContain('214 entries, the last of which is 214:5f5f5f5f5f5f5f5f');
  });

  it('escapes whatever comes from outside, and drops what hides or turns text', () => {
    const nasty = `<b>"'&\u202e\u0007\ud800`;
    const page = renderPage(
      anOverview({
        credentials: [
          ending(
            1,
            { name: nasty, purpose: nasty, unsettled: nasty },
            { breaks: nasty, next: nasty, page: `javascript:${nasty}` },
          ),
        ],
        findings: [aFinding({ subject: nasty, observed: nasty, remedy: `${nasty} javascript:alert(1)` })],
        troubles: [{ name: nasty, detail: nasty, since: secondsAgo(1) }],
      }),
    );
    expect(page).not.toContain('<b>');
    expect(page).not.toMatch(/href="javascript/);
    expect(page).not.toMatch(/[\u202e\u0007]/);
    expect(page.isWellFormed()).toBe(true);
  });

  it('keeps all but the first twelve of many closed', () => {
    const page = renderPage(many(500));
    expect(page.match(/<details /g)?.length).toBe(500);
    expect(page.match(/<details class="row" open>/g)?.length).toBe(12);
  });
});
