// Writes the version of jtrack/_version.py, its one place, into the built extension's package.json.
import { readFileSync, writeFileSync } from 'node:fs';

const at = path => new URL(path, import.meta.url);
const version = /__version__ = "(.+)"/.exec(readFileSync(at('../jtrack/_version.py'), 'utf8'))[1];
const manifest = at('../jtrack/labextension/package.json');
const built = { ...JSON.parse(readFileSync(manifest, 'utf8')), version };
writeFileSync(manifest, `${JSON.stringify(built, null, 2)}\n`);
