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
  plugins: [withoutIdle()],
  output: {
    dir: dist,
    format: 'cjs',
    entryFileNames: 'main.js',
    // As deep as the folders of src/, so that paths relative to a module stay true.
    chunkFileNames: 'program/[name]-[hash].js',
    // Names stay, so that what a bug leaves on the screen can be read.
    minify: { mangle: false, compress: false, codegen: { removeWhitespace: true } },
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
