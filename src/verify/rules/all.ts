import type { Rule } from '../rule.ts';
import { branchRules } from './branch.ts';
import { cratesIoRules } from './crates-io.ts';
import { ENVIRONMENT_RULES } from './environment.ts';
import { hygieneRules } from './hygiene.ts';
import { manualRules } from './manual.ts';
import { npmRules } from './npm.ts';
import { pypiRules } from './pypi.ts';
import { SECRETS_RULES } from './secrets.ts';
import { WORKFLOW_RULES } from './workflow.ts';

/** Every rule, in the order of the runbook's chapters. */
export const RULES: readonly Rule[] = [
  ...SECRETS_RULES,
  ...cratesIoRules,
  ...pypiRules,
  ...npmRules,
  ...ENVIRONMENT_RULES,
  ...WORKFLOW_RULES,
  ...branchRules,
  ...hygieneRules,
  ...manualRules,
].toSorted((one, other) => one.section - other.section);

export function findRule(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id);
}
