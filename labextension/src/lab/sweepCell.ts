// The command "Sweep this cell": puts a %%sweep header atop the active cell, moves the numbers that the cell sets into
// it as ranges, and selects what has to be thought about. Like track, it edits the shared model as typing does.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { ensureLoaded } from './loadExtension';

export const SWEEP_CELL = 'jtrack:sweep-cell';

const HEADER = /^\s*%%(?:track|sweep)(?![\w-])[^\n]*\n?/;
const ASSIGNMENT = /^([A-Za-z_]\w*)\s*=\s*(-?\d[\d_]*(?:\.\d*)?(?:e-?\d+)?)[^\S\n]*(?:#.*)?(?:\n|$)/gm;
/** A word of a header; quotes and brackets keep blanks in it. */
const WORD = /(?:"[^"]*"|'[^']*'|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|[^\s"'([{])+/g;
const SETTING = /^([A-Za-z_]\w*)=(.+)$/s;
const RANGE = /=(?:choice|uniform)\(/;
const NUMBER = /^-?\d[\d_]*(?:\.\d*)?(?:e-?\d+)?$/;
const MOST_NAMES = 3;
const MINIMIZE = ' --max-evals 20 --minimize ';
const OBJECTIVE = 'loss';

export const sweepCellPlugin: JupyterFrontEndPlugin<void> = {
  id: SWEEP_CELL,
  description: 'A command that puts a %%sweep header atop a cell.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, palette: ICommandPalette | null): void => {
    app.commands.addCommand(SWEEP_CELL, {
      label: 'jtrack: Sweep This Cell',
      caption: 'Run the active cell many times with other values, to find the best',
      isEnabled: () => tracker.activeCell?.model.type === 'code' && !isSweep(tracker.activeCell.model.sharedModel.getSource()),
      execute: () => {
        const [panel, cell] = [tracker.currentWidget, tracker.activeCell];
        if (panel && cell) {
          ensureLoaded(panel);
          const { end, text } = sweepEdit(cell.model.sharedModel.getSource());
          cell.model.sharedModel.updateSource(0, end, text);
          const column = text.indexOf(MINIMIZE) + MINIMIZE.length;
          cell.editor?.focus();
          cell.editor?.setSelection({ start: { line: 0, column }, end: { line: 0, column: column + OBJECTIVE.length } });
        }
      }
    });
    palette?.addItem({ command: SWEEP_CELL, category: 'jtrack' });
  }
};

function isSweep(source: string): boolean {
  return /^\s*%%sweep(?![\w-])/.test(source);
}

/** The edit that makes a source a sweep, from its start to `end`: a cell is tracked or swept, not both. */
export function sweepEdit(source: string): { end: number; text: string } {
  const header = HEADER.exec(source)?.[0] ?? '';
  const body = source.slice(header.length);
  const found = [...body.matchAll(ASSIGNMENT)].filter(match => isSetting(body, match)).slice(0, MOST_NAMES);
  const names = found.map(([, name, value]) => `${name}=${around(value!)}`);
  const { experiment, settings } = headerParts(header);
  // What the body sets counts after the header.
  const space = [...settings.filter(setting => !names.some(other => nameOf(other) === nameOf(setting))), ...names];
  if (!space.some(setting => RANGE.test(setting))) {
    space.push('lr=uniform(0.001,0.1)');
  }
  // What the header sets the cell must not set anew: these lines go, what stands between them stays.
  let [end, kept] = [0, ''];
  for (const match of found) {
    kept += body.slice(end, match.index);
    end = match.index + match[0].length;
  }
  return { end: header.length + end, text: `%%sweep${experiment}${MINIMIZE}${OBJECTIVE} ${space.join(' ')}\n${kept}` };
}

/** What a sweep takes over from the header of a tracked cell: the experiment, and what it sets, numbers as ranges. */
function headerParts(header: string): { experiment: string; settings: string[] } {
  const parts = { experiment: '', settings: [] as string[] };
  const words = header.match(WORD)?.slice(1) ?? [];
  for (let at = 0; at < words.length && !words[at]!.startsWith('#'); at++) {
    const word = words[at]!;
    const [, name, value] = SETTING.exec(word) ?? [];
    if (word.startsWith('--')) {
      at += /^--(?:quiet|help)$|=/.test(word) ? 0 : 1;
    } else if (name && value) {
      parts.settings.push(NUMBER.test(value) ? `${name}=${around(value)}` : word);
    } else {
      parts.experiment = ` ${word}`;
    }
  }
  return parts;
}

function nameOf(setting: string): string {
  return setting.split('=')[0]!;
}

/** Whether an assignment is code and the only one of its name: a counter or the objective is no param. */
function isSetting(body: string, { 1: name, index }: RegExpExecArray): boolean {
  const isInText = (body.slice(0, index).match(/"""|'''/g) ?? []).length % 2 === 1;
  const sets = body.match(new RegExp(`^[^\\S\\n]*${name}\\s*(?:[-+*/%@&|^]|//|\\*\\*|<<|>>)?=(?!=)`, 'gm')) ?? [];
  return !isInText && name !== OBJECTIVE && sets.length === 1;
}

/** A range about the value that the cell has now. */
function around(text: string): string {
  const value = Number(text.replaceAll('_', ''));
  if (/^-?[\d_]+$/.test(text)) {
    const values = [Math.floor(value / 2), value, value * 2];
    return `choice(${[...new Set(value > 0 ? values.filter(other => other > 0) : [value - 1, value, value + 1])].join(',')})`;
  }
  const ends = value === 0 ? [0, 1] : [value / 2, value * 2].sort((a, b) => a - b);
  return `uniform(${ends.map(end => Number(end.toPrecision(6))).join(',')})`;
}
