import { accessSync, constants } from 'node:fs';
import { ensureSafeProcess } from '../cli/safe-process.ts';
import { AppError } from '../domain/error.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, problem } from './line.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Node, and what the environment does to it. Of the daemon's own environment nothing is seen. */
export const program: Check = {
  id: 'program',
  title: 'Program',
  run: async ({ world }) => [
    judgeNode(process.versions.node, world.version),
    await judgeEnvironment(world.env),
    ...judgeAuthorities(world.env, canRead),
  ],
};

/** What package.json's `engines` says, as main.ts refuses it. */
export function judgeNode(node: string, version: string): Remark {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const supported = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26;
  const text = `reseal ${version} on Node ${node}`;
  if (supported) return ok('Node', text);
  return problem('Node', `${text}, which it was never tried on`, 'use Node ^22.18 || ^24.11 || >=26');
}

async function judgeEnvironment(env: Env): Promise<Remark> {
  try {
    await ensureSafeProcess({ env });
    return ok('environment', 'nothing in it lets others read this process or its traffic');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return problem('environment', error.message, error.hints.join('; '));
  }
}

/** Node warns and goes on without the file, so that nothing of that authority is trusted. */
export function judgeAuthorities(env: Env, readable: (path: string) => boolean): readonly Remark[] {
  const path = env['NODE_EXTRA_CA_CERTS'];
  if (!path) return [];
  const subject = 'NODE_EXTRA_CA_CERTS';
  if (readable(path)) return [ok(subject, `${path} can be read`)];
  const text = `${path} cannot be read: whatever it vouches for is not trusted`;
  return [problem(subject, text, 'put the certificate of the authority there, readable for everybody')];
}

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
