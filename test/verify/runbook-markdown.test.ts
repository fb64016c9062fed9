import { describe, expect, it } from 'vitest';
import { writeRunbook } from '../../src/verify/runbook.ts';
import { renderMarkdown } from '../../src/verify/runbook-markdown.ts';
import { aPipeline, READ_AT } from '../support/pipeline-facts.ts';
import { aSubject, aTroubledSubject, CREDENTIALS } from '../support/runbook.ts';

const AT = new Date('2026-11-23T12:00:00Z');
const sqlrite = renderMarkdown(writeRunbook(aSubject(), AT));
const EVIL = '`x` [click](https://evil.example) <img src=x onerror=alert(1)> | **b** \u202e\n# heading';

/** Code spans and fences hold anything: what is left is what Markdown reads. */
function outsideCode(markdown: string): string {
  return markdown
    .replace(/^(`{3,})[^\n]*\n[\s\S]*?\n\1$/gm, '')
    .replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
}

describe('renderMarkdown', () => {
  describe('when given the sqlrite pipeline', () => {
    it('begins with what it is, when it was written, and a table of contents', () => {
      expect(sqlrite).toMatch(
        /^# Runbook: how `joaoh82\/rust_sqlite` is released\n\nPipeline `rust_sqlite`, written 2026-11-23 12:00 UTC\. Nothing of it was verified yet\.\n/,
      );
      expect(sqlrite).toContain('- [Chapter 4. The environment](#chapter-4)');
    });

    it('has a target for whatever points somewhere', () => {
      const targets = [...sqlrite.matchAll(/<a id="([^"]*)"><\/a>/g)].map(([, anchor]) => anchor);
      const pointed = [...sqlrite.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
      expect(pointed.length).toBeGreaterThan(7);
      expect(pointed.filter((anchor) => !targets.includes(anchor))).toEqual([]);
    });

    it('prints values as they are typed', () => {
      expect(sqlrite).toContain(
        '- **Workflow filename**: `release.yml`. With its ending, without its folder.',
      );
      expect(sqlrite).toContain('- **Check 1**: `rust (ubuntu-latest)`');
      expect(sqlrite).toContain('```text\nreseal rotate crates-io\n```');
    });

    it('goes down by one level of heading at a time', () => {
      const levels = [...sqlrite.matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length);
      expect(levels.filter((level) => level === 1)).toHaveLength(1);
      expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    });
  });

  describe('when it was verified and something is wrong', () => {
    const troubled = renderMarkdown(writeRunbook(aTroubledSubject(), AT));

    it('says what was found, and what to do', () => {
      expect(troubled).toContain(`Every check shows what was found on 2026-11-23 10:00 UTC.`);
      expect(READ_AT.toISOString()).toContain('2026-11-23T10:00');
      expect(troubled).toMatch(/^\* Check: ✗ \*\*fails\*\* \(13 of 14 pass\)\. .*`branch-check`$/m);
      expect(troubled).toMatch(/^ {2}- `main: desktop-build`: fails\. Expected: .*What to do: /m);
      expect(troubled).toMatch(
        / {2}- `main: rust \(ubuntu-latest\)`, `main: rust .*What to do for `main: rust .*likewise for the others: /,
      );
      expect(troubled).toMatch(/^\* Check: \? \*\*unknown\*\*\. .*`hygiene-dependency-updates`$/m);
    });
  });

  describe('when names hold what Markdown and HTML read', () => {
    const pipeline = aPipeline({
      environment: { ...aPipeline().environment, name: EVIL, requiredReviewers: [EVIL], secrets: [EVIL] },
      branches: [
        {
          name: EVIL,
          pullRequest: true,
          approvals: 1,
          conversationResolution: true,
          adminsMayBypass: true,
          checks: [EVIL, '``', ' a '],
        },
      ],
    });
    const finding = {
      rule: 'branch-check',
      section: 5,
      outcome: 'fail',
      subject: EVIL,
      expected: EVIL,
      observed: EVIL,
      remedy: EVIL,
    } as const;
    const credentials = CREDENTIALS.map((one) => ({ ...one, purpose: EVIL, nameAtIssuer: EVIL }));
    const markdown = renderMarkdown(
      writeRunbook(aSubject({ pipeline, credentials, findings: [finding], verifiedAt: AT }), AT),
    );

    it('opens no link, tag or heading of theirs', () => {
      const read = outsideCode(markdown);
      expect(read).not.toMatch(/(?<!\\)<img/);
      expect(read).not.toMatch(/(?<!\\)\]\(https:\/\/evil/);
      expect(read).not.toMatch(/(?<![\\(<])https?:\/\/evil/);
      expect(read).not.toMatch(/^# heading/m);
      expect(markdown).not.toMatch(/^# heading/m);
      expect(markdown).not.toContain('\u202e');
      expect(
        [...read.matchAll(/<(?!https:|a id="[a-z]+-[\d-]+"><\/a>|\/a>)[^>]*>/g)].filter(
          ({ index }) => read[index - 1] !== '\\',
        ),
      ).toEqual([]);
    });

    it('fences values by more backticks than they hold', () => {
      expect(markdown).toContain('`` `x` [click]');
      expect(markdown).toContain('``` `` ```');
      expect(markdown).toContain('`  a  `');
    });
  });

  describe('when the same is written twice', () => {
    it('returns the same, byte for byte', () => {
      expect(renderMarkdown(writeRunbook(aSubject(), AT))).toBe(sqlrite);
    });
  });
});
