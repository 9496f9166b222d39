// The command "Show runs of this notebook": asks the notebook's own kernel for the panel and shows it in the main
// area beside the notebook. The request keeps out of the history, binds no name and leaves the document as it is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { Kernel } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';

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
      isEnabled: () => tracker.currentWidget?.sessionContext.session?.kernel != null,
      execute: () => {
        const panel = tracker.currentWidget;
        const kernel = panel?.sessionContext.session?.kernel;
        if (panel && kernel) {
          const shown = runsBeside(panel, kernel);
          app.shell.add(shown, 'main', { ref: panel.id, mode: 'split-right' });
          app.shell.activateById(shown.id);
        }
      }
    });
    palette?.addItem({ command: SHOW_RUNS, category: 'Notebook Operations' });
  }
};

function runsBeside(panel: NotebookPanel, kernel: Kernel.IKernelConnection): MainAreaWidget {
  const content = new SimplifiedOutputArea({
    model: new OutputAreaModel({ trusted: true }),
    // The notebook's own: it draws widgets of this kernel.
    rendermime: panel.content.rendermime
  });
  content.addClass('jp-jtrack-runs');
  content.future = kernel.requestExecute({
    code: runsCode(PageConfig.getOption('serverRoot'), panel.context.localPath),
    store_history: false
  });
  const widget = new MainAreaWidget({ content });
  widget.id = `jtrack-runs-${UUID.uuid4()}`;
  widget.title.label = `Runs of ${panel.title.label}`;
  widget.title.caption = `Runs that cells of ${panel.context.localPath} made`;
  widget.title.closable = true;
  return widget;
}

/** Python that shows the runs of the notebook at `path` below the server's root, and binds no name. */
export function runsCode(serverRoot: string, path: string): string {
  const filter = sourceFilter(serverRoot, path);
  return `__import__("IPython").display.display(__import__("jtrack").runs(${JSON.stringify(filter)}))`;
}

/** The filter that finds a notebook's runs, which know its absolute path. */
export function sourceFilter(serverRoot: string, path: string): string {
  // The server may name its root from its user's home on, or not at all; what is left of the path is its end.
  const known = serverRoot.startsWith('~') ? serverRoot.slice(1) : serverRoot;
  const absolute = `${known.replace(/\/$/, '')}/${path}`.replaceAll("'", "''");
  return known === serverRoot && known !== ''
    ? `attributes.source_name = '${absolute}'`
    : `attributes.source_name LIKE '%${absolute}'`;
}
