import { describe, expect, it } from 'vitest';
import type { ToldFinding, ToldRun } from '../../src/remind/findings.ts';
import { pipelineKey, pipelineOf, planFindings, planStandIns } from '../../src/remind/findings.ts';
import {
  aDeclaration,
  aMailContext,
  aPolicy,
  aReminded,
  aReminder,
  aRow,
  DESTINATION,
  daysFromNow,
  later,
  NOW,
} from '../support/builders.ts';
import { both, composeParts } from '../support/mail.ts';

const REPO = 'example/widgets';
const PAGE = `https://github.com/${REPO}/settings/environments`;
const REMEDY = `Open ${PAGE}, choose release, tick "Required reviewers" and add ada.`;

function aTold(changes: Partial<ToldFinding> = {}): ToldFinding {
  return {
    change: 'failed',
    question: 'Does the environment ask for a reviewer?',
    subject: 'release',
    severity: 'high',
    outcome: 'fail',
    expected: 'ada approves each deployment',
    observed: 'nobody has to approve',
    remedy: REMEDY,
    since: NOW,
    seenAt: NOW,
    checkedAt: NOW,
    lastKnown: undefined,
    ...changes,
  };
}

function compose(
  findings: readonly ToldFinding[],
  { repo = REPO, ...context }: Partial<ReturnType<typeof aMailContext>> & Partial<ToldRun> = {},
) {
  const reminder = { credential: 'pipeline:widgets', version: 7, topic: 'findings', leadDays: 0 } as const;
  return composeParts([{ reminder }], aMailContext({ findings: () => ({ repo, findings }), ...context }));
}

