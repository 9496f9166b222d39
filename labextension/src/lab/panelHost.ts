// A panel in the main area: the renderer that the notebook uses too, with the server in place of the kernel. While its
// run is running it is looked at again when something was logged; a click in it that means a run is for the plugin.

import type { Message } from '@lumino/messaging';
import type { IDisposable } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';

import { type Ask, renderPanel } from '../panels';
import { h, replace } from '../panels/dom';
import { type Rendered, asFault } from '../panels/frames';
import { faultMark } from '../panels/marks';
import type { Place } from './api';
import { paced } from './changes';
import { ServerPanel } from './serverPanel';
import type { RunServices } from './services';

const PATIENCE_MS = 300;
const LOOK_PAUSE_MS = 2000;
/** What the head, the tabs and the paddings of a panel take of the height. */
const AROUND_BODY_PX = 106;
const LEAST_BODY_PX = 240;

/** All that it takes to make the panel again, after a reload too. */
export type PanelArgs = { panel: string; params: Record<string, unknown>; place: Place; label: string };

/** What the host itself reads of a frame. */
export interface Frame {
  panel: string;
  status?: string;
  run_name?: string;
  notebook_path?: string | null;
  cell_id?: string | null;
}

export class PanelHost extends Widget {
  private readonly server: ServerPanel;
  private rendered: Rendered<any> | null = null;
  private frame: Frame | null = null;
  private watching: IDisposable | null = null;
  private readonly refresh = paced(() => this.look(), LOOK_PAUSE_MS);

  constructor(
    private readonly services: RunServices,
    readonly args: PanelArgs,
    private readonly opened: (frame: Frame) => void
  ) {
    super();
    this.addClass('jtrack-host');
    this.node.tabIndex = -1;
    this.server = new ServerPanel(services.api, args.place, args.panel, args.params);
    void this.open();
  }

  override dispose(): void {
    this.watching?.dispose();
    this.rendered?.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    const height = message.height > 0 ? message.height : this.node.clientHeight;
    this.node.style.setProperty('--jt-body-height', `${Math.max(height - AROUND_BODY_PX, LEAST_BODY_PX)}px`);
  }

  private async open(): Promise<void> {
    const waiting = setTimeout(() => replace(this.node, h('div', { class: 'jtrack-wait', role: 'status' }, 'reading …')), PATIENCE_MS);
    try {
      const frame = (await this.server.open()) as Frame;
      clearTimeout(waiting);
      if (!this.isDisposed) {
        replace(this.node);
        this.draw(frame);
        this.opened(frame);
      }
    } catch (error) {
      clearTimeout(waiting);
      this.showFault(error);
    }
  }

  private draw(frame: Frame): void {
    this.frame = frame;
    const ask: Ask = (method, params) => this.server.ask(method, params);
    this.rendered = renderPanel(this.node, frame, ask);
    if (isRunning(frame)) {
      this.watching = this.services.changes.watch(this.args.place, this.refresh);
    }
  }

  private showFault(error: unknown): void {
    const again = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.open() }, 'try again');
    replace(this.node, h('div', { class: 'jtrack jt-interactive' }, faultMark(asFault(error)), h('div', { class: 'jt-foot' }, again)));
  }

  private async look(): Promise<void> {
    try {
      const frame: Frame = await this.server.look();
      if (this.rendered && !this.isDisposed && JSON.stringify(frame) !== JSON.stringify(this.frame)) {
        this.frame = frame;
        this.rendered.update(frame);
      }
      if (!isRunning(frame)) {
        this.watching?.dispose();
      }
    } catch {
      // What is shown stays; the next news brings another try.
    }
  }
}

function isRunning(frame: Frame): boolean {
  return frame.panel === 'run' && frame.status === 'RUNNING';
}
