import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import type { DeploymentBranch, EnvironmentFact } from '../verify/facts.ts';
import { field } from './answer.ts';
import { place } from './place.ts';
import { countedPage, isCount, isText, readArray, readFact, readList } from './read-fact.ts';
import type { Reader } from './settings-reader.ts';

const PERMISSION = 'actions:read';

type Existing = Fact<EnvironmentFact | undefined>;

/**
 * GET …/environments/{environment_name}. GitHub answers 404 also of what the token may not see, so only one that may list the
 * environments, and finds it missing from the list, sees that there is none.
 */
export function readEnvironment(reader: Reader, name: string): Promise<Existing> {
  const wanted = { what: named(reader, name), permission: PERMISSION };
  const owner = reader.place.owner.toLowerCase();
  return readFact<EnvironmentFact | undefined>(
    reader,
    wanted,
    (octokit, request) => octokit.repos.getEnvironment({ ...placeOf(reader, name), request }),
    (body) => parseEnvironment(body, name, owner),
    async () => {
      const names = await listEnvironments(reader);
      if (!names.known) return names;
      if (!names.value.includes(name.toLowerCase())) return known(undefined);
      return unavailable('settling', `GitHub lists ${wanted.what} and does not show it yet: try again later`);
    },
  );
}

function named({ repo }: Reader, environment: string): string {
  return `the environment "${environment}" in ${repo}`;
}

/** The parameters of its addresses. @throws AppError invalid_input, which whoever reads takes as unreachable */
export function placeOf({ repo }: Reader, environment: string): ReturnType<typeof place> {
  return place({ repo, environment, secret: '' });
}

function listEnvironments(reader: Reader): Promise<Fact<readonly string[]>> {
  return readList(
    reader,
    { what: `the environments of ${reader.repo}`, permission: PERMISSION },
    (paging) => (octokit, request) =>
      octokit.repos.getAllEnvironments({ ...reader.place, ...paging, request }),
    countedPage('environments', (body) => {
      const name = field(body, 'name');
      return isText(name) ? name.toLowerCase() : undefined;
    }),
  );
}

/** Schema `environment` of GitHub's published description, with `can_admins_bypass`, which is in none of them. */
function parseEnvironment(body: unknown, wanted: string, owner: string): EnvironmentFact | undefined {
  const name = field(body, 'name');
  const rules = readArray(field(body, 'protection_rules'), (rule) => parseRule(rule, owner));
  const bypass = field(body, 'can_admins_bypass');
  const deploymentPolicy = policyOf(field(body, 'deployment_branch_policy'));
  if (!isText(name) || name.toLowerCase() !== wanted.toLowerCase() || !rules || !deploymentPolicy)
    return undefined;
  if (bypass !== undefined && typeof bypass !== 'boolean') return undefined;
  const reviews = rules.filter((rule) => 'reviewers' in rule);
  return {
    name,
    waitTimer: Math.max(0, ...rules.map((rule) => ('minutes' in rule ? rule.minutes : 0))),
    reviewers: reviews.flatMap(({ reviewers }) => reviewers),
    preventsSelfReview: reviews.find(({ selfReview }) => selfReview !== undefined)?.selfReview,
    adminsMayBypass: bypass,
    deploymentPolicy,
  };
}

type Rule =
  | { readonly minutes: number }
  | { readonly reviewers: readonly string[]; readonly selfReview: boolean | undefined }
  | { readonly other: string };

function parseRule(rule: unknown, owner: string): Rule | undefined {
  const type = field(rule, 'type');
  if (type === 'wait_timer') {
    const minutes = field(rule, 'wait_timer');
    return isCount(minutes) ? { minutes } : undefined;
  }
  if (type !== 'required_reviewers') return isText(type) ? { other: type } : undefined;
  const reviewers = readArray(field(rule, 'reviewers'), (one) => parseReviewer(one, owner));
  const prevents = field(rule, 'prevent_self_review');
  if (!reviewers || (prevents !== undefined && typeof prevents !== 'boolean')) return undefined;
  return { reviewers, selfReview: prevents };
}

/** A login, or `org/slug`: only teams of the owning organisation can be asked. */
function parseReviewer(one: unknown, owner: string): string | undefined {
  const reviewer = field(one, 'reviewer');
  const isTeam = field(one, 'type') === 'Team';
  if (!isTeam && field(one, 'type') !== 'User') return undefined;
  const name = field(reviewer, isTeam ? 'slug' : 'login');
  if (!isText(name)) return undefined;
  return isTeam ? `${owner}/${name.toLowerCase()}` : name;
}

function policyOf(policy: unknown): EnvironmentFact['deploymentPolicy'] | undefined {
  if (policy === null) return 'any';
  const isProtected = field(policy, 'protected_branches');
  const isCustom = field(policy, 'custom_branch_policies');
  if (typeof isProtected !== 'boolean' || isCustom !== !isProtected) return undefined;
  return isProtected ? 'protected' : 'custom';
}

/** GET …/environments/{environment_name}/deployment-branch-policies, where the environment says that it has some. */
export async function readDeploymentBranches(
  reader: Reader,
  name: string,
  environment: Promise<Existing>,
): Promise<Fact<readonly DeploymentBranch[]>> {
  const found = await environment;
  if (!found.known) return found;
  if (found.value?.deploymentPolicy !== 'custom') return known([]);
  return readList(
    reader,
    { what: `the deployment branches of ${named(reader, name)}`, permission: PERMISSION },
    (paging) => (octokit, request) =>
      octokit.repos.listDeploymentBranchPolicies({ ...placeOf(reader, name), ...paging, request }),
    countedPage('branch_policies', parseBranch),
  );
}

/** Enterprise Servers that know no tags here leave the type out. */
function parseBranch(body: unknown): DeploymentBranch | undefined {
  const pattern = field(body, 'name');
  const type = field(body, 'type') ?? 'branch';
  return isText(pattern) && (type === 'branch' || type === 'tag') ? { pattern, type } : undefined;
}

/** GET …/environments/{environment_name}/deployment_protection_rules: one page, which is the whole. */
export async function readCustomRules(
  reader: Reader,
  name: string,
  environment: () => Promise<Existing>,
): Promise<Fact<readonly string[]>> {
  const wanted = { what: `the custom protection rules of ${named(reader, name)}`, permission: PERMISSION };
  return readFact<readonly string[]>(
    reader,
    wanted,
    (octokit, request) =>
      octokit.repos.getAllDeploymentProtectionRules({ ...placeOf(reader, name), request }),
    (body) => {
      const rules = countedPage('custom_deployment_protection_rules', parseCustomRule)(body);
      if (!rules || rules.items.length < (rules.total ?? 0)) return undefined;
      return rules.items.filter(({ enabled }) => enabled).map(({ slug }) => slug);
    },
    () => ofEnvironment(reader, wanted, environment),
  );
}

function parseCustomRule(body: unknown): { slug: string; enabled: boolean } | undefined {
  const slug = field(field(body, 'app'), 'slug');
  const enabled = field(body, 'enabled');
  return isText(slug) && typeof enabled === 'boolean' ? { slug, enabled } : undefined;
}

/** A 404 of a list that an environment has: it is empty where the environment is known not to exist. */
export async function ofEnvironment(
  reader: Reader,
  wanted: Parameters<Reader['notShown']>[0],
  environment: () => Promise<Existing>,
): Promise<Fact<readonly never[]>> {
  const found = await environment();
  if (!found.known) return found;
  return found.value === undefined ? known([]) : reader.notShown(wanted);
}
