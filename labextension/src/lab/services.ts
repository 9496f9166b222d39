// What the other plugins share: the way to the server, its news, and where one is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';

import { Api } from './api';
import { Changes } from './changes';
import { Places } from './places';

export interface RunServices {
  api: Api;
  changes: Changes;
  places: Places;
}

export const IRunServices = new Token<RunServices>('jtrack:RunServices', "The runs that jtrack's server extension reads.");

export const servicesPlugin: JupyterFrontEndPlugin<RunServices> = {
  id: 'jtrack:services',
  description: "Asks jtrack's server extension for runs, and hears when there are new ones.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IDefaultFileBrowser],
  provides: IRunServices,
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, browser: IDefaultFileBrowser | null): RunServices => {
    const api = new Api(app.serviceManager.serverSettings);
    return { api, changes: new Changes(api), places: new Places(api, tracker, browser) };
  }
};
