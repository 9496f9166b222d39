// Rebuilds whatever a change touches until it is interrupted: types and plugin (tsc), styles, the widgets (Rspack), the
// extension (jupyter-builder). A reload of JupyterLab's page then shows it.
import { spawn } from 'node:child_process';

const commands = [
  ['tsc', '--watch', '--preserveWatchOutput'],
  ['node', 'build-style.mjs', '--watch'],
  ['node', 'build-widget.mjs', '--development', '--watch'],
  ['jupyter-builder', 'watch', '.']
];
const children = commands.map(([command, ...args]) => spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }));
// One that stops takes the others along, so that a broken watcher is not overlooked.
for (const child of children) {
  child.on('exit', code => {
    children.forEach(other => other.kill());
    process.exitCode ??= code ?? 1;
  });
}
