// The JupyterLab extension: a list of small plugins, so that any of them can be switched off alone
// (`jupyter labextension disable jtrack:cell-marks`). What shows runs asks the server extension; the rest needs none.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { cellMarksPlugin } from './cellMarks';
import { compareRunsPlugin } from './compareRuns';
import { exportModelPlugin } from './exportModel';
import { notebookMenuPlugin } from './notebookMenu';
import { notebookPathPlugin } from './notebookPath';
import { panelsPlugin } from './panels';
import { savedPanelsPlugin } from './savedPanels';
import { servicesPlugin } from './services';
import { showPanelsPlugin } from './showPanels';
import { showRunsPlugin } from './showRuns';
import { sidePanelPlugin } from './sidePanel';
import { sweepCellPlugin } from './sweepCell';
import { trackCellPlugin } from './trackCell';

const plugins: JupyterFrontEndPlugin<any>[] = [
  servicesPlugin,
  notebookPathPlugin,
  panelsPlugin,
  sidePanelPlugin,
  savedPanelsPlugin,
  showRunsPlugin,
  showPanelsPlugin,
  cellMarksPlugin,
  trackCellPlugin,
  sweepCellPlugin,
  exportModelPlugin,
  compareRunsPlugin,
  notebookMenuPlugin
];

export default plugins;
