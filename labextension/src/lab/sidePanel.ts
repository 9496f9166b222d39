// Puts the side panel into the left area, and the commands that are about its runs into the palette.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';

import type { ListedRun, Place } from '../server/api';
import { goToCell } from './goToCell';
import { runsIcon } from './icons';
import { OPEN_PANEL } from './panels';
import { type RunServices, IRunServices } from './services';
import { runsTable } from './showRuns';
import type { SideModel } from './side/model';
import { type SideActions, SidePanel } from './side/panel';

export const SHOW_SIDE_PANEL = 'jtrack:show-side-panel';
export const RUNS_OF_CELL = 'jtrack:runs-of-cell';
const COMPARE_SELECTED = 'jtrack:compare-selected';
const OPEN_RUN = 'jtrack:open-run';
const GO_TO_CELL = 'jtrack:go-to-cell';

export const sidePanelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:side-panel',
  description: 'A side panel with the runs of this notebook, of this folder and all.',
  autoStart: true,
  requires: [IRunServices, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    services: RunServices,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const panel = new SidePanel(services, actions(app, services));
    panel.id = 'jtrack-side-panel';
    panel.title.icon = runsIcon;
    panel.title.caption = 'jtrack runs';
    app.shell.add(panel, 'left', { rank: 450, type: 'jtrack' });
    restorer?.add(panel, panel.id);
    addCommands(app, panel, services);
    addCellCommand(app, panel, tracker);
    for (const command of [SHOW_SIDE_PANEL, COMPARE_SELECTED, RUNS_OF_CELL]) {
      palette?.addItem({ command, category: 'jtrack' });
    }
  }
};

function actions(app: JupyterFrontEnd, services: RunServices): SideActions {
  const open = (panel: string, label: string, params: object, place: Place): void =>
    void app.commands.execute(OPEN_PANEL, { panel, label, params, place } as any);
  return {
    open: (run, place) =>
      run.kind === 'sweep'
        ? open('parallel', run.run_name, { parent_or_runs: run.run_id }, place)
        : open('run', run.run_name, { run_id: run.run_id }, place),
    compare: (runs, place) => open('compare', `Compare ${runs.length} runs`, { runs }, place),
    parallel: (runs, place) => open('parallel', `Parallel ${runs.length} runs`, { parent_or_runs: runs }, place),
    table: model => void openTable(app, model),
    goToCell: (run, place) => void goToCell(app, services, place, run.run_id)
  };
}

async function openTable(app: JupyterFrontEnd, model: SideModel): Promise<void> {
  const { place, shownScope, cell, notebookPath, folder } = model;
  const name = { notebook: PathExt.basename(notebookPath ?? ''), folder: PathExt.basename(folder) || 'this folder', all: 'all' };
  const label = shownScope === 'all' ? 'All runs' : `Runs of ${cell ? 'a cell of ' : ''}${name[shownScope]}`;
  await app.commands.execute(OPEN_PANEL, { ...runsTable(shownScope, model), place, label } as any);
}

function addCommands(app: JupyterFrontEnd, panel: SidePanel, services: RunServices): void {
  // From the row that a context menu was opened on, else the one where the keyboard is.
  const meant = (): ListedRun | null => {
    const node = app.contextMenuHitTest(element => element.dataset.runId !== undefined);
    return panel.list.runAt(node ?? null) ?? panel.list.activeRun;
  };
  app.commands.addCommand(SHOW_SIDE_PANEL, {
    label: 'jtrack: Show the Side Panel',
    caption: 'Runs of this notebook, of this folder, and all',
    icon: runsIcon,
    execute: () => app.shell.activateById(panel.id)
  });
  app.commands.addCommand(COMPARE_SELECTED, {
    label: 'jtrack: Compare Selected Runs',
    caption: 'Open the runs that are selected in the side panel side by side',
    isEnabled: () => panel.model.selected.size > 1,
    execute: () => panel.compareChosen()
  });
  app.commands.addCommand(OPEN_RUN, {
    label: 'Open Run',
    isEnabled: () => meant() !== null,
    execute: () => {
      const run = meant();
      if (run) {
        panel.open(run);
      }
    }
  });
  app.commands.addCommand(GO_TO_CELL, {
    label: 'Go to Its Cell',
    isEnabled: () => {
      const run = meant();
      // What is nested, such as a trial, was made by the cell of the run around it.
      return run !== null && (run.notebook_path ?? run.cell_id ?? run.parent_run_id) !== null;
    },
    execute: async () => {
      const run = meant();
      if (run) {
        await goToCell(app, services, panel.model.place, run.run_id);
      }
    }
  });
}

function addCellCommand(app: JupyterFrontEnd, panel: SidePanel, tracker: INotebookTracker): void {
  app.commands.addCommand(RUNS_OF_CELL, {
    label: 'jtrack: Show Runs of This Cell',
    caption: 'List the runs that the active cell made',
    isEnabled: () => tracker.activeCell?.model.type === 'code',
    execute: () => {
      const [notebook, cell] = [tracker.currentWidget, tracker.activeCell];
      if (notebook && cell) {
        const label = cellLabel(cell.model.sharedModel.getSource());
        panel.model.change({
          scope: 'notebook',
          filter: '',
          cell: { notebook_path: notebook.context.localPath, cell_id: cell.model.id, label }
        });
        app.shell.activateById(panel.id);
      }
    }
  });
}

/** What a cell is called: its first line that says something. */
function cellLabel(source: string): string {
  const lines = source.split('\n').map(line => line.trim());
  return lines.find(line => line && !line.startsWith('#') && !line.startsWith('%%track')) ?? lines[0] ?? '';
}
