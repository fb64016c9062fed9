import { ownTokenOf } from '../domain/own-token.ts';
import { findKind } from '../kinds/catalogue.ts';
import { BRANCH_EXPECTED, isBranch, NAME, NAME_EXPECTED } from './fields.ts';
import type { Complaint, Path } from './place.ts';
import { configSchema } from './schema.ts';
import { showKey } from './secrecy.ts';

/**
 * What no single option can tell. A rule reads the file as it is written, also where other parts of it are wrong, and
 * judges only what it finds well-formed: the declaration speaks for the rest.
 */
type Rule = (file: unknown) => readonly Complaint[];

export const RULES: readonly Rule[] = [
  entriesAreNamed,
  ownNamesAreFree,
  branchesAreNamed,
  ownersExist,
  tokenOwnersExist,
  escalationExists,
  webhookOwnersExist,
  scopesAreKnown,
  destinationsDiffer,
  listsDoNotRepeat,
  approvalsNeedPullRequests,
  listenersDiffer,
];

function entriesAreNamed(file: unknown): readonly Complaint[] {
  return ['owners', 'webhooks', 'credentials', 'pipelines'].flatMap((section) =>
    members(at(file, section))
      .filter(([name]) => !NAME.test(name))
      .map(([name]) => ({ path: [section, name], at: 'key' as const, message: `expected ${NAME_EXPECTED}` })),
  );
}

function ownNamesAreFree(file: unknown): readonly Complaint[] {
  return members(at(file, 'credentials'))
    .filter(([name]) => ownTokenOf(name) !== undefined)
    .map(([name]) => ({
      path: ['credentials', name],
      at: 'key',
      message: "this name is reseal's own: its tokens are remembered by themselves; choose another",
    }));
}

function branchesAreNamed(file: unknown): readonly Complaint[] {
  return branches(file)
    .filter(({ name }) => !isBranch(name))
    .map(({ path }) => ({ path, at: 'key', message: `expected ${BRANCH_EXPECTED}` }));
}

function ownersExist(file: unknown): readonly Complaint[] {
  return members(at(file, 'credentials')).flatMap(([name, credential]) =>
    missingOwner(file, at(credential, 'owner'), ['credentials', name, 'owner']),
  );
}

function tokenOwnersExist(file: unknown): readonly Complaint[] {
  return ['seal', 'verify'].flatMap((which) =>
    missingOwner(file, at(file, 'github', which, 'owner'), ['github', which, 'owner']),
  );
}

function escalationExists(file: unknown): readonly Complaint[] {
  return items(at(file, 'reminders', 'escalate', 'to')).flatMap((owner, index) =>
    missingOwner(file, owner, ['reminders', 'escalate', 'to', index]),
  );
}

function webhookOwnersExist(file: unknown): readonly Complaint[] {
  return members(at(file, 'webhooks')).flatMap(([name, webhook]) =>
    items(at(webhook, 'owners')).flatMap((owner, index) =>
      missingOwner(file, owner, ['webhooks', name, 'owners', index]),
    ),
  );
}

function missingOwner(file: unknown, owner: unknown, path: Path): readonly Complaint[] {
  const written = at(file, 'owners');
  const owners = written === undefined ? {} : written;
  if (typeof owner !== 'string' || !isMap(owners) || Object.hasOwn(owners, owner)) return [];
  const known = Object.keys(owners).slice(0, 10).map(showKey).join(', ');
  const declared = known === '' ? 'none is declared yet' : known;
  return [{ path, at: 'value', message: `expected the name of an entry of "owners": ${declared}` }];
}

function scopesAreKnown(file: unknown): readonly Complaint[] {
  return members(at(file, 'credentials')).flatMap(([name, credential]) => {
    const id = at(credential, 'kind');
    const known = typeof id === 'string' ? findKind(id)?.scopes : undefined;
    if (!known) return [];
    return items(at(credential, 'scopes')).flatMap((scope, index): readonly Complaint[] => {
      if (typeof scope !== 'string' || known.includes(scope)) return [];
      const message = `expected a scope of ${id}: ${known.join(', ')}`;
      return [{ path: ['credentials', name, 'scopes', index], at: 'value', message }];
    });
  });
}

function destinationsDiffer(file: unknown): readonly Complaint[] {
  const first = new Map<string, string>();
  const complaints: Complaint[] = [];
  for (const [name, credential] of members(at(file, 'credentials'))) {
    for (const [index, destination] of items(at(credential, 'destinations')).entries()) {
      const parts = ['repo', 'environment', 'secret'].map((part) => at(destination, part));
      if (!parts.every((part) => typeof part === 'string')) continue;
      const place = JSON.stringify(parts.map((part) => part.toLowerCase()));
      const owner = first.get(place);
      if (owner === undefined) first.set(place, name);
      else {
        const message = `already a destination of ${showKey(owner)}: a secret holds one credential`;
        complaints.push({ path: ['credentials', name, 'destinations', index], at: 'value', message });
      }
    }
  }
  return complaints;
}

/** GitHub does not tell upper from lower case in these. */
const CASELESS: ReadonlySet<string | number> = new Set(['secrets', 'required-reviewers']);

function listsDoNotRepeat(file: unknown): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const visit = (value: unknown, path: Path) => {
    const seen = new Map<unknown, number>();
    for (const [index, item] of items(value).entries()) {
      const same = typeof item === 'string' && CASELESS.has(path.at(-1) ?? '') ? item.toLowerCase() : item;
      const before = typeof item === 'string' ? seen.get(same) : undefined;
      if (before === undefined) seen.set(same, index);
      else
        complaints.push({
          path: [...path, index],
          at: 'value',
          message: `already in this list, at ${before + 1}`,
        });
      visit(item, [...path, index]);
    }
    for (const [name, member] of members(value)) visit(member, [...path, name]);
  };
  visit(file, []);
  return complaints;
}

function approvalsNeedPullRequests(file: unknown): readonly Complaint[] {
  return branches(file).flatMap(({ branch, path }): readonly Complaint[] => {
    const approvals = at(branch, 'approvals');
    const pullRequest = at(branch, 'pull-request') ?? false;
    if (typeof approvals !== 'number' || approvals <= 0 || pullRequest !== false) return [];
    const message = 'approvals are given on pull requests: expected "pull-request: true" beside it';
    return [{ path: [...path, 'approvals'], at: 'key', message }];
  });
}

function listenersDiffer(file: unknown): readonly Complaint[] {
  const form = configSchema.shape.form.safeParse(at(file, 'form')).data;
  const web = configSchema.shape.web.safeParse(at(file, 'web')).data;
  if (!form || !web || form.port === 0 || form.port !== web.port || form.bind !== web.bind) return [];
  const path = [at(file, 'web', 'port') === undefined ? 'form' : 'web', 'port'];
  const message = 'form and web would listen on the same port: expected two, such as 8765 and 8766';
  return [{ path, at: 'value', message }];
}

function branches(file: unknown): readonly { name: string; branch: unknown; path: Path }[] {
  return members(at(file, 'pipelines')).flatMap(([pipeline, declared]) =>
    members(at(declared, 'branches')).map(([name, branch]) => {
      return { name, branch, path: ['pipelines', pipeline, 'branches', name] };
    }),
  );
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((inner, key) => (isMap(inner) ? inner[key] : undefined), value);
}

function members(value: unknown): readonly (readonly [string, unknown])[] {
  return isMap(value) ? Object.entries(value) : [];
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
