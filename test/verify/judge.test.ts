import { describe, expect, it } from 'vitest';
import { judgePipeline } from '../../src/verify/judge.ts';
import type { Rule } from '../../src/verify/rule.ts';
import { aContext } from '../support/pipeline-facts.ts';

const RULE: Rule = {
  id: 'a-rule',
  section: 4,
  question: 'Is it so?',
  why: 'It matters.',
  severity: 'medium',
  permission: undefined,
  judge: () => [
    { subject: 'one', outcome: 'pass', expected: 'so', observed: 'so', remedy: '' },
    {
      subject: 'two\u001b[31m',
      outcome: 'fail',
      expected: 'so',
      observed: 'a\u202eb\nc',
      remedy: 'mend it',
      severity: 'high',
    },
  ],
};

describe('judgePipeline', () => {
  it('puts together what the rule says of itself and what it answers, with the weight of the answer where it has one', () => {
    expect(judgePipeline([RULE], aContext())).toMatchObject([
      { rule: 'a-rule', subject: 'one', outcome: 'pass', severity: 'medium', why: 'It matters.', section: 4 },
      { outcome: 'fail', severity: 'high', remedy: 'mend it' },
    ]);
  });

  it('lets no control or direction mark of another’s text through to a terminal or a mail', () => {
    const [, finding] = judgePipeline([RULE], aContext());
    expect([finding?.subject, finding?.observed]).toEqual(['two?[31m', 'a?b?c']);
  });
});
