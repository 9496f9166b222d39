// A button in the notebook's toolbar: a small menu with what jtrack can do here, so that it takes one place only.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { type NotebookPanel } from '@jupyterlab/notebook';
import { ToolbarButton } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';

import { COMPARE_CELL } from './compareRuns';
import { EXPORT_MODEL } from './exportModel';
import { runsIcon } from './icons';
import { SHOW_LIVE, SHOW_MODELS, SHOW_PARALLEL } from './showPanels';
import { SHOW_RUNS } from './showRuns';
import { RUNS_OF_CELL, SHOW_SIDE_PANEL } from './sidePanel';
import { SWEEP_CELL } from './sweepCell';
import { TRACK_CELL } from './trackCell';

const ITEMS = [
  ...[TRACK_CELL, SWEEP_CELL, EXPORT_MODEL, null],
  ...[RUNS_OF_CELL, COMPARE_CELL, null],
  ...[SHOW_RUNS, SHOW_PARALLEL, SHOW_LIVE, SHOW_MODELS, SHOW_SIDE_PANEL]
];

export const notebookMenuPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:notebook-menu',
  description: "A button in the notebook's toolbar that opens jtrack's menu.",
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    const menu = new Menu({ commands: app.commands });
    menu.addClass('jtrack-menu');
    ITEMS.forEach(command => menu.addItem(command === null ? { type: 'separator' } : { command }));
    const open = (button: ToolbarButton): void => {
      const { left, bottom } = button.node.getBoundingClientRect();
      menu.open(left, bottom);
    };
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (panel: NotebookPanel) => {
        const button: ToolbarButton = new ToolbarButton({
          icon: runsIcon,
          tooltip: 'jtrack: track this cell, and more',
          onClick: () => open(button)
        });
        panel.toolbar.insertAfter('cellType', 'jtrack', button);
        return button;
      }
    });
  }
};
