import type { Finding } from '../../src/verify/finding.ts';

/** One that holds, of medium severity. */
export function aFinding(changes: Partial<Finding> = {}): Finding {
  return {
    rule: 'environment-reviewers',
    subject: 'release',
    outcome: 'pass',
    severity: 'medium',
    expected: 'a person approves each deployment',
    observed: changes.outcome === 'fail' ? 'nobody has to approve' : 'ada approves',
    why: 'Else whoever can push can release.',
    remedy:
      changes.outcome === 'fail'
        ? 'Open https://github.com/example/widgets/settings/environments, choose release, tick "Required reviewers" and add ada.'
        : '',
    section: 4,
    ...changes,
  };
}
