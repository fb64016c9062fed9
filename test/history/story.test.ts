import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/history/chain.ts';
import { chain, genesis } from '../../src/history/chain.ts';
import { tellStory } from '../../src/history/story.ts';

const PLACE = { repo: 'example/widgets', environment: 'release', secret: 'CARGO_REGISTRY_TOKEN' };

function tell(
  events: readonly (NewEvent & { readonly at: string; readonly actor?: string })[],
  name = 'crates-io',
) {
  const entries = events.map(({ at, actor = 'ada@host', ...event }, index) =>
    chain(event, { seq: index + 1, at, actor, prev: genesis('x') }),
  );
  return tellStory(entries, name);
}

const event = (
  at: string,
  type: string,
  result: string,
  detail: NewEvent['detail'] = {},
  subject = 'crates-io',
) => ({
  at,
  type,
  subject,
  result,
  detail,
});

const LIFE = [
  event('2026-01-02T09:00:00Z', 'credential.declared', 'declared'),
  event('2026-01-02T09:01:00Z', 'credential.recorded', 'version 1', {
    expiry: 'known',
    expiresAt: '2026-12-01T00:00:00.000Z',
    expirySource: 'entered',
    checked: 'not-asked',
  }),
  event(
    '2026-10-02T09:00:00Z',
    'mail.sent',
    'accepted with 250',
    { message: 7, channel: 'mail', reminders: ['crates-io 1 expiry 60', 'npm 1 expiry 7'] },
    'ada@example.org',
  ),
  event('2026-11-03T10:00:00Z', 'rotation.opened', 'r1'),
  event('2026-11-03T10:02:00Z', 'rotation.submitted', 'r1'),
  event('2026-11-03T10:02:01Z', 'rotation.checked', 'r1'),
  event('2026-11-03T10:02:01Z', 'rotation.intended', 'r1', { ...PLACE, checked: 'live' }),
  event('2026-11-03T10:02:02Z', 'rotation.stored', 'r1', PLACE),
  event('2026-11-03T10:02:03Z', 'rotation.verified', 'r1', PLACE),
  event('2026-11-03T10:02:03Z', 'credential.rotated', 'version 2', {
    expiry: 'known',
    expiresAt: '2027-11-03T00:00:00.000Z',
    expirySource: 'computed',
    checked: 'live',
    rotation: 'r1',
  }),
  event('2026-11-04T09:00:00Z', 'credential.old-token-revoked', 'version 1, as a person said'),
  event(
    '2026-11-09T09:00:00Z',
    'verify.changed',
    'crate-token-in-use: widgets',
    {
      rule: 'crate-token-in-use',
      about: 'widgets',
      outcome: 'pass',
      observed: 'first used for 1.2.3 on 2026-11-08',
    },
    'widgets',
  ),
];

