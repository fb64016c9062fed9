import type { Fact } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import type { BranchRule, BypassActor, RulesetFact } from '../verify/facts.ts';
import { field } from './answer.ts';
import { branchName, parseCheck } from './read-classic-protection.ts';
import { arrayPage, isCount, isText, readArray, readFact, readList } from './read-fact.ts';
import type { Reader } from './settings-reader.ts';

const PERMISSION = 'metadata:read';

/**
 * GET …/rules/branches/{branch}: the active rules of all rulesets, those of the organisation included. The branch need not
 * exist. Kinds that no rule of ours asks about are left out.
 */
export async function readBranchRules(reader: Reader, branch: string): Promise<Fact<readonly BranchRule[]>> {
  const rules = await readList(
    reader,
    { what: `the rules of the branch "${branch}" in ${reader.repo}`, permission: PERMISSION },
    (paging) => (octokit, request) =>
      octokit.repos.getBranchRules({ ...reader.place, branch: branchName(branch), ...paging, request }),
    arrayPage(parseRule),
  );
  return rules.known ? known(rules.value.filter((rule) => rule !== 'other')) : rules;
}

/** Schema `repository-rule-detailed`. */
function parseRule(rule: unknown): BranchRule | 'other' | undefined {
  const type = field(rule, 'type');
  const parameters = field(rule, 'parameters');
  if (!isText(type)) return undefined;
  if (!KINDS.has(type)) return 'other';
  const source = field(rule, 'ruleset_id');
  if (!isCount(source)) return undefined;
  if (type === 'non_fast_forward') return { source, type: 'no-force-push' };
  if (type === 'deletion') return { source, type: 'no-deletion' };
  return type === 'pull_request' ? parsePullRequest(source, parameters) : parseChecks(source, parameters);
}

const KINDS: ReadonlySet<string> = new Set([
  'pull_request',
  'required_status_checks',
  'non_fast_forward',
  'deletion',
]);

function parsePullRequest(source: number, parameters: unknown): BranchRule | undefined {
  const approvals = field(parameters, 'required_approving_review_count');
  const conversationResolution = field(parameters, 'required_review_thread_resolution');
  if (!isCount(approvals) || typeof conversationResolution !== 'boolean') return undefined;
  return { source, type: 'pull-request', approvals, conversationResolution };
}

function parseChecks(source: number, parameters: unknown): BranchRule | undefined {
  const checks = readArray(field(parameters, 'required_status_checks'), (check) =>
    parseCheck(check, 'integration_id'),
  );
  return checks && { source, type: 'checks', checks };
}

/** GET …/rulesets/{ruleset_id}; the organisation's, too. `bypass_actors` comes only to who may write the ruleset. */
export function readRuleset(reader: Reader, id: number): Promise<Fact<RulesetFact>> {
  return readFact(
    reader,
    { what: `the ruleset ${id} of ${reader.repo}`, permission: PERMISSION },
    (octokit, request) =>
      octokit.repos.getRepoRuleset({ ...reader.place, ruleset_id: id, includes_parents: true, request }),
    (body) => parseRuleset(body, id),
  );
}

function parseRuleset(body: unknown, id: number): RulesetFact | undefined {
  const name = field(body, 'name');
  const source = field(body, 'source');
  if (field(body, 'id') !== id || !isText(name) || !isText(source)) return undefined;
  const actors = field(body, 'bypass_actors') ?? undefined;
  if (actors === undefined) return { id, name, source, bypass: undefined };
  const bypass = readArray(actors, parseActor);
  return bypass && { id, name, source, bypass };
}

/** `bypass_mode` is `always` where it is left out. */
function parseActor(actor: unknown): BypassActor | undefined {
  const type = field(actor, 'actor_type');
  const id = field(actor, 'actor_id') ?? undefined;
  const mode = field(actor, 'bypass_mode') ?? 'always';
  if (!isText(type) || (mode !== 'always' && mode !== 'pull_request' && mode !== 'exempt')) return undefined;
  if (id === undefined) return { type, id, mode };
  return typeof id === 'number' && Number.isSafeInteger(id) ? { type, id, mode } : undefined;
}
