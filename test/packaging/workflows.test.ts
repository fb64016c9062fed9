import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { known } from '../../src/verify/fact.ts';
import { judgePipeline } from '../../src/verify/judge.ts';
import { hygieneRules } from '../../src/verify/rules/hygiene.ts';
import { WORKFLOW_RULES } from '../../src/verify/rules/workflow.ts';
import { readWorkflow } from '../../src/verify/workflow.ts';
import { aContext, facts } from '../support/pipeline-facts.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly needs?: string;
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
  readonly container?: { readonly image: string };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const text = (file: string) => readFileSync(`${FOLDER}/${file}`, 'utf8');
const read = (file: string) => parse(text(file)) as Workflow;
const files = readdirSync(FOLDER);
/** In two pieces, since it is no placeholder of ours. */
const EXPRESSION = `$${'{{'}`;
const allow = (job: Job | undefined) => job?.permissions;

describe.each(files)('.github/workflows/%s', (file) => {
  const workflow = read(file);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  describe('when it uses what others wrote', () => {
    it('pins each by its commit, with the version beside it', () => {
      const used = [...text(file).matchAll(/uses: *(.*)$/gm)].map(([, reference]) => reference);
      expect(used).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length);
      for (const reference of used)
        expect(reference).toMatch(/^[a-z-]+\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it('pins the same action everywhere to the same commit', () => {
      const pins = files.flatMap((one) => [...text(one).matchAll(/uses: *([^@]+)@(\S+)/g)]);
      const byAction = Map.groupBy(pins, ([, action]) => action);
      for (const same of byAction.values()) expect(new Set(same.map(([, , commit]) => commit)).size).toBe(1);
    });
  });

  describe('when it is given rights', () => {
    it('has none as a whole, and each job says its own', () => {
      expect(workflow.permissions).toEqual({});
      for (const job of Object.values(workflow.jobs)) expect(job.permissions).toBeDefined();
    });

    it('is never started by a stranger with the rights of the repository', () => {
      expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
      expect(Object.keys(workflow.on)).not.toContain('workflow_run');
    });

    it('leaves no credential behind in the checkout', () => {
      for (const { uses, with: inputs } of steps)
        if (uses?.startsWith('actions/checkout@')) expect(inputs?.['persist-credentials']).toBe(false);
    });

    it('puts no expression into a script, where it would be run', () => {
      expect(steps.filter(({ run }) => run?.includes(EXPRESSION))).toEqual([]);
    });

    it('refers to no stored secret', () => {
      expect(text(file)).not.toMatch(/\bsecrets[.[]/);
    });
  });
});

describe('.github/workflows/ci.yml', () => {
  const { on, jobs } = read('ci.yml');
  const { run } = jobs;

  describe('when somebody proposes a change', () => {
    it('may read, and runs what .ci/run says', () => {
      expect(Object.keys(on).sort()).toEqual(['pull_request', 'push']);
      expect(Object.keys(jobs)).toEqual(['run']);
      expect(allow(run)).toEqual({ contents: 'read' });
      expect(run?.steps.map((step) => step.run)).toContain('.ci/run');
    });

    it('runs on Debian 12, on the oldest Node of each line that package.json allows', async () => {
      const { satisfies } = (await import(pathToFileURL('tools/run.mjs').href)) as {
        satisfies(version: string, range: string): boolean;
      };
      const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
      const lines = engines.node.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''));
      expect(run?.strategy?.matrix.node).toEqual(lines);
      for (const line of lines)
        expect(satisfies(`${line}.0${line.includes('.') ? '' : '.0'}`, engines.node)).toBe(true);
      expect(run?.container?.image).toBe(`docker.io/library/node:${EXPRESSION} matrix.node }}-bookworm`);
    });
  });
});

describe('.github/workflows/release.yml', () => {
  const { on, jobs } = read('release.yml');

  describe('when a tag is pushed', () => {
    it('is started by nothing else', () => {
      expect(on).toEqual({ push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
    });

    it('gives each job the least: an identity to npm alone, packages to the image alone', () => {
      expect(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))).toEqual({
        build: { contents: 'read' },
        npm: { 'id-token': 'write' },
        image: { contents: 'read', packages: 'write' },
      });
    });

    it('lets both publishing jobs wait in the environment', () => {
      const waiting = Object.entries(jobs).filter(([, { environment }]) => environment === 'release');
      expect(waiting.map(([name]) => name)).toEqual(['npm', 'image']);
      for (const [, { needs }] of waiting) expect(needs).toBe('build');
    });

    it('publishes what was built elsewhere, with provenance', () => {
      const scripts = (jobs['npm']?.steps ?? []).flatMap(({ run }) => run ?? []);
      expect(scripts).toEqual(['npm publish "./reseal-$VERSION.tgz" --provenance --access public']);
    });

    it('pushes an image for two machines, with its provenance and the list of its parts', () => {
      const push = jobs['image']?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
      expect(push?.with).toMatchObject({
        platforms: 'linux/amd64,linux/arm64',
        provenance: 'mode=max',
        sbom: true,
        push: true,
      });
      expect(String(push?.with?.['tags'])).not.toContain('latest');
    });

    it('takes nothing from a cache', () => {
      expect(text('release.yml')).not.toMatch(/cache-from|cache-to|^\s+cache: /m);
    });
  });
});

describe('.github/dependabot.yml', () => {
  it('when a week has passed, looks at packages, actions and the base of the image', () => {
    const { updates } = parse(readFileSync('.github/dependabot.yml', 'utf8')) as {
      updates: readonly { 'package-ecosystem': string; schedule: object }[];
    };
    expect(updates.map((one) => one['package-ecosystem'])).toEqual(['npm', 'github-actions', 'docker']);
    for (const { schedule } of updates) expect(schedule).toEqual({ interval: 'weekly' });
  });
});

describe('examples/reseal.own.yaml', () => {
  const result = parseConfig(readFileSync('examples/reseal.own.yaml', 'utf8'));
  const [pipeline] = result.ok ? result.config.pipelines : [];

  describe('when it is loaded', () => {
    it('declares one pipeline that publishes to npm, and no secret', () => {
      expect(result).toMatchObject({ ok: true });
      expect(pipeline).toMatchObject({
        name: 'reseal',
        workflow: 'release.yml',
        environment: { name: 'release', secrets: [], adminsMayBypass: false },
        publishers: { npm: ['reseal'], pypi: [], cratesIo: undefined },
        hygiene: { dependencyUpdates: true },
      });
    });

    it('names the checks that ci.yml reports', () => {
      const { run } = read('ci.yml').jobs;
      const names = (run?.strategy?.matrix.node ?? []).map((node) => `run (Node ${node})`);
      expect(pipeline?.branches[0]?.checks).toEqual(names);
      expect(text('ci.yml')).toMatch(/^ {4}name: run \(Node \$\{\{ matrix\.node \}\}\)$/m);
    });

    it('passes its own rules, on the files that lie here', () => {
      if (!pipeline) throw new Error('no pipeline');
      const repository = {
        fullName: pipeline.repo,
        private: false,
        defaultBranch: 'main',
        ownedByOrganisation: true,
      };
      const context = aContext({
        pipeline,
        facts: facts({
          repository: known(repository),
          workflows: known(files.map((file) => readWorkflow(file, parse(text(file)), text(file)))),
          files: known({ dependabot: true, renovate: false, codeowners: undefined }),
        }),
      });
      const findings = judgePipeline([...WORKFLOW_RULES, ...hygieneRules], context);
      const passed = findings.filter(({ outcome }) => outcome === 'pass').map(({ rule }) => rule);
      expect(passed).toEqual(
        expect.arrayContaining(['workflow-exists', 'workflow-environment', 'workflow-id-token']),
      );
      expect(findings.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')).toEqual([]);
    });

    it('names the environment of the publishing jobs', () => {
      const environments = Object.values(read('release.yml').jobs).flatMap((job) => job.environment ?? []);
      expect(new Set(environments)).toEqual(new Set([pipeline?.environment.name]));
    });
  });
});
