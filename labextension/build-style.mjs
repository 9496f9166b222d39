// Writes lib/lab/lab.css: the panels' stylesheet as the widgets carry it, and the JupyterLab areas' own rules behind it.
// Both get the ids that jtrack/widgets/style.py gives: a page holds outputs whose rules would otherwise win.
import { mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = path => fileURLToPath(new URL(path, import.meta.url));
const PANELS = here('../jtrack/widgets/panels.css');
const OWN = ['side', 'host', 'marks', 'figures'].map(name => here(`src/lab/style/${name}.css`));
const TARGET = here('lib/lab/lab.css');

/** Without what only people need; texts in quotes stay as they are. */
const minify = css =>
  css
    .replace(/\/\*.*?\*\//gs, '')
    .split(/("[^"]*")/)
    .map((piece, index) => (index % 2 ? piece : piece.replace(/\s+/g, ' ').replace(/\s*([{};,>])\s*|(?<=:)\s+/g, '$1').replaceAll(';}', '}')))
    .join('')
    .trim();

function outrank(css, rank) {
  const withIds = (_found, selectors) =>
    `${selectors
      .split(/,(?![^()]*\))/)
      .map(selector => selector.replace(/\.jt[\w-]*/, `$&:not(${'#j'.repeat(rank)})`))
      .join(',')}{`;
  return `}${css}`.replace(/(?<=[{}])([^{}@]+)\{/g, withIds).slice(1);
}

function build() {
  const parts = readFileSync(PANELS, 'utf8').split(/\/\* @part \w+ \*\//).slice(1);
  parts.push(OWN.map(path => readFileSync(path, 'utf8')).join('\n'));
  mkdirSync(here('lib/lab'), { recursive: true });
  writeFileSync(TARGET, parts.map((css, index) => outrank(minify(css), index + 1)).join(''));
}

build();
if (process.argv.includes('--watch')) {
  [PANELS, ...OWN].forEach(path => watch(path, build));
}
