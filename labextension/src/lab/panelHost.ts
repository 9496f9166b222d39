// A panel in the main area of JupyterLab, as a widget of Lumino's.

import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { type Frame, type PanelArgs, PanelView } from '../server/panelView';
import type { RunServices } from './services';

/** The padding of the host and the margin of the panel in it. */
const AROUND_PX = 24;

export class PanelHost extends Widget {
  private readonly view: PanelView;

  constructor(
    services: RunServices,
    readonly args: PanelArgs,
    opened: (frame: Frame) => void
  ) {
    super();
    this.addClass('jtrack-host');
    this.node.tabIndex = -1;
    this.view = new PanelView(this.node, services.api, services.changes, args, opened);
  }

  override dispose(): void {
    this.view.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.view.resize((message.height > 0 ? message.height : this.node.clientHeight) - AROUND_PX);
  }
}
