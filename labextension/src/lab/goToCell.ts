// From a run to the cell that made it: opens the notebook, scrolls to the cell and marks it for a moment. The server
// knows the cell of a trial by its sweep, and a notebook that was renamed by its cells.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';

import { asFault } from '../panels/frames';
import type { MakingCell, Place } from '../server/api';
import type { RunServices } from './services';

const MARKED_MS = 1600;
const ARRIVED = 'jtrack-arrived';

export async function goToCell(app: JupyterFrontEnd, services: RunServices, place: Place, run_id: string): Promise<void> {
  try {
    const cell = await services.api.makingCell(run_id, place);
    const problem = await show(app, services, cell);
    if (problem) {
      tell(`${cell.run_name} ${problem}`);
    }
  } catch (error) {
    tell(asFault(error).message);
  }
}

/** Gives what stands in the way, as the rest of a sentence about the run. */
async function show(app: JupyterFrontEnd, { places }: RunServices, cell: MakingCell): Promise<string | null> {
  const { cell_id, notebook_path, recorded_path } = cell;
  if (cell_id === null && notebook_path === null) {
    return 'is a run that no notebook cell made.';
  }
  // A notebook that was never saved since has the cell in its tab alone.
  const open = cell_id === null ? null : places.panelWith(cell_id, notebook_path);
  const panel = open ?? (notebook_path === null ? null : await openNotebook(app, notebook_path));
  if (!panel) {
    return `was made in ${recorded_path}, which is not below the folder that is served here, or no longer there.`;
  }
  app.shell.activateById(panel.id);
  await panel.context.ready;
  await panel.revealed;
  return cell_id !== null && (await showCell(panel, cell_id)) ? null : `was made by a cell that is no longer in ${panel.context.localPath}.`;
}

function openNotebook(app: JupyterFrontEnd, path: string): Promise<NotebookPanel | null> {
  return app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
}

async function showCell(panel: NotebookPanel, cellId: string): Promise<boolean> {
  const notebook = panel.content;
  const index = notebook.widgets.findIndex(cell => cell.model.id === cellId);
  const cell = notebook.widgets[index];
  if (!cell) {
    return false;
  }
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  await notebook.scrollToItem(index, 'smart');
  notebook.node.focus({ preventScroll: true });
  cell.addClass(ARRIVED);
  setTimeout(() => cell.removeClass(ARRIVED), MARKED_MS);
  return true;
}

function tell(message: string): void {
  Notification.info(message, { autoClose: 6000 });
}
