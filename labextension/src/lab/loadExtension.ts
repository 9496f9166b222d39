// What jtrack writes into a notebook needs `%load_ext jtrack`. Where no cell has it, one is put above the active cell and
// run, so that whoever begins with a command of JupyterLab's isn't met by a magic that nobody knows.

import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

const LOADS = /^\s*%(?:re)?load_ext\s+jtrack\b/m;
const LOAD = '%load_ext jtrack';

export function ensureLoaded(panel: NotebookPanel): void {
  const { content, sessionContext } = panel;
  if (!content.model || content.widgets.some(({ model }) => model.type === 'code' && LOADS.test(model.sharedModel.getSource()))) {
    return;
  }
  const index = content.activeCellIndex;
  content.model.sharedModel.insertCell(index, { cell_type: 'code', source: LOAD });
  content.activeCellIndex = index + 1;
  const cell = content.widgets[index];
  if (cell && sessionContext.session?.kernel) {
    // Not waited for: the kernel may be busy, and takes one cell after the other.
    void NotebookActions.runCells(content, [cell], sessionContext);
  }
}
