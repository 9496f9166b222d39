// The command "Sweep this cell": puts a %%sweep header atop the active cell, filled in from what the cell says, and
// selects what has to be thought about. Like track, it edits the shared model as typing does.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { ensureLoaded } from './loadExtension';

export const SWEEP_CELL = 'jtrack:sweep-cell';

const HEADER = /^\s*%%(?:track|sweep)(?![\w-])[^\n]*\n?/;
const ASSIGNMENT = /^([A-Za-z_]\w*)\s*=\s*(-?\d[\d_]*(?:\.\d*)?(?:e-?\d+)?)\s*(?:#.*)?$/gm;
const MOST_NAMES = 3;
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
          const { end, text } = sweepHeader(cell.model.sharedModel.getSource());
          cell.model.sharedModel.updateSource(0, end, text);
          const column = text.indexOf(OBJECTIVE);
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

/** The header for a source, and where what it replaces ends: a cell is tracked or swept, not both. */
export function sweepHeader(source: string): { end: number; text: string } {
  const header = HEADER.exec(source)?.[0] ?? '';
  const found = [...source.slice(header.length).matchAll(ASSIGNMENT)].slice(0, MOST_NAMES);
  const names = found.map(([, name, value]) => `${name}=${around(value!.replaceAll('_', ''))}`);
  const space = names.length > 0 ? names.join(' ') : 'lr=uniform(0.001,0.1)';
  return { end: header.length, text: `%%sweep --max-evals 20 --minimize ${OBJECTIVE} ${space}\n` };
}

/** A range about the value that the cell has now. */
function around(text: string): string {
  const value = Number(text);
  if (/^-?\d+$/.test(text)) {
    const values = [Math.floor(value / 2), value, value * 2];
    return `choice(${[...new Set(value > 0 ? values.filter(other => other > 0) : [value - 1, value, value + 1])].join(',')})`;
  }
  const ends = value === 0 ? [0, 1] : [value / 2, value * 2].sort((a, b) => a - b);
  return `uniform(${ends.map(end => Number(end.toPrecision(6))).join(',')})`;
}
