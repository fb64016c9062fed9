// Writes schema/config.schema.json from the declaration in src/config/schema.ts. With --check: writes nothing, and ends
// with 1 when the file there is another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../src/config/schema.ts';

const path = fileURLToPath(new URL('../schema/config.schema.json', import.meta.url));
const wanted = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

function current(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (!process.argv.includes('--check')) writeFileSync(path, wanted);
else if (current() !== wanted) {
  process.stderr.write('schema/config.schema.json is stale: node tools/schema.ts writes it\n');
  process.exitCode = 1;
}