describe('a mail about what verification found', () => {
  it('says it all in the subject', () => {
    expect(compose([aTold(), aTold({ subject: 'staging', severity: 'low' })]).subject).toBe(
      'widgets: 2 new findings · release: nobody has to approve',
    );
    expect(compose([aTold()]).subject).toBe('widgets: 1 new finding · release: nobody has to approve');
  });

  it('says what was asked, of what, what is expected, what was found, and what to do', () => {
    for (const part of both(compose([aTold()]))) {
      for (const words of [
        'New Does the environment ask for a reviewer? release (high)',
        'Expected ada approves each deployment',
        'Found nobody has to approve',
        'Checked 2026-11-23 09:30 UTC',
        'release: Open the page below, choose release, tick "Required reviewers" and add ada.',
        'Then look again:',
        'reseal verify widgets',
        'Each change is told once.',
      ])
        expect(part).toContain(words);
    }
  });

  it('names the most severe first, and what is good news last', () => {
    const message = compose([
      aTold({ change: 'recovered', outcome: 'pass', subject: 'good', remedy: '' }),
      aTold({ change: 'lapsed', outcome: 'manual', subject: 'lapsed' }),
      aTold({ change: 'blind', outcome: 'unknown', subject: 'blind', remedy: '' }),
      aTold({ severity: 'low', subject: 'low' }),
      aTold({ change: 'worse', subject: 'worse' }),
    ]);
    expect(message.subject).toBe(
      'widgets: 1 worse, 1 new finding, 1 out of sight, 1 to be confirmed again and 1 recovered · worse: nobody has to approve',
    );
    for (const part of both(message)) {
      const places = ['worse (high)', 'low (low)', '? blind', '? lapsed', '? good'].map((words) =>
        part.indexOf(words),
      );
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it('H14: says of what is out of sight why, since when and what was last known', () => {
    const blind = { change: 'blind', outcome: 'unknown', observed: 'GitHub asks for actions:read' } as const;
    const failed = compose([aTold({ ...blind, lastKnown: { failed: true, at: daysFromNow(-1) } })]);
    for (const part of both(failed)) {
      expect(part).toContain('Because GitHub asks for actions:read');
      expect(part).toContain('it failed at 2026-11-22 09:30 UTC, and counts as failing');
    }
    const fine = compose([aTold({ ...blind, lastKnown: { failed: false, at: daysFromNow(-1) } })]);
    for (const part of both(fine))
      expect(part).toContain('nothing was wrong with it at 2026-11-22 09:30 UTC');
  });

  it('says of a recovery how long it had failed, and asks for nothing', () => {
    const good = aTold({
      change: 'recovered',
      outcome: 'pass',
      observed: 'ada approves',
      remedy: '',
      since: daysFromNow(-2),
    });
    const message = compose([good]);
    expect(message.subject).toBe('widgets: 1 recovered · release: ada approves');
    for (const part of both(message)) {
      expect(part).toContain('Failed from 2026-11-21 09:30 UTC to 2026-11-23 09:30 UTC');
      expect(part).not.toContain('What to do');
    }
  });

  it('says where a failure ended because it does not apply, and where it goes on', () => {
    const none = aTold({
      change: 'recovered',
      outcome: 'not-applicable',
      observed: 'there is no environment',
    });
    for (const part of both(compose([none])))
      expect(part).toContain('it does not apply any more: there is no environment');
    for (const part of both(compose([aTold({ change: 'seen-again' })])))
      expect(part).toContain('it still fails: nobody has to approve');
  });

  it('counts what it has no room for', () => {
    const many = Array.from({ length: 25 }, (_, index) => aTold({ subject: `check ${index}` }));
    const message = compose(many);
    expect(message.subject).toContain('widgets: 25 new findings');
    for (const part of both(message)) {
      expect(part).toContain('And 15 more, in the whole list:');
      expect(part).not.toContain('check 10');
    }
  });

  it('is left out where nothing of it is to be told any more, or nothing was ever verified', () => {
    expect(() => compose([])).toThrow('nothing that was found in "widgets" is still to be told');
    expect(() => composeParts([{ reminder: { topic: 'findings', credential: 'pipeline:widgets' } }])).toThrow(
      'still to be told',
    );
  });

  it('tells whoever stands in for somebody why', () => {
    const undelivered = [{ recipient: 'ada@example.org', error: 'no', credentials: ['pipeline:widgets'] }];
    for (const part of both(compose([aTold()], { undelivered })))
      expect(part).toContain('Mail about it to ada@example.org could not be delivered.');
  });

  it('gives programs the same', () => {
    expect(compose([aTold()]).items).toMatchObject([
      {
        credential: 'pipeline:widgets',
        topic: 'findings',
        version: 7,
        headline: 'widgets: 1 new finding',
        destinations: [],
        command: expect.stringMatching(/reseal verify widgets$/),
        link: PAGE,
      },
    ]);
  });

  it('stands behind an alarm and an expiry in three days, and before one in ten where it is urgent', () => {
    const finding = { topic: 'findings', credential: 'pipeline:widgets', version: 7 } as const;
    const context = (severity: 'high' | 'low') =>
      aMailContext({ findings: () => ({ repo: REPO, findings: [aTold({ severity })] }) });
    const orderOf = (severity: 'high' | 'low') =>
      composeParts([{ reminder: finding }, {}], context(severity)).items.map(({ topic }) => topic);
    expect(orderOf('high')).toEqual(['findings', 'expiry']);
    expect(orderOf('low')).toEqual(['expiry', 'findings']);
  });
});

describe('the links of such a mail', () => {
  const linksOf = (remedy: string, repo?: string) => {
    const { html, text } = compose([aTold({ remedy })], repo === undefined ? {} : { repo });
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
    const written = [...text.matchAll(/(?<!git\+)\bhttps?:\/\/\S+/g)].map(([link]) => link);
    expect(written).toEqual(hrefs);
    return hrefs;
  };

  it.each([
    PAGE,
    'https://github.com/organizations/example/settings/secrets/actions',
    'https://crates.io/settings/tokens',
    'https://www.npmjs.com/package/@example/widgets/access',
    'https://www.npmjs.com',
    'https://pypi.org/manage/project/widgets/settings/publishing/',
  ])('lead to a page of settings: %s', (page) => {
    expect(linksOf(`At ${page}, press Add.`)).toEqual([page]);
    expect(linksOf(`Press Add at ${page}.`)).toEqual([page]);
  });

  it.each([
    'https://evil.test/settings',
    'https://github.com.evil.test/example/widgets/settings',
    'https://github.com/evil/widgets/settings',
    'https://github.com/example/widgets-evil/settings',
    'https://github.com@evil.test/example/widgets/',
    'https://crates.io.evil.test/',
    'https://github.com/example/widgets/../../evil/widgets',
    'https://github.com/example/widgets/%2e%2e/%2e%2e/evil',
    'https://crates.io/\u202Esgnittes',
    'http://127.0.0.1:8765/form',
    'javascript://github.com/example/widgets/%0aalert(1)',
  ])('never lead anywhere else: %s', (page) => {
    expect(linksOf(`At ${page} press Add.`)).toEqual([]);
  });

  it('are none to GitHub where the pipeline has left the configuration', () => {
    const findings = () => ({ repo: undefined, findings: [aTold()] });
    const { html } = composeParts(
      [{ reminder: { topic: 'findings', credential: 'pipeline:widgets', version: 7 } }],
      aMailContext({ findings }),
    );
    expect(html).not.toContain('href=');
  });

  it('are one a step: a second page is named', () => {
    const remedy = `At ${PAGE} delete it, then look at https://crates.io/settings/tokens and at ${PAGE}.`;
    expect(linksOf(remedy)).toEqual([PAGE]);
    for (const part of both(compose([aTold({ remedy })])))
      expect(part).toContain(
        'At the page below delete it, then look at crates.io/settings/tokens and at the page below.',
      );
  });

  it('leave what is typed as it is', () => {
    const remedy = `Write "url": "git+https://github.com/${REPO}.git" into package.json.`;
    for (const part of both(compose([aTold({ remedy })])))
      expect(part).toContain(`"git+https://github.com/${REPO}.git"`);
    expect(compose([aTold({ remedy })]).html).not.toContain('href=');
  });
});

describe('what came from outside', () => {
  it.each([
    'a\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>',
    '\u202Egnp.exe\u202C\u2066',
    'x'.repeat(16_000),
    'https://evil.test/act?token=1',
    '\u0000\u001b[2J\uD800',
  ])('E19: is words and nothing else: %j', (text) => {
    const evil = aTold({
      subject: text,
      observed: text,
      expected: text,
      question: text,
      remedy: text,
    });
    const message = compose([evil]);
    expect(message.subject.length).toBeLessThanOrEqual(200);
    for (const part of [message.subject, message.text, message.html]) {
      expect(part).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(part).not.toContain('https://evil');
    }
    expect(message.html).not.toContain('<script');
    const tags = (html: string) => html.match(/<[^>]*>/g)?.length;
    expect(tags(message.html)).toBe(tags(compose([aTold({ remedy: 'x' })]).html));
  });
});

describe('planFindings', () => {
  const run = { pipeline: 'widgets', repo: 'Example/WIDGETS', run: 7, urgent: true };
  const plan = (credentials: Parameters<typeof planFindings>[1], owed = run, policy = aPolicy()) =>
    planFindings(owed, credentials, policy, NOW);
  const recipientsOf = (steps: ReturnType<typeof planFindings>) => steps.map(({ key }) => key.recipient);

  it('owes it under the name of the pipeline and the number of the run', () => {
    expect(plan([aReminded()])).toEqual([
      {
        kind: 'owe',
        key: aReminder({ credential: 'pipeline:widgets', version: 7, topic: 'findings', leadDays: 0 }),
        dueAt: NOW,
        urgent: true,
      },
    ]);
    expect(pipelineOf(pipelineKey('widgets'))).toBe('widgets');
    expect(pipelineOf('widgets')).toBeUndefined();
  });

  it('waits for the morning where it is not urgent', () => {
    expect(plan([aReminded()], { ...run, urgent: false })).toMatchObject([
      { dueAt: new Date('2026-11-24T09:00:00Z'), urgent: false },
    ]);
  });

  it('is owed to the owners of what lives in the repository, their webhooks too, each once', () => {
    const of = (owner: string, repo = REPO) =>
      aReminded({ declaration: aDeclaration({ owner, destinations: [{ ...DESTINATION, repo }] }) });
    const policy = aPolicy({ webhooks: [{ name: 'chat', owners: ['grace'] }] });
    expect(recipientsOf(plan([of('ada'), of('ada'), of('grace', 'example/other')]))).toEqual([
      'ada@example.org',
    ]);
    expect(recipientsOf(plan([of('grace')], run, policy))).toEqual(['grace@example.org', 'chat']);
  });

  it('is owed to everybody where nothing lives there', () => {
    const gone = aReminded({ retiredAt: later(-1) });
    for (const credentials of [[], [gone]])
      expect(recipientsOf(plan(credentials))).toEqual(['ada@example.org', 'grace@example.org']);
  });
});

describe('planStandIns', () => {
  const lost = aReminder({ credential: 'pipeline:widgets', version: 7, topic: 'findings', leadDays: 0 });
  const row = aRow(0, { ...lost, urgent: true, messageState: 'dead' });

  it('tells the others, as urgently', () => {
    expect(planStandIns(lost, [row], aPolicy(), NOW)).toEqual([
      { kind: 'owe', key: { ...lost, recipient: 'grace@example.org' }, dueAt: NOW, urgent: true },
    ]);
  });

  it('tells nobody twice', () => {
    const grace = aRow(0, { ...row, recipient: 'grace@example.org', messageState: 'sent' });
    expect(planStandIns(lost, [row, grace], aPolicy(), NOW)).toEqual([]);
  });
});
