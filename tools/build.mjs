// Builds the program that package.json's bin names: src/ → dist/, as CommonJS in few files, with every library inside but the one that
// has a native part. A start reads thirty files less, and an installation has two packages (docs/decisions/0012-one-bundle.md).
// Types are not looked at: `npm run check` does that.
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Whatever fails here leaves the program that was there.
const dist = join(root, 'dist.new');
rmSync(dist, { recursive: true, force: true });
const { output } = await build({
  cwd: root,
  input: 'src/main.ts',
  platform: 'node',
  external: ['better-sqlite3'],
  plugins: [withoutIdle(), withoutCalendars()],
  output: {
    dir: dist,
    format: 'cjs',
    entryFileNames: 'main.js',
    // As deep as the folders of src/, so that paths relative to a module stay true.
    chunkFileNames: 'program/[name]-[hash].js',
    // A fifth of a start is compiling, by the byte; of a bug the program shows class and code, and no names that could be read.
    minify: true,
    // What nearly every command needs is one file: each one more is found, read and compiled by itself.
    codeSplitting: { groups: [{ name: 'core', test: isCore }] },
  },
});
// The package says "module".
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
chmodSync(join(dist, 'main.js'), 0o755);
const packages = bundledPackages(output.flatMap(({ moduleIds }) => moduleIds ?? []));
writeFileSync(join(dist, 'THIRD-PARTY.txt'), packages.map(notice).join(`\n${'='.repeat(80)}\n\n`));
writeFileSync(join(dist, 'bom.cdx.json'), `${JSON.stringify(billOfMaterials(packages), null, 1)}\n`);
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(dist, join(root, 'dist'));

/** What `status` needs: the register, the database below it, and what prints. */
function isCore(id) {
  return /\/src\/(domain|register)\/|\/src\/(app|statuses)\.ts|\/src\/sqlite\/(columns|database|figures|findings|history|installation|register)\.ts|\/src\/cli\/(status-notes|output|columns|commands\/status)\.ts/.test(
    id.replaceAll('\\', '/'),
  );
}

/**
 * What libraries load and we have no use for. commander can hand a command to another program, and node-cron a task; commander imports
 * what is global anyway. Together they take a tenth of a start. What `debug` prints, where the environment says so, is what goes through a connection.
 */
function withoutIdle() {
  const texts = {
    'node:child_process': 'export default {};',
    child_process: 'export const fork = undefined;',
    'node:process': 'export default process;',
    debug: 'module.exports = () => Object.assign(() => undefined, { enabled: false });',
  };
  const isIdle = (id, importer) =>
    id === 'debug' || (id in texts && /\/(commander|node-cron)\//.test(importer ?? ''));
  return {
    name: 'without-idle',
    resolveId: (id, importer) => (isIdle(id, importer) ? `\0${id}` : undefined),
    load: (id) => (id.startsWith('\0') ? texts[id.slice(1)] : undefined),
  };
}

/**
 * node-cron reads the clock through ICU, which keeps six MiB for it: where no time zone is named, `Date` shows the same time. The build
 * fails where a new version of node-cron has these two functions no more.
 */
function withoutCalendars() {
  const local = {
    'function buildDateParts(date, timezone) {': `
    if (timezone === undefined) return {
        year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate(), hour: date.getHours(),
        minute: date.getMinutes(), second: date.getSeconds(), millisecond: date.getMilliseconds(),
        weekday: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getDay()], gmt: getTimezoneGMT(date, timezone),
    };`,
    'function getTimezoneGMT(date, timezone) {': `
    if (timezone === undefined) {
        const ahead = -date.getTimezoneOffset();
        const two = (number) => String(number).padStart(2, '0');
        return ahead === 0 ? 'Z' : 'GMT' + (ahead < 0 ? '-' : '+') + two(Math.floor(Math.abs(ahead) / 60)) + ':' + two(Math.abs(ahead) % 60);
    }`,
  };
  const found = new Set();
  return {
    name: 'without-calendars',
    transform: (code, id) => {
      if (!/\/node-cron\/dist\//.test(id)) return undefined;
      const heads = Object.keys(local).filter((head) => code.split(head).length === 2);
      for (const head of heads) found.add(head);
      return heads.reduce((text, head) => text.replace(head, () => head + local[head]), code);
    },
    buildEnd: (error) => {
      if (!error && found.size < Object.keys(local).length)
        throw new Error(
          'node-cron reads the clock in another way now: see withoutCalendars in tools/build.mjs',
        );
    },
  };
}

/** The packages whose modules went in, by name. */
function bundledPackages(modules) {
  const homes = modules
    .map((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll('\\', '/'))?.[1])
    .filter((home) => home !== undefined);
  return [...new Set(homes)]
    .map((home) => ({ home, ...JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What their licences ask to be handed on with every copy. */
function notice({ home, name, version, license }) {
  const texts = readdirSync(home)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .map((file) => readFileSync(join(home, file), 'utf8').trim());
  return `${name} ${version} (${license})\n\n${texts.join('\n\n') || 'Its package holds no text of the licence.'}\n`;
}

/** What a scanner of the image cannot see any more, since the packages are no folders there (CycloneDX 1.6). */
function billOfMaterials(packages) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name, version } },
    components: packages.map((one) => ({
      type: 'library',
      name: one.name,
      version: one.version,
      purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
      licenses: [{ expression: one.license }],
    })),
  };
}
