// Opens any panel in the main area and brings the open ones back after a reload. What is clicked in a panel, here or in
// a notebook's output, and means a run, opens that run's page. Jupyter Notebook has no room beside its notebook: there a
// panel opens in a tab of the browser, on the page that the server gives.

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ToolbarButton } from '@jupyterlab/ui-components';
import type { DockLayout } from '@lumino/widgets';

import { listen } from '../panels/tell';
import type { Place } from '../server/api';
import type { Frame, PanelArgs } from '../server/panelView';
import { pageAddress } from '../server/spot';
import { goToCell } from './goToCell';
import { runsIcon } from './icons';
import { PanelHost } from './panelHost';
import { type RunServices, IRunServices } from './services';

export const OPEN_PANEL = 'jtrack:open-panel';

type HostWidget = MainAreaWidget<PanelHost>;
/** Beside which widget it is opened, and on which side. */
type Beside = { ref?: string; mode?: DockLayout.InsertMode };
/** A panel of what is newest `isFresh`: asking again doesn't show the tab with what was the newest then. */
type OpenOptions = { beside?: Beside; isFresh?: boolean };

export const panelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:panels',
  description: 'Opens runs, comparisons and sweeps in the main area.',
  autoStart: true,
  requires: [IRunServices],
  optional: [ILayoutRestorer, ILabShell],
  activate: (app: JupyterFrontEnd, services: RunServices, restorer: ILayoutRestorer | null, shell: ILabShell | null): void => {
    const tracker = new WidgetTracker<HostWidget>({ namespace: 'jtrack-panels' });
    app.commands.addCommand(OPEN_PANEL, {
      label: args => `jtrack: ${String(args['label'] ?? 'Open Panel')}`,
      execute: given => {
        const { beside, isFresh, ...args } = given as unknown as PanelArgs & OpenOptions;
        const id = panelId(args);
        if (!shell) {
          window.open(pageAddress(app.serviceManager.serverSettings.baseUrl, args.place, args), id);
          return;
        }
        const found = tracker.find(widget => widget.id === id);
        if (isFresh) {
          found?.dispose();
        }
        if (!found || isFresh) {
          const widget = makeWidget(app, services, args, id);
          void tracker.add(widget);
          shell.add(widget, 'main', { type: 'jtrack', ...beside });
        }
        shell.activateById(id);
      }
    });
    void restorer?.restore(tracker, {
      command: OPEN_PANEL,
      args: widget => ({ ...widget.content.args }) as any,
      name: widget => widget.id
    });
    answer(app, services, tracker);
  }
};

/** Open a panel about the store of a notebook to the right of it. */
export async function openBeside(app: JupyterFrontEnd, notebook: NotebookPanel, args: Omit<PanelArgs, 'place'>): Promise<void> {
  const place = { notebook_path: notebook.context.localPath };
  const beside: Beside = { ref: notebook.id, mode: 'split-right' };
  await app.commands.execute(OPEN_PANEL, { ...args, place, beside } as any);
}

function makeWidget(app: JupyterFrontEnd, services: RunServices, args: PanelArgs, id: string): HostWidget {
  const content = new PanelHost(services, args, frame => addTools(app, services, widget, frame));
  const widget = new MainAreaWidget({ content });
  widget.id = id;
  widget.toolbar.hide();
  widget.title.label = args.label;
  widget.title.caption = args.label;
  widget.title.icon = runsIcon;
  widget.title.closable = true;
  return widget;
}

/** A sweep leads to its cell from above its lines; the page of a run has a way there of its own. */
function addTools(app: JupyterFrontEnd, services: RunServices, widget: HostWidget, frame: Frame): void {
  const { parent_run_id, title } = frame;
  if (frame.panel === 'parallel' && parent_run_id) {
    const onClick = (): void => void goToCell(app, services, widget.content.args.place, parent_run_id);
    widget.toolbar.addItem('cell', new ToolbarButton({ label: `Go to the cell of ${title}`, onClick }));
    widget.toolbar.show();
  }
}

/** Do what panels ask of the page around them, wherever they stand: here, or in a notebook's output. */
function answer(app: JupyterFrontEnd, services: RunServices, tracker: WidgetTracker<HostWidget>): void {
  const hostOf = (target: EventTarget | null): HostWidget | undefined =>
    tracker.find(widget => widget.node.contains(target as Node));
  const placeOf = (target: Node): Place => {
    const host = hostOf(target);
    const notebook = services.places.panelAround(target);
    return host?.content.args.place ?? (notebook ? { notebook_path: notebook.context.localPath } : services.places.here);
  };
  const open = (event: Event, args: Omit<PanelArgs, 'place'>): void => {
    event.preventDefault();
    void app.commands.execute(OPEN_PANEL, { ...args, place: placeOf(event.target as Node) } as any);
  };
  listen(document, 'jtrack-open-run', ({ run_id, run_name }, event) =>
    open(event, { panel: 'run', params: { run_id }, label: run_name ?? `run ${run_id.slice(0, 8)}` })
  );
  listen(document, 'jtrack-open-panel', (asked, event) => open(event, asked));
  listen(document, 'jtrack-go-to-cell', ({ run_id }, event) => {
    event.preventDefault();
    void goToCell(app, services, placeOf(event.target as Node), run_id);
  });
  listen(document, 'jtrack-shown-run', ({ run_name }, event) => {
    const host = hostOf(event.target);
    if (host) {
      host.title.label = run_name;
    }
  });
}

/** One tab for one question: asking again shows the tab that is there. */
function panelId({ panel, params, place }: PanelArgs): string {
  const text = JSON.stringify([panel, params, place]);
  const hash = [...text].reduce((sum, char) => (Math.imul(sum, 31) + char.codePointAt(0)!) >>> 0, 7);
  return `jtrack-panel-${panel}-${hash.toString(36)}${text.length}`;
}
