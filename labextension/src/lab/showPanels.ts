// Commands that open a panel in the main area which needs no run to be named: the registry, the newest sweep, and what
// trains now; for the store of the current notebook or folder. The server reads them, so that they need no kernel.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';

import { OPEN_PANEL } from './panels';
import { type RunServices, IRunServices } from './services';

export const SHOW_MODELS = 'jtrack:show-models';
export const SHOW_PARALLEL = 'jtrack:show-parallel';
export const SHOW_LIVE = 'jtrack:show-live';

interface Shown {
  command: string;
  panel: string;
  /** Of the command, and of the panel's tab. */
  label: string;
  caption: string;
}

const SHOWN: Shown[] = [
  {
    command: SHOW_MODELS,
    panel: 'models',
    label: 'Registered Models',
    caption: 'Open what is registered: versions side by side, aliases, stages and history'
  },
  {
    command: SHOW_PARALLEL,
    panel: 'parallel',
    label: 'Parallel Coordinates',
    caption: 'Open the newest sweep, or all runs, with a line each across params and metrics'
  },
  {
    command: SHOW_LIVE,
    panel: 'live',
    label: 'Live',
    caption: 'Open the run that trains now, or the next one: curves, progress, and buttons that steer it'
  }
];

export const showPanelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:show-panels',
  description: 'Commands that open registered models, parallel coordinates and what trains now.',
  autoStart: true,
  requires: [IRunServices],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, services: RunServices, palette: ICommandPalette | null): void => {
    for (const { command, panel, label, caption } of SHOWN) {
      app.commands.addCommand(command, {
        label: `jtrack: ${label}`,
        caption,
        execute: async () => {
          const args = { panel, params: {}, label, place: services.places.here, isFresh: true };
          await app.commands.execute(OPEN_PANEL, args as any);
        }
      });
      palette?.addItem({ command, category: 'jtrack' });
    }
  }
};
