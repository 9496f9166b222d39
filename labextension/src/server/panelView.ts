// A panel that a server holds, in an element that it may fill: the renderer that the notebook uses too, with the server
// in place of the kernel. While its run is running it is looked at again when something was logged.

import type { IDisposable } from '@lumino/disposable';

import { type Ask, renderPanel } from '../panels';
import { h, replace } from '../panels/dom';
import { type Rendered, asFault } from '../panels/frames';
import { faultMark } from '../panels/marks';
import type { Api, Place } from './api';
import { type Changes, paced } from './changes';
import { ServerPanel } from './serverPanel';

const PATIENCE_MS = 300;
const LOOK_PAUSE_MS = 2000;
/** What the head, the tabs and the paddings of a panel take of the height. */
const AROUND_BODY_PX = 106;
const LEAST_BODY_PX = 240;

/** All that it takes to make the panel again, after a reload too. */
export type PanelArgs = { panel: string; params: Record<string, unknown>; place: Place; label: string };

/** What a host itself reads of a frame. */
export interface Frame {
  panel: string;
  status?: string;
  run_name?: string;
  notebook_path?: string | null;
  cell_id?: string | null;
}

export class PanelView {
  private readonly server: ServerPanel;
  private rendered: Rendered<any> | null = null;
  private frame: Frame | null = null;
  private watching: IDisposable | null = null;
  private isDisposed = false;
  private readonly refresh = paced(() => this.look(), LOOK_PAUSE_MS);

  constructor(
    private readonly node: HTMLElement,
    api: Api,
    private readonly changes: Changes,
    private readonly args: PanelArgs,
    private readonly opened: (frame: Frame) => void
  ) {
    node.classList.add('jtrack-fill');
    this.server = new ServerPanel(api, args.place, args.panel, args.params);
    void this.open();
  }

  dispose(): void {
    this.isDisposed = true;
    this.watching?.dispose();
    this.rendered?.dispose();
  }

  /** The element is as high as this now: what has a body that scrolls gives it the rest. */
  resize(height: number): void {
    this.node.style.setProperty('--jt-body-height', `${Math.max(height - AROUND_BODY_PX, LEAST_BODY_PX)}px`);
    this.node.style.setProperty('--jt-fill-height', `${Math.max(height, LEAST_BODY_PX)}px`);
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
      this.watching = this.changes.watch(this.args.place, this.refresh);
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
