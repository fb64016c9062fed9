import { describe, expect, it } from 'vitest';
import { writeRunbook } from '../../src/verify/runbook.ts';
import { renderHtml } from '../../src/verify/runbook-html.ts';
import { aPipeline } from '../support/pipeline-facts.ts';
import { aSubject, aTroubledSubject } from '../support/runbook.ts';

const AT = new Date('2026-11-23T12:00:00Z');
const sqlrite = renderHtml(writeRunbook(aSubject(), AT));
const EVIL = `"><script>alert(1)</script><a href='javascript:x'>`;

describe('renderHtml', () => {
  describe('when given the sqlrite pipeline', () => {
    it('is one file that runs nothing and fetches nothing', () => {
      expect(sqlrite).not.toMatch(/<script|<link|<img|<iframe|<form|@import|url\(|\son\w+=/i);
      expect(sqlrite).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
    });

    it('links only to pages over https and to places in itself', () => {
      const addresses = [...sqlrite.matchAll(/href="([^"]*)"/g)].map(([, address = '']) => address);
      const ids = new Set([...sqlrite.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
      expect(addresses.length).toBeGreaterThan(60);
      const dead = addresses.filter(
        (one) => !one.startsWith('https://') && !(one.startsWith('#') && ids.has(one.slice(1))),
      );
      expect(dead).toEqual([]);
    });

    it('has each id once, and a name for each region', () => {
      const ids = [...sqlrite.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const named = [...sqlrite.matchAll(/aria-labelledby="([^"]*)"/g)].map(([, id]) => id);
      expect(named.filter((id) => !ids.includes(id))).toEqual([]);
    });

    it('says of every rule that it has no answer yet', () => {
      expect(sqlrite).toContain('Nothing of it was verified yet.');
      expect(sqlrite).not.toContain('<span class="mark pass"');
    });
  });

  describe('when something is wrong', () => {
    it('says it in words beside the sign, with what to do', () => {
      const page = renderHtml(writeRunbook(aTroubledSubject(), AT));
      expect(page).toContain(
        '<span class="mark fail" aria-hidden="true">✗</span><span class="words">fails</span>',
      );
      expect(page).toContain('<strong>What to do</strong>:');
      expect(page).toContain('(13 of 14 pass)');
    });
  });

  describe('when names hold markup', () => {
    it('shows it as text', () => {
      const {
        branches: [branch],
        environment,
      } = aPipeline();
      if (!branch) throw new Error('no branch');
      const pipeline = aPipeline({
        repo: `joaoh82/${EVIL}`,
        environment: { ...environment, name: EVIL, requiredReviewers: [EVIL] },
        branches: [{ ...branch, checks: [EVIL] }],
      });
      const finding = {
        rule: EVIL,
        section: 5,
        outcome: 'fail',
        subject: EVIL,
        expected: EVIL,
        observed: EVIL,
        remedy: EVIL,
      } as const;
      const page = renderHtml(writeRunbook(aSubject({ pipeline, findings: [finding], verifiedAt: AT }), AT));
      expect(page).not.toMatch(/<script|href=['"]?javascript/i);
      expect(page).toContain('&#60;script&#62;');
    });
  });
});
