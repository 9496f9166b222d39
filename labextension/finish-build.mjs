// Finishes the built extension: writes the version of jtrack/_version.py, its one place, into its package.json, and lays
// the widgets' modules beside it, for pages whose policy wants modules from their server (src/lab/widgetModules.ts).
import { cpSync, readFileSync, writeFileSync } from 'node:fs';

const at = path => new URL(path, import.meta.url);
const version = /__version__ = "(.+)"/.exec(readFileSync(at('../jtrack/_version.py'), 'utf8'))[1];
const manifest = at('../jtrack/labextension/package.json');
const built = { ...JSON.parse(readFileSync(manifest, 'utf8')), version };
writeFileSync(manifest, `${JSON.stringify(built, null, 2)}\n`);
cpSync(at('../jtrack/widgets/static'), at('../jtrack/labextension/static/widgets'), { recursive: true });
