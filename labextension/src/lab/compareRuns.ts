// The commands "Compare runs of this cell" and "… of this notebook": open the comparison beside the notebook. The server
// knows the runs, so that it needs no kernel.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';

import { plural } from '../panels/format';
import { asFault } from '../panels/frames';
import type { RunsPage, Words } from '../server/api';
import { openBeside } from './panels';
import { type RunServices, IRunServices } from './services';
import { NOT_INSIDE } from './side/model';

export const COMPARE_CELL = 'jtrack:compare-cell';
const COMPARE_NOTEBOOK = 'jtrack:compare-notebook';
/** As many as are still told apart at a glance; more are chosen in the side panel or in the table. */
const MOST_RUNS = 20;

export const compareRunsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:compare-runs',
  description: 'Commands that compare the runs of a cell and of a notebook.',
  autoStart: true,
  requires: [INotebookTracker, IRunServices],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    services: RunServices,
    palette: ICommandPalette | null
  ): void => {
    const compare = async (what: string, words: Words): Promise<void> => {
      const panel = tracker.currentWidget;
      if (panel) {
        await openComparison(app, services, panel, what, words);
      }
    };
    app.commands.addCommand(COMPARE_CELL, {
      label: 'jtrack: Compare Runs of This Cell',
      caption: 'Open the newest runs that the active cell made side by side',
      isEnabled: () => tracker.activeCell?.model.type === 'code',
      execute: () => compare('cell', { cell_id: tracker.activeCell?.model.id })
    });
    app.commands.addCommand(COMPARE_NOTEBOOK, {
      label: 'jtrack: Compare Runs of This Notebook',
      caption: 'Open the newest runs of this notebook side by side',
      isEnabled: () => tracker.currentWidget !== null,
      execute: () => compare('notebook', { scope: 'notebook', filter: NOT_INSIDE })
    });
    for (const command of [COMPARE_CELL, COMPARE_NOTEBOOK]) {
      palette?.addItem({ command, category: 'jtrack' });
    }
  }
};

async function openComparison(
  app: JupyterFrontEnd,
  services: RunServices,
  panel: NotebookPanel,
  what: string,
  words: Words
): Promise<void> {
  try {
    const asked = { ...words, notebook_path: panel.context.localPath, limit: MOST_RUNS };
    const runs = (await services.api.get<RunsPage>('runs', asked)).runs.reverse();
    if (runs.length < 2) {
      tell(`This ${what} has ${plural(runs.length, 'run')}, and a comparison takes two. Run a tracked cell again with something changed.`);
      return;
    }
    const params = { runs: runs.map(run => run.run_id) };
    await openBeside(app, panel, { panel: 'compare', params, label: `Compare ${runs.length} runs` });
  } catch (error) {
    tell(asFault(error).message);
  }
}

function tell(message: string): void {
  Notification.info(message, { autoClose: 6000 });
}
