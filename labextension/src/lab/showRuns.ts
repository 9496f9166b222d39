// The command "Show runs of this notebook": opens them as a table beside the notebook. The server reads them, so that it
// needs no kernel and leaves the notebook as it is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import type { Scope, Where } from '../server/api';
import { OPEN_PANEL } from './panels';
import { type RunServices, IRunServices } from './services';
import { type Sort, metricField } from './side/model';

export const SHOW_RUNS = 'jtrack:show-runs';

export const showRunsPlugin: JupyterFrontEndPlugin<void> = {
  id: SHOW_RUNS,
  description: 'A command that opens the runs of the current notebook beside it.',
  autoStart: true,
  requires: [INotebookTracker, IRunServices],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    services: RunServices,
    palette: ICommandPalette | null
  ): void => {
    app.commands.addCommand(SHOW_RUNS, {
      label: 'jtrack: Show Runs of This Notebook',
      caption: 'Open the runs that cells of this notebook made, beside it',
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const panel = tracker.currentWidget;
        if (panel) {
          const place = { notebook_path: panel.context.localPath };
          const params = tableArgs(await services.api.where(place), 'notebook');
          const beside = { ref: panel.id, mode: 'split-right' };
          const label = `Runs of ${panel.title.label}`;
          await app.commands.execute(OPEN_PANEL, { panel: 'runs', params, place, label, beside } as any);
        }
      }
    });
    palette?.addItem({ command: SHOW_RUNS, category: 'jtrack' });
  }
};

/** What the runs table is asked for, to show what a list of that scope shows. */
export function tableArgs(where: Where, scope: Scope, { filter = '', sort }: { filter?: string; sort?: Sort } = {}): object {
  const within = scopeFilter(where, scope);
  const both = filter && within ? `(${filter}) and ${within}` : filter || within;
  const order = sort?.isDescending === false ? 'ASC' : 'DESC';
  const key = sort?.key ? metricField(sort.key) : 'attributes.started_at';
  return { filter_string: both, order_by: [`${key} ${order}`], max_results: 100000 };
}

function scopeFilter({ folder, notebook_path }: Where, scope: Scope): string {
  if (scope === 'notebook' && notebook_path !== null) {
    return `attributes.source_name = ${quoted(notebook_path)}`;
  }
  return scope === 'all' ? '' : `attributes.source_name LIKE ${quoted(`${folder}/%`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
