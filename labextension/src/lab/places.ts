// Where one is: the notebook used last, else the folder that the file browser shows; and which notebooks are open.

import { PathExt } from '@jupyterlab/coreutils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { Place } from '../server/api';

export class Places {
  private readonly listeners = new Set<() => void>();

  constructor(
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

  /** An open notebook that has a cell: the one at the path, else any, but only where none at the path could be opened. */
  panelWith(cellId: string, path: string | null): NotebookPanel | null {
    const found = this.tracker.filter(panel => panel.content.widgets.some(cell => cell.model.id === cellId));
    return found.find(panel => panel.context.localPath === path) ?? (path === null ? (found[0] ?? null) : null);
  }
}
