// The JupyterLab extension: a list of small plugins, so that any of them can be switched off alone
// (`jupyter labextension disable jtrack:track-cell`). None of them needs the server extension.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { notebookPathPlugin } from './notebookPath';
import { showRunsPlugin } from './showRuns';
import { trackCellPlugin } from './trackCell';

const plugins: JupyterFrontEndPlugin<void>[] = [notebookPathPlugin, trackCellPlugin, showRunsPlugin];

export default plugins;
