import { describe, expect, it } from 'vitest';
import { progressStart, stepItem } from '../../src/form/progress.ts';
import { resultEnd } from '../../src/form/result.ts';
import type { StepReport } from '../../src/rotate/rotation.ts';
import { buildCard, step } from '../support/form.ts';
import { manyPlaces, reportsOf } from '../support/form-states.ts';

const MANY = buildCard({ destinations: manyPlaces(40) });

function streamed(reports: readonly StepReport[]): string {
  return reports.map((report, index) => stepItem(report, MANY, reports[index - 1]).text).join('');
}

describe('stepItem', () => {
  const [first] = buildCard().destinations;
  const other = first && { ...first, destination: { ...first.destination, repo: 'example/gadgets' } };

  describe('when there are several destinations', () => {
    it('says which one it is about', () => {
      const card = buildCard({ destinations: first && other ? [first, other] : [] });
      expect(stepItem(step('stored'), card).text).toContain('example/widgets');
      expect(progressStart(card).text).not.toContain('example/widgets');
    });
  });

  describe('when there is one destination', () => {
    it('leaves it to the heading', () => {
      expect(stepItem(step('stored'), buildCard()).text).not.toContain('example/widgets');
      expect(progressStart(buildCard()).text).toContain('example/widgets');
    });
  });

  describe('when there are many destinations', () => {
    it('gives each one item for all its steps, and says how far it is', () => {
      const text = streamed(reportsOf(MANY, 12));
      expect(text.match(/<li class="place">/g)).toHaveLength(12);
      expect(text.match(/seen at GitHub/g)).toHaveLength(12);
      expect(text).toContain('12 of 40</span>');
      expect(text).toContain('<progress value="12" max="40" aria-label="Destinations">');
    });

    it('says why one was not stored', () => {
      const [report] = reportsOf(MANY, 1).slice(-1);
      if (!report) throw new Error('there is one');
      const text = stepItem(
        { ...report, step: 'stored', outcome: 'failed', detail: 'GitHub said <no>' },
        MANY,
      ).text;
      expect(text).toContain('<span class="mark bad">Not stored: GitHub said &#60;no&#62;</span>');
    });
  });

  describe('when a step did not go well', () => {
    it.each([
      ['stored', 'failed', 'Not stored'],
      ['stored', 'unclear', 'No clear answer from GitHub'],
      ['stored', 'limited', 'Waiting, as GitHub asks'],
      ['verified', 'unconfirmed', 'Not confirmed'],
    ] as const)('does not say %s where it is %s', (name, outcome, words) => {
      const text = stepItem(step(name, outcome), buildCard()).text;
      expect(text).toContain(words);
      expect(text).not.toMatch(/Sealed and sent|Write seen/);
    });
  });
});

describe('resultEnd', () => {
  describe('when destinations share a reason', () => {
    it('says the reason once, with where it holds', () => {
      const places = MANY.destinations.map(({ destination }) => destination);
      const reasons = places
        .slice(30)
        .map(
          (place, index) =>
            `${place.repo} › release › CARGO_REGISTRY_TOKEN: ${index === 0 ? 'refused' : 'not tried'}`,
        );
      const text = resultEnd({ outcome: 'partial', reasons: [...reasons, 'something of all'] }, MANY).text;
      expect(text.match(/not tried/g)).toHaveLength(1);
      expect(text).toContain('<summary>9 destinations</summary>');
      for (const { repo } of places.slice(30)) expect(text).toContain(repo);
      expect(text).toMatch(/example\/widgets-31<\/span>[\s\S]*refused/);
      expect(text).toContain('<li>something of all</li>');
    });
  });
});
