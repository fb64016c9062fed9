// Writes what is made from other files: schema/config.schema.json from the declaration in src/config/schema.ts, and
// migrations/schema.sha256 from the migrations. With --check: writes nothing, and ends with 1 when one of them is another.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { configJsonSchema } from '../src/config/schema.ts';
import { digestOfSchema } from '../src/sqlite/damage.ts';
import { migrate } from '../src/sqlite/migrate.ts';

function schemaDigest(): string {
  const empty = new Sqlite(':memory:');
  migrate(empty, () => new Date(0), undefined, 'none');
  return digestOfSchema(empty);
}

const WANTED = {
  'schema/config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'migrations/schema.sha256': `${schemaDigest()}\n`,
};

function current(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

for (const [name, wanted] of Object.entries(WANTED)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (current(path) !== wanted) {
    process.stderr.write(`${name} is stale: npm run schema writes it\n`);
    process.exitCode = 1;
  }
}
