import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/remind/reminder.ts';
import { asSlack } from '../../src/webhook/slack.ts';
import { DESTINATION, SEED } from '../support/builders.ts';
import { aDraft, anItem, ID } from './a-draft.ts';

interface Body {
  readonly text: string;
  readonly blocks: readonly {
    readonly type: string;
    readonly block_id?: string;
    readonly text: { readonly type: string; readonly text: string };
  }[];
}

function bodyOf(overrides: Partial<Draft>): Body {
  return JSON.parse(JSON.stringify(asSlack(aDraft(overrides), ID)));
}

describe('asSlack', () => {
  describe('when one credential expires', () => {
    const body = bodyOf({});

    it('returns all of it as text, for receivers that show nothing else', () => {
      expect(body.text.split('\n')).toEqual([
        '*crates-io expires in 10 days · CARGO_REGISTRY_TOKEN in example/widgets*',
        'Expires: 2026-12-03 09:30 UTC',
        'https://crates.io/settings/tokens',
        '```reseal rotate crates-io```',
      ]);
    });

    it('returns a block for the subject and one for the credential, with where it lives', () => {
      expect(body.blocks.map((block) => [block.type, block.text.type])).toEqual([
        ['section', 'mrkdwn'],
        ['section', 'mrkdwn'],
      ]);
      expect(body.blocks[1]?.text.text).toContain('• example/widgets › release › CARGO_REGISTRY_TOKEN');
    });

    it('carries the id of the message in the first block', () => {
      expect(body.blocks[0]?.block_id).toBe(ID);
    });
  });

  describe('when a message speaks of nothing in particular', () => {
    it('returns its words', () => {
      const body = bodyOf({ subject: 'the configuration cannot be used', text: 'line 3: <b>', items: [] });
      expect(body.text).toBe('*the configuration cannot be used*\nline 3: &lt;b&gt;');
      expect(body.blocks.map((block) => block.text.text)).toEqual([
        '*the configuration cannot be used*',
        'line 3: &lt;b&gt;',
      ]);
    });

    it('returns no empty block for an item that is only a headline', () => {
      const bare = { expiresAt: undefined, command: undefined, link: undefined, destinations: [] };
      expect(
        bodyOf({ items: [anItem({ ...bare, headline: 'crates-io leaked' })] }).blocks[1]?.text.text,
      ).toBe('crates-io leaked');
    });
  });

  describe('when names hold mark-up or a call to everybody', () => {
    it('returns them escaped, as Slack asks, and calling nobody', () => {
      const environment = 'a & b <!channel> @here @everyone ops@here';
      const body = bodyOf({ items: [anItem({ destinations: [{ ...DESTINATION, environment }] })] });
      expect(body.blocks[1]?.text.text).toContain(
        'a &amp; b &lt;!channel&gt; @\u200bhere @\u200beveryone ops@here',
      );
    });

    it('returns a command that can be copied', () => {
      const command = 'ssh -t release@host.example.org "reseal" rotate crates-io && echo';
      const { text } = bodyOf({ items: [anItem({ command })] });
      expect(text).toContain(`\`\`\`${command.replaceAll('&', '&amp;')}\`\`\``);
    });
  });

  describe('when a command or a link is too long', () => {
    it('returns neither of them rather than a part', () => {
      const link = `https://example.org/${'x'.repeat(400)}`;
      const { text } = bodyOf({ items: [anItem({ command: `reseal ${'&'.repeat(300)}`, link })] });
      expect(text).not.toContain('reseal &');
      expect(text).not.toContain('https://');
    });
  });

  describe('when there are many', () => {
    const items = Array.from({ length: 200 }, (_, index) => anItem({ headline: `token-${index} expires` }));
    const body = bodyOf({ subject: 'token-0 expires, and 199 more', items });

    it('returns the most urgent and how many are left out', () => {
      const shown = body.text.match(/token-\d+ expires$/gm) ?? [];
      expect(shown[0]).toBe('token-0 expires');
      expect(body.text).toMatch(new RegExp(`… and ${200 - shown.length} more$`));
    });

    it('returns fifty blocks, the last of which counts the rest', () => {
      expect(body.blocks).toHaveLength(50);
      expect(body.blocks.at(-2)?.text.text).toContain('token-47 expires');
      expect(body.blocks.at(-1)?.text.text).toBe('… and 152 more');
    });

    it('returns all of 49 without counting', () => {
      const all = bodyOf({ items: items.slice(0, 49) });
      expect(all.blocks).toHaveLength(50);
      expect(all.blocks.at(-1)?.text.text).toContain('token-48 expires');
    });
  });

  describe('when anything stands in any field', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('&', '<', '@here ', '🔑', '`', '\n', '\ud800'), maxLength: 4_000 }),
    );
    const item = fc.record({
      credential: text,
      topic: fc.constantFrom('expiry' as const, 'leaked' as const),
      version: fc.nat(),
      headline: text,
      expiresAt: fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
      daysLeft: fc.option(fc.integer(), { nil: undefined }),
      destinations: fc.array(fc.record({ repo: text, environment: text, secret: text }), { maxLength: 6 }),
      command: fc.option(text, { nil: undefined }),
      link: fc.option(text, { nil: undefined }),
    });

    it('returns a body within the limits of Slack and Discord, escaped and well-formed', () => {
      fc.assert(
        fc.property(text, text, fc.array(item, { maxLength: 60 }), (subject, words, items) => {
          const body = bodyOf({ subject, text: words, items });
          const texts = [body.text, ...body.blocks.map((block) => block.text.text)];
          expect(body.text.length).toBeLessThanOrEqual(2_000);
          expect(body.blocks.length).toBeLessThanOrEqual(50);
          expect(Math.max(...texts.map((one) => one.length))).toBeLessThanOrEqual(3_000);
          expect(texts.filter((one) => one === '')).toEqual([]);
          expect(texts.filter((one) => /[<>]|&(?!amp;|lt;|gt;)/.test(one) || !one.isWellFormed())).toEqual(
            [],
          );
        }),
        { numRuns: 200, seed: SEED },
      );
    });
  });
});
