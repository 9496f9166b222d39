// Shows at each tracked cell what its last run came to. It is a widget of the page, between the cell's input and output:
// the document knows nothing of it. One question per notebook tells all its cells, however many there are.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import type { PanelLayout } from '@lumino/widgets';

import type { MarkedCell } from '../server/api';
import { CellMark } from './cellMark';
import { paced } from '../server/changes';
import { type RunServices, IRunServices } from './services';
import { RUNS_OF_CELL } from './sidePanel';

const PAUSE_MS = 500;
const INPUT = 'jp-Cell-inputWrapper';

export const cellMarksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:cell-marks',
  description: 'Shows the last metric of each tracked cell under its input.',
  autoStart: true,
  requires: [INotebookTracker, IRunServices],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, services: RunServices): void => {
    const showRuns = (panel: NotebookPanel, cell: Cell): void => {
      panel.content.activeCellIndex = panel.content.widgets.indexOf(cell);
      void app.commands.execute(RUNS_OF_CELL);
    };
    const follow = (panel: NotebookPanel): void => {
      const marks = new NotebookMarks(panel, services, cell => showRuns(panel, cell));
      panel.disposed.connect(() => marks.dispose());
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_sender, panel) => follow(panel));
  }
};

class NotebookMarks implements IDisposable {
  isDisposed = false;
  private readonly marks = new Map<string, CellMark>();
  private known: MarkedCell[] = [];
  private watching: IDisposable | null = null;
  private readonly refresh = paced(() => this.read(), PAUSE_MS);

  constructor(
    private readonly panel: NotebookPanel,
    private readonly services: RunServices,
    private readonly show: (cell: Cell) => void
  ) {
    const { context } = panel;
    void context.ready.then(() => {
      this.follow();
      context.pathChanged.connect(() => this.follow());
      // A cell that was cut and put back, or undone, is a new widget.
      panel.content.model?.cells.changed.connect(() => requestAnimationFrame(() => this.draw()));
    });
  }

  dispose(): void {
    this.isDisposed = true;
    this.watching?.dispose();
    this.marks.forEach(mark => mark.dispose());
  }

  private get place(): { notebook_path: string } {
    return { notebook_path: this.panel.context.localPath };
  }

  private follow(): void {
    if (!this.isDisposed) {
      this.watching?.dispose();
      this.watching = this.services.changes.watch(this.place, this.refresh);
      this.refresh();
    }
  }

  private async read(): Promise<void> {
    if (this.isDisposed || this.panel.isHidden) {
      await this.shown();
    }
    try {
      this.known = await this.services.api.get<MarkedCell[]>('cells', this.place);
      this.draw();
    } catch {
      // No server extension, or none that answers now: the side panel says so.
    }
  }

  /** Wait until somebody can see the notebook: a tab behind another needs no marks. */
  private shown(): Promise<void> {
    return new Promise(resolve => {
      const observer = new IntersectionObserver(entries => {
        if (entries.some(entry => entry.isIntersecting)) {
          observer.disconnect();
          resolve();
        }
      });
      observer.observe(this.panel.node);
    });
  }

  private draw(): void {
    if (this.isDisposed) {
      return;
    }
    const cells = new Map(this.panel.content.widgets.map(cell => [cell.model.id, cell]));
    const ids = new Set(this.known.map(said => said.cell_id));
    for (const [id, mark] of this.marks) {
      if (!ids.has(id)) {
        // All its runs were deleted.
        mark.dispose();
        this.marks.delete(id);
      }
    }
    for (const said of this.known) {
      const cell = said.cell_id === null ? undefined : cells.get(said.cell_id);
      if (cell) {
        this.mark(cell, said);
      }
    }
  }

  private mark(cell: Cell, said: MarkedCell): void {
    const id = cell.model.id;
    const found = this.marks.get(id);
    const mark = found && !found.isDisposed ? found : new CellMark(() => this.show(cell));
    this.marks.set(id, mark);
    mark.tell(said);
    if (mark.parent !== cell) {
      // A cell that was never in view has no parts yet.
      void cell.ready.then(() => !cell.isDisposed && !mark.isDisposed && insert(cell, mark));
    }
  }
}

function insert(cell: Cell, mark: CellMark): void {
  const layout = cell.layout as PanelLayout;
  const index = layout.widgets.findIndex(part => part.hasClass(INPUT));
  layout.insertWidget(index + 1, mark);
}
