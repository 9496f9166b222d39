// The command "Show runs of this notebook", and the table that it and the side panel open. The server reads the runs and
// finds whose they are, as it does for the side panel's list, so that it needs no kernel and leaves the notebook as it is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import type { Scope } from '../server/api';
import type { PanelArgs } from '../server/panelView';
import { openBeside } from './panels';
import { type CellOfInterest, type Sort, NEWEST, orderOf } from './side/model';

export const SHOW_RUNS = 'jtrack:show-runs';

export const showRunsPlugin: JupyterFrontEndPlugin<void> = {
  id: SHOW_RUNS,
  description: 'A command that opens the runs of the current notebook beside it.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, palette: ICommandPalette | null): void => {
    app.commands.addCommand(SHOW_RUNS, {
      label: 'jtrack: Show Runs of This Notebook',
      caption: 'Open the runs that cells of this notebook made, beside it',
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const panel = tracker.currentWidget;
        if (panel) {
          await openBeside(app, panel, { ...runsTable('notebook', {}), label: `Runs of ${panel.title.label}` });
        }
      }
    });
    palette?.addItem({ command: SHOW_RUNS, category: 'jtrack' });
  }
};

/** The table of what the side panel lists; what is nested there (a sweep's trials) is folded here. */
export function runsTable(
  scope: Scope,
  { filter = '', sort = NEWEST, cell = null }: { filter?: string; sort?: Sort; cell?: CellOfInterest | null }
): Pick<PanelArgs, 'panel' | 'params'> {
  const group_by = filter || cell ? null : 'parent';
  const params = { scope, filter_string: filter, order_by: [orderOf(sort)], group_by, cell_id: cell?.cell_id ?? '' };
  return { panel: 'scoped_runs', params };
}
