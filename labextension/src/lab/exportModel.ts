// The command "Export a model of this cell": puts a cell with %export below the active one, with the name that the cell
// most likely gave its model, selected to be thought about. The kernel has the model, so that it does the exporting.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

import { ensureLoaded } from './loadExtension';

export const EXPORT_MODEL = 'jtrack:export-model';

const MAGIC = '%export ';
const MADE = /^([A-Za-z_]\w*)\s*=\s*[\w.]*\w\(/gm;
const FITTED = /^([A-Za-z_]\w*)\s*=.*\.fit\(|^([A-Za-z_]\w*)\.fit\(/gm;

export const exportModelPlugin: JupyterFrontEndPlugin<void> = {
  id: EXPORT_MODEL,
  description: 'A command that puts a cell with %export below a cell.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, palette: ICommandPalette | null): void => {
    app.commands.addCommand(EXPORT_MODEL, {
      label: 'jtrack: Export a Model of This Cell',
      caption: 'Package a model that the active cell made, so that it runs without the notebook',
      isEnabled: () => tracker.activeCell?.model.type === 'code',
      execute: async () => {
        const [panel, cell] = [tracker.currentWidget, tracker.activeCell];
        if (panel && cell) {
          const name = modelName(cell.model.sharedModel.getSource());
          ensureLoaded(panel);
          NotebookActions.insertBelow(panel.content);
          const below = panel.content.activeCell;
          below?.model.sharedModel.setSource(MAGIC + name);
          await below?.ready;
          below?.editor?.focus();
          below?.editor?.setSelection({
            start: { line: 0, column: MAGIC.length },
            end: { line: 0, column: MAGIC.length + name.length }
          });
        }
      }
    });
    palette?.addItem({ command: EXPORT_MODEL, category: 'jtrack' });
  }
};

/** The variable of a cell that is most likely its model: the last that is fitted, else the last that a call makes. */
export function modelName(source: string): string {
  const last = (pattern: RegExp): string | undefined => {
    const found = [...source.matchAll(pattern)].at(-1);
    return found?.[1] ?? found?.[2];
  };
  return last(FITTED) ?? last(MADE) ?? 'model';
}
