// Tells the kernel which notebook a cell is run from, also after a rename. Every execute request of a
// notebook passes through its kernel connection's requestExecute, whoever runs the cell (Lab's executor or
// another extension's: that token has room for one only), so that one method of that one object is wrapped.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

import { learnPolicy, modulesAddress } from './widgetModules';

/** What a kernel finds under the key `jtrack` in the metadata of an execute request. */
export type ExecuteMetadata = {
  /** Relative to the server's root, with `/`, as the file browser shows it. */
  notebook_path: string;
  /** The server's root folder as the server names it (`~` for its user's home); empty where it keeps that to itself. */
  server_root: string;
  /** Where the page wants the widgets' modules from, if not from the kernel. */
  modules_address?: string;
};

const told = new WeakSet<Kernel.IKernelConnection>();

export const notebookPathPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:notebook-path',
  description: "Adds the notebook's path to the metadata of execute requests.",
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker): void => {
    void learnPolicy();
    tracker.forEach(tellPath);
    tracker.widgetAdded.connect((_sender, panel) => tellPath(panel));
  }
};

function tellPath(panel: NotebookPanel): void {
  const { context, sessionContext } = panel;
  // Read at every request: a rename changes it under a running kernel.
  const metadata = (): ExecuteMetadata => ({
    notebook_path: context.localPath,
    server_root: PageConfig.getOption('serverRoot'),
    modules_address: modulesAddress()
  });
  const wrap = (kernel: Kernel.IKernelConnection | null | undefined): void => {
    if (kernel && !told.has(kernel)) {
      told.add(kernel);
      addMetadata(kernel, metadata);
    }
  };
  wrap(sessionContext.session?.kernel);
  // A restart keeps the connection; another kernel, or the first one, brings a new one.
  sessionContext.kernelChanged.connect((_sender, change) => wrap(change.newValue));
}

/** Let every execute request of `kernel` carry `metadata()`, beside what its caller gives. */
export function addMetadata(kernel: Kernel.IKernelConnection, metadata: () => ExecuteMetadata): void {
  const request = kernel.requestExecute.bind(kernel);
  kernel.requestExecute = (content, disposeOnDone, given) =>
    request(content, disposeOnDone, { ...given, jtrack: metadata() });
}
