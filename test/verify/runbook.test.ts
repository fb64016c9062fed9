import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/verify/finding.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import type { Chapter, Prose, Runbook, Span, Step } from '../../src/verify/runbook/document.ts';
import { apart, writeRunbook } from '../../src/verify/runbook.ts';
import { aPipeline, CHECKS, NPM_PACKAGES, READ_AT } from '../support/pipeline-facts.ts';
import { aSubject, aVerifiedSubject, CREDENTIALS } from '../support/runbook.ts';

const AT = new Date('2026-11-23T12:00:00Z');
const { environment, publishers } = aPipeline();

function chapter({ chapters }: Runbook, number: number): Chapter {
  const found = chapters.find(({ anchor }) => anchor === `chapter-${number}`);
  if (!found) throw new Error(`no chapter ${number}`);
  return found;
}

function step(runbook: Runbook, words: string | RegExp): Step {
  const found = runbook.chapters
    .flatMap(({ steps }) => steps)
    .find(({ title }) => title.match(words) !== null);
  if (!found) throw new Error(`no step ${words}`);
  return found;
}

function plain(prose: Prose | undefined): string {
  return (prose ?? []).map(textOf).join('');
}

function textOf(span: Span): string {
  if (typeof span === 'string') return span;
  if ('code' in span) return span.code;
  return 'label' in span ? span.label : span.text;
}

/** What a reader types: field by field. */
function fields({ fields: all }: Step): Readonly<Record<string, string>> {
  return Object.fromEntries(all.map(({ name, value }) => [name, plain(value)]));
}

const sqlrite = writeRunbook(aSubject(), AT);

