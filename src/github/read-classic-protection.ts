import { AppError } from '../domain/error.ts';
import type { Fact } from '../verify/fact.ts';
import { known } from '../verify/fact.ts';
import type { ClassicProtection, RequiredCheck } from '../verify/facts.ts';
import { field } from './answer.ts';
import { isCount, isText, readArray, readFact } from './read-fact.ts';
import type { Reader } from './settings-reader.ts';

type Protection = Fact<ClassicProtection | undefined>;

const NOT_PROTECTED = /^Branch not protected/i;
const NO_BRANCH = /^Branch not found/i;

/**
 * GET …/branches/{branch}/protection. `Branch not protected` says that there is none. Any other 404 is GitHub's answer for a
 * branch that does not exist, which has none either, and for a token that may not see: GET …/branches/{branch} (contents:read)
 * tells them apart, where it says `Branch not found`.
 */
export function readClassicProtection(reader: Reader, branch: string): Promise<Protection> {
  const wanted = {
    what: `the classic protection of the branch "${branch}" in ${reader.repo}`,
    permission: 'administration:read',
  };
  const owner = reader.place.owner.toLowerCase();
  return readFact<ClassicProtection | undefined>(
    reader,
    wanted,
    (octokit, request) =>
      octokit.repos.getBranchProtection({ ...reader.place, branch: branchName(branch), request }),
    (body) => parseProtection(body, owner),
    async (words) => {
      if (NOT_PROTECTED.test(words) || (await isAbsent(reader, branch))) return known(undefined);
      return reader.notShown(wanted);
    },
  );
}

async function isAbsent(reader: Reader, branch: string): Promise<boolean> {
  const wanted = { what: `the branch "${branch}" in ${reader.repo}`, permission: 'contents:read' };
  const reading = await reader.get(wanted, (octokit, request) =>
    octokit.repos.getBranch({ ...reader.place, branch: branchName(branch), request }),
  );
  return reading.kind === 'missing' && NO_BRANCH.test(reading.words);
}

/** Octokit escapes all but these two, which lead to another address. @throws AppError invalid_input */
export function branchName(name: string): string {
  if (name !== '.' && name !== '..') return name;
  throw new AppError('invalid_input', `"${name}" is no name of a branch`, {
    hints: ['correct it in the configuration'],
  });
}

/** Schema `branch-protection`; GitHub leaves out what is not asked for, and always says which switches are on. */
function parseProtection(body: unknown, owner: string): ClassicProtection | undefined {
  const checks = parseChecks(field(body, 'required_status_checks'));
  const reviews = parseReviews(field(body, 'required_pull_request_reviews'), owner);
  const [adminsAreBound, conversationResolution, allowsForcePushes, allowsDeletion] = [
    'enforce_admins',
    'required_conversation_resolution',
    'allow_force_pushes',
    'allow_deletions',
  ].map((name) => field(field(body, name), 'enabled'));
  if (!checks || !reviews) return undefined;
  if (typeof adminsAreBound !== 'boolean' || typeof conversationResolution !== 'boolean') return undefined;
  if (typeof allowsForcePushes !== 'boolean' || typeof allowsDeletion !== 'boolean') return undefined;
  return { checks, ...reviews, adminsAreBound, conversationResolution, allowsForcePushes, allowsDeletion };
}

function parseChecks(required: unknown): readonly RequiredCheck[] | undefined {
  if (required === undefined || required === null) return [];
  return readArray(field(required, 'checks'), (check) => parseCheck(check, 'app_id'));
}

/** −1, null or nothing: whoever may write a status satisfies it. */
export function parseCheck(check: unknown, name: 'app_id' | 'integration_id'): RequiredCheck | undefined {
  const context = field(check, 'context');
  const app = field(check, name) ?? -1;
  if (!isText(context) || !Number.isSafeInteger(app)) return undefined;
  return { context, app: Number(app) > 0 ? Number(app) : undefined };
}

/** The allowances are left out where there are none: who may read the protection sees them all. */
function parseReviews(
  reviews: unknown,
  owner: string,
): Pick<ClassicProtection, 'approvals' | 'bypassPullRequest'> | undefined {
  if (reviews === undefined || reviews === null) return { approvals: undefined, bypassPullRequest: [] };
  const approvals = field(reviews, 'required_approving_review_count');
  const allowances = field(reviews, 'bypass_pull_request_allowances') ?? {};
  const named = (list: string, name: string, prefix = '') =>
    readArray(field(allowances, list) ?? [], (one) => {
      const text = field(one, name);
      return isText(text) ? `${prefix}${text}` : undefined;
    });
  const [users, teams, apps] = [
    named('users', 'login'),
    named('teams', 'slug', `${owner}/`),
    named('apps', 'slug'),
  ];
  if (!isCount(approvals) || !users || !teams || !apps) return undefined;
  return { approvals, bypassPullRequest: [...users, ...teams, ...apps] };
}
