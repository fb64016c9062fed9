import type { operations } from '@octokit/openapi-types';
import { errorBody } from './github-bodies.ts';
import type { RepositoryExchange } from './github-exchange.ts';
import { linkHeader, pageOf } from './github-pages.ts';
import { notFound } from './github-secrets.ts';
import {
  branchBody,
  entryBody,
  fileBody,
  protectionBody,
  ruleBody,
  rulesetBody,
} from './github-settings-bodies.ts';
import type { BranchState, RulesetSettings } from './github-settings-state.ts';
import type { EnvironmentState, RepositoryState } from './github-state.ts';
import type { Answer } from './http-exchange.ts';

type Json<Operation extends keyof operations> = operations[Operation] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;

/** GET …/environments/{environment_name}/deployment-branch-policies */
export function listBranchPolicies(exchange: RepositoryExchange, { id, rules }: EnvironmentState): Answer {
  const { deploymentBranches } = rules;
  const patterns = typeof deploymentBranches === 'string' ? [] : deploymentBranches;
  const policies = patterns.map(({ pattern, type }, index) => ({
    id: id * 100 + index,
    node_id: `GBP_${id * 100 + index}`,
    name: pattern,
    type,
  }));
  const page = pageOf(policies, exchange.request.query);
  const body: Json<'repos/list-deployment-branch-policies'> = {
    total_count: policies.length,
    branch_policies: page.items,
  };
  return { status: 200, headers: linkHeader(page, exchange), body };
}

/** GET …/environments/{environment_name}/deployment_protection_rules: all on one page. */
export function listCustomRules(exchange: RepositoryExchange, { id, rules }: EnvironmentState): Answer {
  const body: Json<'repos/get-all-deployment-protection-rules'> = {
    total_count: rules.customRules.length,
    custom_deployment_protection_rules: rules.customRules.map(({ app, enabled }, index) => ({
      id: id * 100 + index,
      node_id: `GDPR_${id * 100 + index}`,
      enabled,
      app: {
        id: 900 + index,
        slug: app,
        integration_url: `${exchange.api}/apps/${app}`,
        node_id: `A_${900 + index}`,
      },
    })),
  };
  return { status: 200, body };
}

/** GET …/branches/{branch}/protection; its 404 tells a branch without protection from none at all. */
export function getProtection(exchange: RepositoryExchange): Answer {
  const { api, repository } = exchange;
  return inBranch(exchange, ({ protection }, name) =>
    protection === undefined
      ? failure(404, 'Branch not protected')
      : { status: 200, body: protectionBody(api, repository, name, protection) },
  );
}

/** GET …/branches/{branch} */
export function getBranch(exchange: RepositoryExchange): Answer {
  const { api, repository } = exchange;
  return inBranch(exchange, (branch, name) => ({
    status: 200,
    body: branchBody(
      `${api}/repos/${repository.fullName}/branches/${encodeURIComponent(name)}`,
      name,
      branch,
    ),
  }));
}

function branchOf({ params }: RepositoryExchange): string {
  return params['branch'] ?? '';
}

function inBranch(
  exchange: RepositoryExchange,
  answer: (branch: BranchState, name: string) => Answer,
): Answer {
  const name = branchOf(exchange);
  const branch = exchange.repository.settings.branches.get(name);
  return branch === undefined ? failure(404, 'Branch not found') : answer(branch, name);
}

/** GET …/rules/branches/{branch}: of active rulesets only, whether or not the branch exists. */
export function listBranchRules(exchange: RepositoryExchange): Answer {
  const { repository } = exchange;
  const rules: Json<'repos/get-branch-rules'> = [...repository.settings.rulesets]
    .filter(([, ruleset]) => ruleset.enforcement === 'active')
    .filter(([, ruleset]) => targets(repository, ruleset, branchOf(exchange)))
    .flatMap(([id, ruleset]) => ruleset.rules.map((rule) => ruleBody(repository, id, ruleset, rule)));
  const page = pageOf(rules, exchange.request.query);
  return { status: 200, headers: linkHeader(page, exchange), body: page.items };
}

function targets({ settings }: RepositoryState, { branches }: RulesetSettings, branch: string): boolean {
  const isDefault = branch === settings.defaultBranch;
  return branches.some((one) => one === '~ALL' || one === branch || (isDefault && one === '~DEFAULT_BRANCH'));
}

/** GET …/rulesets/{ruleset_id}. @param mayWrite whether the caller may write the ruleset */
export function getRuleset(exchange: RepositoryExchange, mayWrite: boolean): Answer {
  const { repository, params, request } = exchange;
  const id = Number(params['ruleset']);
  const ruleset = repository.settings.rulesets.get(id);
  const isInherited = ruleset?.level === 'organisation';
  if (ruleset === undefined || (isInherited && request.query.get('includes_parents') === 'false'))
    return notFound();
  return { status: 200, body: rulesetBody(repository, id, ruleset, mayWrite) };
}

const MOST_ENTRIES = 1000;

/** GET …/contents/{path}, of the default branch unless `ref` names one. */
export function getContents(exchange: RepositoryExchange): Answer {
  const { repository, request, params, api } = exchange;
  const { branches, defaultBranch } = repository.settings;
  const ref = request.query.get('ref');
  const branch = branches.get(ref ?? defaultBranch);
  if (branch === undefined) {
    return failure(404, ref === null ? 'This repository is empty.' : `No commit found for the ref ${ref}`);
  }
  const url = `${api}/repos/${repository.fullName}`;
  const path = params['path'] ?? '';
  const bytes = branch.files.get(path);
  if (bytes !== undefined) return { status: 200, body: fileBody(url, path, bytes) };
  const entries = entriesOf(branch, path === '' ? '' : `${path}/`);
  if (entries.size === 0 && path !== '') return notFound();
  const body = [...entries].sort().map(([name, file]) => entryBody(url, name, file));
  return { status: 200, body: body.slice(0, MOST_ENTRIES) };
}

/** By path; without bytes: a folder. */
function entriesOf({ files }: BranchState, prefix: string): Map<string, Buffer | undefined> {
  const entries = new Map<string, Buffer | undefined>();
  for (const [path, bytes] of files) {
    if (!path.startsWith(prefix)) continue;
    const [name = '', ...below] = path.slice(prefix.length).split('/');
    entries.set(prefix + name, below.length > 0 ? undefined : bytes);
  }
  return entries;
}

/** What a plan without them answers for protection and rulesets of a private repository. */
export function planned(answer: (exchange: RepositoryExchange, mayWrite: boolean) => Answer) {
  return (exchange: RepositoryExchange, mayWrite: boolean): Answer => {
    const { repository } = exchange;
    const without = repository.private && repository.settings.plan === 'free';
    return without ? failure(403, UPGRADE) : answer(exchange, mayWrite);
  };
}

const UPGRADE = 'Upgrade to GitHub Pro or make this repository public to enable this feature.';

function failure(status: number, message: string): Answer {
  return { status, body: errorBody(status, message) };
}