describe('tellStory', () => {
  it('tells the life of a credential, a chapter for each version, from the opening of its rotation on', () => {
    expect(tell(LIFE)).toEqual([
      {
        title: 'Before the first version',
        lines: [{ at: '2026-01-02 09:00', sentence: 'declared in the configuration', gapDays: undefined }],
      },
      {
        title: 'Version 1: expires 2026-12-01 (as a person said)',
        lines: [
          {
            at: '2026-01-02 09:01',
            sentence:
              'recorded by ada@host: version 1, expires 2026-12-01 (as a person said); its issuer was not asked',
            gapDays: undefined,
          },
          {
            at: '2026-10-02 09:00',
            sentence: 'reminder 60 days before its expiry: delivered to ada@example.org (accepted with 250)',
            gapDays: 272,
          },
        ],
      },
      {
        title: 'Version 2: expires 2027-11-03 (by its lifetime)',
        lines: [
          { at: '2026-11-03 10:00', sentence: 'rotation opened by ada@host', gapDays: 32 },
          { at: '2026-11-03 10:02', sentence: 'new token pasted', gapDays: undefined },
          { at: '2026-11-03 10:02', sentence: 'new token passed its checks', gapDays: undefined },
          {
            at: '2026-11-03 10:02',
            sentence:
              'about to be written to CARGO_REGISTRY_TOKEN in example/widgets, environment release; its issuer accepts it',
            gapDays: undefined,
          },
          {
            at: '2026-11-03 10:02',
            sentence:
              'written to CARGO_REGISTRY_TOKEN in example/widgets, environment release: GitHub took it',
            gapDays: undefined,
          },
          {
            at: '2026-11-03 10:02',
            sentence:
              'read back: GitHub shows the new write of CARGO_REGISTRY_TOKEN in example/widgets, environment release',
            gapDays: undefined,
          },
          {
            at: '2026-11-03 10:02',
            sentence: 'recorded: version 2, expires 2027-11-03 (by its lifetime); its issuer accepts it',
            gapDays: undefined,
          },
          {
            at: '2026-11-04 09:00',
            sentence: 'old token revoked at its issuer: version 1, as a person said',
            gapDays: undefined,
          },
          { at: '2026-11-09 09:00', sentence: 'widgets: first used for 1.2.3 on 2026-11-08', gapDays: 5 },
        ],
      },
    ]);
  });

  it('leaves a rotation that came to nothing in the chapter of the version that stayed', () => {
    const [declared, recorded] = LIFE as [(typeof LIFE)[0], (typeof LIFE)[0]];
    const chapters = tell([
      declared,
      recorded,
      event('2026-11-03T10:00:00Z', 'rotation.opened', 'r0'),
      event('2026-11-03T10:01:00Z', 'rotation.refused', 'r0', { reason: 'a submission was refused' }),
      event('2026-11-03T10:09:00Z', 'rotation.abandoned', 'r0', { reason: 'nobody came' }),
    ]);
    expect(chapters).toHaveLength(2);
    expect(chapters[1]?.lines.map(({ sentence }) => sentence).slice(1)).toEqual([
      'rotation opened by ada@host',
      'what was pasted was refused; nothing was stored',
      'rotation abandoned: nobody came',
    ]);
  });

  it('finds the opening also where an older reseal did not name the rotation', () => {
    const older = LIFE.map((one) =>
      one.type === 'credential.rotated' ? { ...one, detail: { expiry: 'never' } } : one,
    );
    expect(tell(older).at(-1)).toMatchObject({
      title: 'Version 2: never expires',
      lines: [{ sentence: 'rotation opened by ada@host' }, ...Array.from({ length: 8 }, () => ({}))],
    });
  });

  it.each([
    [
      'mail.given-up',
      '550 no such user',
      ['crates-io 1 expiry -7'],
      'reminder 7 days after its expiry: could not be delivered to ada@example.org (550 no such user)',
    ],
    [
      'mail.unanswered',
      'answer lost',
      ['crates-io 1 leaked 0'],
      'mail that it has leaked: perhaps delivered to ada@example.org (answer lost)',
    ],
    [
      'mail.sent',
      'accepted with 250',
      ['crates-io 1 expiry 0'],
      'reminder on the day of its expiry: delivered to ada@example.org (accepted with 250)',
    ],
    [
      'mail.sent',
      'accepted with 250',
      ['crates-io 1 unheard-of 0'],
      'mail (unheard-of): delivered to ada@example.org (accepted with 250)',
    ],
    [
      'mail.sent',
      'accepted with 250',
      ['npm 1 expiry 1'],
      'mail: delivered to ada@example.org (accepted with 250)',
    ],
  ])('tells of mail what it said of this credential: %s %s %j', (type, result, reminders, sentence) => {
    const [chapter] = tell([event('2026-01-02T09:00:00Z', type, result, { reminders }, 'ada@example.org')]);
    expect(chapter?.lines[0]?.sentence).toBe(sentence);
  });

  it('falls back to type and result where a type is not known', () => {
    const [chapter] = tell([event('2026-01-02T09:00:00Z', 'moon.landed', 'softly')]);
    expect(chapter).toEqual({
      title: '',
      lines: [{ at: '2026-01-02 09:00', sentence: 'moon.landed: softly', gapDays: undefined }],
    });
  });

  it('shows characters that would move the cursor, or turn what stands beside them, by their number', () => {
    const [chapter] = tell([
      event('2026-01-02T09:00:00Z', 'moon.landed', 'a\u001b[2Jb\nc\u202ed\u0007'),
      event('not an instant\r', 'rotation.failed', 'r', { reason: '\u001b]0;x' }),
    ]);
    expect(chapter?.lines.map(({ at, sentence }) => `${at} ${sentence}`)).toEqual([
      '2026-01-02 09:00 moon.landed: a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{7}',
      'not an instant\\u{d} rotation failed: \\u{1b}]0;x',
    ]);
  });

  it('shows an entry whose detail somebody has broken', () => {
    const [entry] = tell([event('2026-01-02T09:00:00Z', 'rotation.opened', 'r')]);
    const broken = {
      ...chain(event('2026-01-02T09:00:00Z', 'rotation.failed', 'r'), {
        seq: 1,
        at: '2026-01-02T09:00:00Z',
        actor: 'a',
        prev: 'p',
      }),
      detail: '{',
    };
    expect(entry?.lines).toHaveLength(1);
    expect(tellStory([broken], 'crates-io')[0]?.lines[0]?.sentence).toBe('rotation failed');
  });
});
