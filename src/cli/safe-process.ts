import type { World } from '../app.ts';
import { AppError } from '../domain/error.ts';

/** Options by which others could read this process, its memory or its traffic. `--report-exclude-…` does the opposite. */
const REVEALING =
  /^--?(inspect|experimental-network-inspection|heapsnapshot|heap-prof|cpu-prof|report-(?!exclude)|abort-on|tls-keylog|trace-tls|trace-event|experimental-(default-)?config-file|perf-|prof(=|$)|prof-|ll-prof|log-|logfile|insecure-http-parser)/;

/**
 * Settings that would lay a token open: refused, not worked around.
 *
 * @throws AppError invalid_config
 */
export async function ensureSafeProcess({ env }: Pick<World, 'env'>): Promise<void> {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    throw new AppError(
      'invalid_config',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 switches the check of certificates off',
      {
        hints: ['unset it; a certificate authority of your own goes into NODE_EXTRA_CA_CERTS'],
      },
    );
  }
  if (env['NODE_DEBUG']) {
    throw new AppError('invalid_config', 'NODE_DEBUG makes Node print what goes through this process', {
      hints: ['unset it'],
    });
  }
  const options = [...process.execArgv, ...splitNodeOptions(env['NODE_OPTIONS'] ?? '')];
  // Node takes underscores for hyphens in its options.
  if (options.some((option) => REVEALING.test(option.replaceAll('_', '-')))) {
    throw new AppError(
      'invalid_config',
      'Node was started with an option that lets others read this process',
      {
        hints: [
          'remove --inspect, --report-on-signal, --trace-event-categories, --perf-basic-prof, --tls-keylog and the like from NODE_OPTIONS',
        ],
      },
    );
  }
  if (await isInspected()) {
    throw new AppError('invalid_config', "Node's inspector is open: it lets others read this process", {
      hints: ['start reseal without a debugger'],
    });
  }
}

/** However it was opened: this is not about an option's spelling. */
async function isInspected(): Promise<boolean> {
  if (!process.features.inspector) return false;
  const { url } = await import('node:inspector');
  return url() !== undefined;
}

/** NODE_OPTIONS as Node takes it apart (src/node_options.cc, ParseNodeOptionsEnvVar): spaces, double quotes, `\` within them. */
export function splitNodeOptions(text: string): readonly string[] {
  const options: string[] = [];
  let isQuoted = false;
  let isNext = true;
  for (let index = 0; index < text.length; index++) {
    const letter = text.charAt(index);
    if (letter === ' ' && !isQuoted) isNext = true;
    else if (letter === '"') isQuoted = !isQuoted;
    else {
      const taken = letter === '\\' && isQuoted ? text.charAt(++index) : letter;
      options.push((isNext ? '' : (options.pop() ?? '')) + taken);
      isNext = false;
    }
  }
  return options;
}
