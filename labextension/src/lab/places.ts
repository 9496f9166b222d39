// Where one is: the notebook used last, else the folder that the file browser shows; and how the absolute paths that
// runs record become paths as JupyterLab names them.

import { PathExt } from '@jupyterlab/coreutils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { Api, Place } from '../server/api';

export class Places {
  private root: Promise<string> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly api: Api,
    private readonly tracker: INotebookTracker,
    private readonly browser: FileBrowser | null
  ) {
    const moved = (): void => this.listeners.forEach(listener => listener());
    const follow = (panel: NotebookPanel): void => {
      panel.context.pathChanged.connect(moved);
      panel.disposed.connect(moved);
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_sender, panel) => follow(panel));
    tracker.currentChanged.connect(moved);
    browser?.model.pathChanged.connect(moved);
  }

  /** Call `listener` when one is somewhere else. */
  onMove(listener: () => void): void {
    this.listeners.add(listener);
  }

  get notebookPath(): string | null {
    const panel = this.tracker.currentWidget;
    return panel && !panel.isDisposed ? panel.context.localPath : null;
  }

  get folder(): string {
    const path = this.notebookPath;
    return path === null ? (this.browser?.model.path.replace(/^[^/]*:/, '') ?? '') : PathExt.dirname(path);
  }

  get here(): Place {
    const path = this.notebookPath;
    return path === null ? { store: this.folder } : { notebook_path: path };
  }

  /** The notebook panel whose area holds an element. */
  panelAround(element: Node): NotebookPanel | null {
    return this.tracker.find(panel => panel.node.contains(element)) ?? null;
  }

  /** A recorded path as JupyterLab names it; null where it lies outside the folder that is served. */
  async relative(path: string): Promise<string | null> {
    this.root ??= this.api.where({ store: '' }).then(where => where.folder);
    try {
      const root = (await this.root).replace(/[\\/]$/, '');
      const isBelow = path.startsWith(root) && /^[\\/]/.test(path.slice(root.length));
      return isBelow ? path.slice(root.length + 1).replaceAll('\\', '/') : null;
    } catch (fault) {
      this.root = null;
      throw fault;
    }
  }
}
