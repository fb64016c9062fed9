import { listed } from './declared-environment.ts';
import type { DeploymentBranch, EnvironmentFact } from './facts.ts';

// Patterns are compared letter by letter: `main` and `ma?n` let in other branches, and names of branches have a case.
// Source: docs.github.com, "Deployments and environments": Ruby's File.fnmatch against the ref, in which `*` does not cross `/`.

interface BranchDifference {
  readonly missing: readonly string[];
  readonly surplus: readonly DeploymentBranch[];
}

/** @param declared patterns of branches; a tag of the same name is none of them */
export function compareBranches(
  declared: readonly string[],
  found: readonly DeploymentBranch[],
): BranchDifference {
  const branches = found.filter(({ type }) => type === 'branch').map(({ pattern }) => pattern);
  return {
    missing: declared.filter((pattern) => !branches.includes(pattern)),
    surplus: found.filter(({ type, pattern }) => type === 'tag' || !declared.includes(pattern)),
  };
}

/** Such as `v* (tags)` or `refs/pull/*\/merge (which lets the workflows of pull requests deploy)`. */
export function describeBranch({ pattern, type }: DeploymentBranch): string {
  if (type === 'tag') return `${pattern} (tags)`;
  if (pattern.startsWith('refs/pull/'))
    return `${pattern} (which lets the workflows of pull requests deploy)`;
  return pattern;
}

/** Which branches the environment takes, in words. */
export function describePolicy(
  { deploymentPolicy }: EnvironmentFact,
  found: readonly DeploymentBranch[],
): string {
  switch (deploymentPolicy) {
    case 'any':
      return 'every branch and every tag may deploy ("No restriction")';
    case 'protected':
      return '"Protected branches only": whichever are protected at the time, and all of them while none is';
    case 'custom':
      return found.length > 0
        ? `${listed(found.map(describeBranch))} may deploy`
        : 'nothing may deploy: "Selected branches and tags" lists none';
  }
}