describe('writeRunbook', () => {
  describe('when given the sqlrite pipeline', () => {
    it('returns what comes first and the six chapters, each step with its number', () => {
      expect(sqlrite.chapters.map(({ anchor }) => anchor)).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((number) => `chapter-${number}`),
      );
      for (const { anchor, steps } of sqlrite.chapters) {
        const number = anchor.replace('chapter-', '');
        expect(steps.map(({ title }) => title.split(' ')[0])).toEqual(
          steps.map((_, index) => `${number}.${index + 1}`),
        );
      }
    });

    it('returns every value of the crates.io token, and where the form falls back', () => {
      const made = step(sqlrite, /Make the token/);
      expect(made.page?.address).toBe('https://crates.io/settings/tokens/new');
      expect(fields(made)).toEqual({
        Name: 'github-actions-release',
        Expiration: '365 days',
        Scopes: 'tick exactly publish-new, publish-update',
        Crates: 'sqlrite',
      });
      const renewed = step(sqlrite, /renew the token/);
      expect(renewed.notes.map(plain).join(' ')).toMatch(/falls back to 90 days.*does not end the old token/);
    });

    it('stores it in the environment, by the command of this installation', () => {
      const one = writeRunbook(aSubject({ command: 'docker compose exec reseal reseal' }), AT);
      expect(step(one, /Store the token/).code).toEqual([
        'docker compose exec reseal reseal rotate crates-io',
      ]);
      expect(plain(step(one, /Store the token/).fields[0]?.value)).toContain(
        'CRATES_IO_TOKEN in the environment release of joaoh82/rust_sqlite',
      );
    });

    it('returns the fields of both forms of PyPI, with what a pending publisher does not do', () => {
      const publisher = {
        Owner: 'joaoh82',
        'Repository name': 'rust_sqlite',
        'Workflow name': 'release.yml',
        'Environment name': 'release',
      };
      const pending = step(sqlrite, /pending publisher/);
      expect(fields(pending)).toEqual({ 'PyPI Project Name': 'sqlrite', ...publisher });
      expect(pending.notes.map(plain).join(' ')).toMatch(/does not reserve.*30 days.*too similar/);
      expect(fields(step(sqlrite, /is at PyPI: its trusted publisher/))).toEqual(publisher);
    });

    it.each(NPM_PACKAGES)('returns the three steps of %s', (name) => {
      const titles = chapter(sqlrite, 3).steps.filter(({ title }) => title.includes(` ${name}: `));
      expect(titles).toHaveLength(3);
      const [file, placeholder, publisher] = titles;
      expect(file?.code).toContain(
        '"repository": {"type":"git","url":"git+https://github.com/joaoh82/rust_sqlite.git"},',
      );
      expect(placeholder?.code).toContain(
        name.startsWith('@') ? 'npm publish --access public' : 'npm publish',
      );
      expect(publisher && fields(publisher)).toEqual({
        'Organization or user': 'joaoh82',
        Repository: 'rust_sqlite',
        'Workflow filename': 'release.yml',
        'Environment name': 'release',
        'Allowed actions': 'npm publish',
      });
      expect(publisher?.notes.map(plain).join(' ')).toContain('misleading 404 Not Found');
    });

    it('writes a placeholder that npm can read', () => {
      const line = step(sqlrite, /@joaoh82\/sqlrite-wasm: a first version/).code.find((one) =>
        one.startsWith('echo'),
      );
      const [, json = ''] = /^echo '([^']*)' > package\.json$/.exec(line ?? '') ?? [];
      expect(JSON.parse(json)).toMatchObject({ name: '@joaoh82/sqlrite-wasm', version: '0.0.0' });
    });

    it('shows the scoped way out beside the one unscoped package', () => {
      const notes = step(sqlrite, /sqlrite-notes: a first version/)
        .notes.map(plain)
        .join(' ');
      expect(notes).toContain('@joaoh82/sqlrite-notes');
      expect(
        step(sqlrite, /@joaoh82\/sqlrite: a first version/)
          .notes.map(plain)
          .join(' '),
      ).not.toContain('too similar');
    });

    it('returns every setting of the environment', () => {
      expect(fields(step(sqlrite, /^4\.\d Create it/))).toEqual({ Name: 'release' });
      expect(fields(step(sqlrite, /^4\.\d Reviewers/))).toEqual({
        'Required reviewers': 'tick it',
        'Search for people or teams…': 'joaoh82',
        'Prevent self-review': 'leave it unticked',
      });
      expect(fields(step(sqlrite, /Wait timer: none/))).toEqual({ 'Wait timer': 'leave it unticked' });
      expect(fields(step(sqlrite, /administrators may pass/))).toEqual({
        'Allow administrators to bypass configured protection rules': 'tick it',
      });
      expect(fields(step(sqlrite, /From which branches/))).toMatchObject({
        'Deployment branches and tags': 'Selected branches and tags',
        'Add deployment branch or tag rule: Name pattern': 'main',
      });
      expect(fields(step(sqlrite, /secrets that live/))).toEqual({
        CRATES_IO_TOKEN: 'by reseal rotate crates-io',
      });
    });

    it('names each of the fourteen checks, and ticks what is declared of the branch', () => {
      const checks = step(sqlrite, /The checks, 14/);
      expect(checks.fields.slice(1).map(({ value }) => plain(value))).toEqual(CHECKS);
      expect(fields(step(sqlrite, /Only by pull request/))).toEqual({
        'Require a pull request before merging': 'tick it',
        'Require approvals': 'tick it',
        'Required number of approvals before merging': '1',
      });
      expect(fields(step(sqlrite, /administrators are bound/))).toEqual({
        'Do not allow bypassing the above settings': 'leave it unticked',
      });
      expect(fields(step(sqlrite, /What was merged stays/))).toEqual({
        'Allow force pushes': 'leave it unticked',
        'Allow deletions': 'leave it unticked',
      });
    });

    it('lists what is planned, and how each thing is taken back', () => {
      const later = step(sqlrite, /Put off/);
      expect(later.fields.map(({ name }) => name)).toEqual(['apple-developer-id', 'windows-code-signing']);
      expect(step(sqlrite, /A token leaked/).code).toEqual(['reseal rotate crates-io --leaked']);
      expect(step(sqlrite, /remove the publishers/).before).toHaveLength(4);
      expect(step(sqlrite, /The reason, written down/).code.join('\n')).toMatch(/Why it could not wait: /);
    });

    it('asks for the environment before anything is stored in it', () => {
      const order = sqlrite.chapters.flatMap(({ steps }) => steps.map(({ title }) => title));
      const environmentFirst = order.findIndex((title) => title.includes('Now do chapter 4'));
      expect(environmentFirst).toBeGreaterThan(0);
      expect(environmentFirst).toBeLessThan(order.findIndex((title) => title.includes('Make the token')));
      expect(order.findIndex((title) => title.includes('Let every check run once'))).toBeLessThan(
        order.findIndex((title) => title.includes('The checks, 14')),
      );
    });

    it('points only to places that are in it, each address once', () => {
      const anchors = sqlrite.chapters.flatMap(({ anchor, steps }) => [
        anchor,
        ...steps.map((one) => one.anchor),
      ]);
      expect(new Set(anchors).size).toBe(anchors.length);
      const pointed = [...JSON.stringify(sqlrite).matchAll(/"anchor":"([^"]*)"/g)].map(
        ([, anchor]) => anchor,
      );
      expect([...new Set(pointed)].filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
    });
  });

  describe('when it was never verified', () => {
    it('returns each rule once in the checklist, without an answer', () => {
      const all = step(sqlrite, /^6\.1/).results.flatMap(({ verifications }) => verifications);
      expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['not-verified']));
      expect(all.map(({ rule }) => rule).sort()).toEqual(RULES.map(({ id }) => id).sort());
    });
  });

  describe('when it was verified', () => {
    const verified = writeRunbook(aVerifiedSubject(), AT);

    it('returns what was found beside the step that it is about', () => {
      const [check] = step(verified, /^4\.\d Create it/).verify;
      expect(check).toMatchObject({ rule: 'environment-exists', outcome: 'pass' });
      expect(verified.verifiedAt).toEqual(READ_AT);
    });

    it.each(NPM_PACKAGES)('returns for %s only what was found of it', (name) => {
      const { verify } = step(verified, new RegExp(` ${name}: its trusted publisher`));
      const subjects = verify.flatMap(({ answers }) => answers.map(({ subject }) => subject));
      expect(new Set(subjects)).toEqual(new Set([name]));
    });
  });

  describe('when one of several answers of a rule is worse', () => {
    const found = (subject: string, outcome: Finding['outcome'], remedy = ''): Finding => ({
      rule: 'branch-check',
      subject,
      outcome,
      severity: 'medium',
      expected: 'required',
      observed: 'seen',
      why: '',
      remedy,
      section: 5,
    });
    const remedy =
      'at https://github.com/joaoh82/rust_sqlite/settings/branches, add `rust lint`; not https://evil.example/x';
    const findings = [
      found('main: a', 'pass'),
      found('main: b', 'fail', remedy),
      found('main-2: c', 'unknown'),
    ];
    const runbook = writeRunbook(aSubject({ findings, verifiedAt: READ_AT }), AT);
    const [check] = step(runbook, /The checks, 14/).verify;

    it('returns the worst, and nothing of a branch whose name begins the same', () => {
      expect(check).toMatchObject({ rule: 'branch-check', outcome: 'fail' });
      expect(check?.answers.map(({ subject }) => subject)).toEqual(['main: a', 'main: b']);
    });

    it('makes links of our own pages only, and a value of what stands in backticks', () => {
      const { remedy: spans = [] } = check?.answers[1] ?? {};
      expect(spans.filter((span) => typeof span === 'object')).toEqual([
        {
          text: 'github.com/joaoh82/rust_sqlite/settings/branches',
          address: 'https://github.com/joaoh82/rust_sqlite/settings/branches',
        },
        { code: 'rust lint' },
      ]);
      expect(plain(spans)).toContain('not https://evil.example/x');
    });
  });

  describe('when nothing is declared of a registry or a branch', () => {
    const bare = writeRunbook(
      aSubject({
        credentials: [],
        pipeline: aPipeline({
          environment: { ...environment, requiredReviewers: [], secrets: [], deploymentBranches: undefined },
          branches: [],
          publishers: { pypi: [], npm: [], cratesIo: undefined },
          hygiene: { dependencyUpdates: undefined, codeowners: undefined },
        }),
      }),
      AT,
    );

    it.each([1, 2, 3, 5])('says so in chapter %i, and asks for no step', (number) => {
      expect(chapter(bare, number).steps).toEqual([]);
      expect(chapter(bare, number).lead.map(plain).join(' ')).toContain('nothing to do here');
    });

    it('still says how the environment stands', () => {
      expect(fields(step(bare, /Reviewers: none/))).toEqual({ 'Required reviewers': 'leave it unticked' });
      expect(fields(step(bare, /From which branches/))).toEqual({
        'Deployment branches and tags': 'No restriction',
      });
    });
  });

  describe('when crates are published without a token', () => {
    const runbook = writeRunbook(
      aSubject({
        credentials: [],
        pipeline: aPipeline({
          publishers: { ...publishers, cratesIo: { crates: ['sqlrite'], trustedPublishing: true } },
        }),
      }),
      AT,
    );

    it('returns the fields of the publisher, and a short token for a new crate alone', () => {
      expect(fields(step(runbook, /trusted publisher of the crate sqlrite/))).toEqual({
        Publisher: 'GitHub',
        'Repository owner': 'joaoh82',
        'Repository name': 'rust_sqlite',
        'Workflow filename': 'release.yml',
        'Environment name (optional)': 'release',
      });
      expect(fields(step(runbook, /first version by hand/))).toMatchObject({
        Expiration: '7 days',
        Scopes: 'tick exactly publish-new',
      });
    });
  });

  describe('when other things are declared of the environment', () => {
    const runbook = writeRunbook(
      aSubject({
        pipeline: aPipeline({
          environment: {
            ...environment,
            name: 'on',
            requiredReviewers: ['ada', 'acme/release-team'],
            adminsMayBypass: false,
            waitTimer: 30,
          },
          branches: [
            {
              ...aPipeline().branches[0],
              name: 'main',
              pullRequest: true,
              approvals: 0,
              conversationResolution: false,
              adminsMayBypass: false,
              checks: [],
            },
          ],
        }),
      }),
      AT,
    );

    it('asks several reviewers to look at each other, sets the timer and binds administrators', () => {
      expect(fields(step(runbook, /^4\.\d Reviewers/))['Prevent self-review']).toBe('tick it');
      expect(fields(step(runbook, /^4\.\d Wait timer/))).toEqual({ 'Wait timer': 'tick it', minutes: '30' });
      expect(fields(step(runbook, /administrators are bound/))).toEqual({
        'Do not allow bypassing the above settings': 'tick it',
      });
      expect(fields(step(runbook, /Only by pull request/))['Require approvals']).toBe('leave it unticked');
    });

    it('quotes a name that YAML would take for something else', () => {
      expect(step(runbook, /workflow goes through it/).code[0]).toBe('environment: "on"');
    });

    it('finds no credential that goes to this environment', () => {
      expect(CREDENTIALS[0]?.destinations[0]?.environment).toBe('release');
      expect(fields(step(runbook, /secrets that live/))['CRATES_IO_TOKEN']).toContain(
        'no credential is declared',
      );
      expect(
        step(runbook, /Declare the token/)
          .before.map(plain)
          .join(''),
      ).toContain('crates-io-token');
    });
  });

  describe('when the pages of the repository are not known', () => {
    it('returns the way to them in words', () => {
      const pages = { ...aSubject().pages, repository: undefined };
      const runbook = writeRunbook(aSubject({ pages }), AT);
      expect(step(runbook, /^4\.\d Create it/).page).toEqual({
        text: 'GitHub › Settings › Environments › New environment',
        address: undefined,
      });
    });
  });
});

describe('apart', () => {
  it('leaves one runbook as it is', () => {
    expect(apart([sqlrite])).toEqual([sqlrite]);
  });

  it('gives each of several its own addresses, and what points to them', () => {
    const [first, second] = apart([
      sqlrite,
      writeRunbook(aSubject({ pipeline: aPipeline({ name: 'b' }) }), AT),
    ]);
    expect(first?.chapters[1]?.anchor).toBe('rust_sqlite-chapter-1');
    expect(second?.chapters[1]?.lead[0]).toContainEqual({ text: 'chapter 4', anchor: 'b-chapter-4' });
    expect(second?.writtenAt).toEqual(AT);
  });
});
