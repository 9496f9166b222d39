// What the other plugins share: the way to the server, its news, and where one is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';

import { Api, type Send } from '../server/api';
import { Changes } from '../server/changes';
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
    const api = new Api(sender(app.serviceManager.serverSettings));
    return { api, changes: new Changes(api), places: new Places(tracker, browser) };
  }
};

/** Through JupyterLab's own settings, so that the base URL, the token and XSRF are its server's business. */
function sender(settings: ServerConnection.ISettings): Send {
  const base = URLExt.join(settings.baseUrl, 'jtrack/api');
  return (path, init) => ServerConnection.makeRequest(`${base}/${path}`, init, settings);
}
