import { addDays } from '../domain/calendar.ts';

/** Whole days for which a confirmation holds, by the rule whose line it confirms. */
const HOLDS_DAYS = {
  // PyPI deletes a pending publisher 30 days after it was made (pypi/warehouse, warehouse/oidc/tasks.py).
  'manual-pypi-pending-publisher': 25,
  'manual-npm-trusted-publisher': 365,
  'manual-approve-and-deploy': 365,
  'manual-merge-button': 365,
} as const;

/** Lines that only a person can confirm. */
export type ManualRule = keyof typeof HOLDS_DAYS;

export const MANUAL_RULES = Object.keys(HOLDS_DAYS) as readonly ManualRule[];

/** Under which a confirmation is kept, within its pipeline: `rule/subject`. */
export function manualKey(rule: ManualRule, subject: string): string {
  return `${rule}/${subject}`;
}

export function holdsDays(rule: ManualRule): number {
  return HOLDS_DAYS[rule];
}

/** From this instant on it has to be confirmed again. */
export function lapsesAt(rule: ManualRule, confirmedAt: Date): Date {
  return addDays(confirmedAt, HOLDS_DAYS[rule]);
}

export function isLapsed(rule: ManualRule, confirmedAt: Date, at: Date): boolean {
  return at >= lapsesAt(rule, confirmedAt);
}
