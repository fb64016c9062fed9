import type { DeclaredBranch, Demand } from '../demand.ts';
import { declaredDemands } from '../demand.ts';
import type { Unavailable } from '../fact.ts';
import type { Pages } from '../pages.ts';
import type { Layer, Protection } from '../protection.ts';
import { effectiveProtection, isUnprotected } from '../protection.ts';
import { changeIn } from '../protection-remedy.ts';
import type { Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';

// GitHub shows a ruleset's bypass list to those only who may write it. A reading token is not given that for one line: it is
// then unknown.

/** Of one demand: whether some layer holds administrators to it. */
type AdminAnswer = 'bound' | 'may-bypass' | 'not-asked' | Unavailable;

export const branchAdminEnforcement: Rule = {
  id: 'branch-admin-enforcement',
  section: 5,
  question: 'May administrators bypass the protection, as declared?',
  why: 'An administrator who may bypass it can release what nobody reviewed; one who may not has no way to an emergency fix.',
  severity: 'medium',
  permission: 'administration:read',
  judge: ({ pipeline, facts, pages }) =>
    pipeline.branches.flatMap((branch) =>
      branch.adminsMayBypass === undefined
        ? []
        : [
            judgeAdmins(
              branch,
              branch.adminsMayBypass,
              effectiveProtection(facts.branches.get(branch.name)),
              pages,
            ),
          ],
    ),
};

export const branchBypass: Rule = {
  id: 'branch-bypass',
  section: 5,
  question: 'Can anybody but administrators bypass the protection?',
  why: 'A team, an app or a deploy key on a bypass list changes the branch without review, and so does whoever holds its token.',
  severity: 'medium',
  permission: 'administration:read',
  judge: ({ pipeline, facts, pages }) =>
    pipeline.branches.map(({ name }) =>
      judgeOthers(name, effectiveProtection(facts.branches.get(name)), pages),
    ),
};

function judgeAdmins(
  branch: DeclaredBranch,
  mayBypass: boolean,
  protection: Protection,
  pages: Pages,
): Judgement {
  const { name } = branch;
  const expected = mayBypass
    ? 'administrators may bypass the protection'
    : 'administrators are bound as well';
  if (isUnprotected(protection)) return notApplicable(name, expected, `${name} is not protected`);
  const demands = declaredDemands(branch);
  const answers = demands.map((demand) => ({ demand, answer: adminsAt(protection, demand) }));
  const wrong = mayBypass ? 'bound' : 'may-bypass';
  const broken = answers.filter(({ answer }) => answer === wrong).map(({ demand }) => demand);
  if (broken.length > 0) return judgeBroken(branch, expected, { mayBypass, broken, protection, pages });
  const unread = answers.map(({ answer }) => answer).find((answer) => typeof answer === 'object');
  if (unread) return unknown(name, expected, unread);
  if (answers.every(({ answer }) => answer === 'not-asked')) {
    return notApplicable(name, expected, 'nothing of what is declared is asked of anybody');
  }
  const asking = protection.layers.filter((layer) => demands.some((demand) => demand.isMetBy(layer)));
  return pass(name, expected, asking.map(describeAdmins).join('; '));
}

/** The strictest counts: one layer that binds is enough, whatever the others let pass. */
function adminsAt({ layers, unread }: Protection, demand: Demand): AdminAnswer {
  const asking = layers.filter(demand.isMetBy).map(({ admins }) => admins);
  if (asking.some((admins) => admins.known && admins.value === 'bound')) return 'bound';
  const unseen = asking.find((admins) => !admins.known);
  if (unseen && !unseen.known) return unseen;
  if (unread) return unread;
  return asking.length > 0 ? 'may-bypass' : 'not-asked';
}

function judgeBroken(
  { name }: DeclaredBranch,
  expected: string,
  found: {
    readonly mayBypass: boolean;
    readonly broken: readonly Demand[];
    readonly protection: Protection;
    readonly pages: Pages;
  },
): Judgement {
  const { mayBypass, broken, protection, pages } = found;
  const layers = protection.layers.filter(
    ({ admins, ...layer }) =>
      admins.known &&
      (admins.value === 'bound') === mayBypass &&
      broken.some((demand) => demand.isMetBy({ admins, ...layer })),
  );
  const what = broken.length > 3 ? `${broken.length} of what is declared` : broken.map(({ words }) => words);
  const observed = `${layers.map(describeAdmins).join('; ')} (${[what].flat().join(', ')})`;
  const remedy = layers
    .map((layer) => changeIn(layer, adminChange(layer, mayBypass), name, pages))
    .join('; and ');
  return fail(name, expected, observed, remedy);
}

function describeAdmins({ name, admins }: Layer): string {
  if (!admins.known) return `of ${name}: ${admins.reason}`;
  if (admins.value === 'bound') return `${name} binds administrators`;
  const limit = admins.value === 'may-bypass-in-pull-requests' ? ', for pull requests only' : '';
  return `administrators may bypass ${name}${limit}`;
}

function adminChange({ origin }: Layer, mayBypass: boolean): string {
  if (origin.kind === 'classic') {
    return `${mayBypass ? 'clear' : 'tick'} "Do not allow bypassing the above settings"`;
  }
  return mayBypass
    ? 'under "Bypass list", "Add bypass": "Repository admin" ("Always allow")'
    : 'under "Bypass list", remove "Repository admin" and "Organization admin"';
}

function judgeOthers(branch: string, protection: Protection, pages: Pages): Judgement {
  const expected = 'nobody but administrators may bypass the protection';
  if (isUnprotected(protection)) return notApplicable(branch, expected, `${branch} is not protected`);
  const open = protection.layers.flatMap((layer) =>
    layer.others.known && layer.others.value.length > 0 ? [{ layer, who: layer.others.value }] : [],
  );
  if (open.length > 0) {
    const observed = open.map(({ layer, who }) => `${layer.name} may be bypassed by ${who.join(', ')}`);
    const remedy = open.map(({ layer, who }) => changeIn(layer, removal(layer, who), branch, pages));
    return fail(branch, expected, observed.join('; '), remedy.join('; and '));
  }
  const unseen = protection.layers.find(({ others }) => !others.known)?.others;
  if (unseen && !unseen.known) return unknown(branch, expected, unseen);
  if (protection.unread) return unknown(branch, expected, protection.unread);
  return pass(branch, expected, 'nobody else may bypass it');
}

function removal({ origin }: Layer, who: readonly string[]): string {
  const list =
    origin.kind === 'classic' ? 'Allow specified actors to bypass required pull requests' : 'Bypass list';
  return `under "${list}", remove ${who.join(', ')}`;
}
