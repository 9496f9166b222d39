// The command "Registered Models": opens the registry in the main area, for the store of the current notebook or folder.
// The server reads and changes it, so that it needs no kernel.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';

import { OPEN_PANEL } from './panels';
import { type RunServices, IRunServices } from './services';

export const SHOW_MODELS = 'jtrack:show-models';

export const showModelsPlugin: JupyterFrontEndPlugin<void> = {
  id: SHOW_MODELS,
  description: 'A command that opens the registered models.',
  autoStart: true,
  requires: [IRunServices],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, services: RunServices, palette: ICommandPalette | null): void => {
    app.commands.addCommand(SHOW_MODELS, {
      label: 'jtrack: Registered Models',
      caption: 'Open what is registered: versions side by side, aliases, stages and history',
      execute: async () => {
        const args = { panel: 'models', params: {}, label: 'Registered models', place: services.places.here };
        await app.commands.execute(OPEN_PANEL, args as any);
      }
    });
    palette?.addItem({ command: SHOW_MODELS, category: 'jtrack' });
  }
};
