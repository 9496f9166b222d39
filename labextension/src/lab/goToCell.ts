// From a run to the cell that made it: opens the notebook, scrolls to the cell and marks it for a moment.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';

import type { Places } from './places';

const MARKED_MS = 1600;
const ARRIVED = 'jtrack-arrived';

export interface CellAddress {
  run_name: string;
  /** Absolute, as runs record it. */
  notebook_path: string | null;
  cell_id: string | null;
}

export async function goToCell(app: JupyterFrontEnd, places: Places, run: CellAddress): Promise<void> {
  const path = run.notebook_path && (await places.relative(run.notebook_path));
  if (!path || !run.cell_id) {
    const why = run.notebook_path ? 'whose notebook lies outside the folder that is served here' : 'that no notebook cell made';
    tell(`${run.run_name} is a run ${why}.`);
    return;
  }
  const panel: NotebookPanel | undefined = await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  if (panel) {
    app.shell.activateById(panel.id);
    await panel.context.ready;
    await panel.revealed;
    if (!(await showCell(panel, run.cell_id))) {
      tell(`The cell of ${run.run_name} is no longer in ${path}.`);
    }
  }
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
