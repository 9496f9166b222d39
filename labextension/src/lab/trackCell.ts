// The command "Track this cell": puts %%track atop the active code cell, or takes it off. It edits the shared
// model, as typing does, so that undo and collaboration see an ordinary edit.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { ensureLoaded } from './loadExtension';

export const TRACK_CELL = 'jtrack:track-cell';

/** A replacement of `source[start:end]` by `text`. */
export type Edit = { start: number; end: number; text: string };

// Blank lines before a cell magic are allowed by IPython; anything else makes it an ordinary line.
const HEADER = /^\s*%%track(?![\w-])[^\n]*\n?/;

export const trackCellPlugin: JupyterFrontEndPlugin<void> = {
  id: TRACK_CELL,
  description: 'A command that puts %%track atop a cell, or takes it off.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, palette: ICommandPalette | null): void => {
    const codeCell = () => {
      const cell = tracker.activeCell;
      return cell?.model.type === 'code' ? cell.model.sharedModel : null;
    };
    app.commands.addCommand(TRACK_CELL, {
      label: 'jtrack: Track This Cell',
      caption: 'Record the active cell as a run each time it is executed, or stop doing so',
      isEnabled: () => codeCell() !== null,
      isToggled: () => isTracked(codeCell()?.getSource() ?? ''),
      execute: () => {
        const cell = codeCell();
        if (cell) {
          const { start, end, text } = toggleTrack(cell.getSource());
          cell.updateSource(start, end, text);
          if (text && tracker.currentWidget) {
            ensureLoaded(tracker.currentWidget);
          }
        }
      }
    });
    palette?.addItem({ command: TRACK_CELL, category: 'jtrack' });
  }
};

/** Whether a cell with this source is recorded as a run. */
export function isTracked(source: string): boolean {
  return HEADER.test(source);
}

/** The edit that puts the header on a source without it, or takes it off one that has it. */
export function toggleTrack(source: string): Edit {
  const header = HEADER.exec(source)?.[0];
  return header === undefined ? { start: 0, end: 0, text: '%%track\n' } : { start: 0, end: header.length, text: '' };
}
