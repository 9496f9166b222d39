// A panel that a server holds, in an element that it may fill: the renderer that the notebook uses too, with the server
// in place of the kernel. When something was logged, and while somebody sees it, it is looked at again.

import type { IDisposable } from '@lumino/disposable';

import { type Ask, renderPanel } from '../panels';
import { h, replace } from '../panels/dom';
import { shorten } from '../panels/format';
import { type Rendered, asFault } from '../panels/frames';
import { Late } from '../panels/late';
import { faultMark } from '../panels/marks';
import type { Api, Place } from './api';
import { type Changes, paced } from './changes';
import { ServerPanel } from './serverPanel';

const PATIENCE_MS = 300;
const LOOK_PAUSE_MS = 2000;
/** So many times as long as a look took is the server left in peace: of many runs it may be a long one. */
const PEACE = 5;
/** But no longer than this: a look may have waited for something that is over. */
const MOST_PEACE_MS = 10_000;
/** A text that is being written would be lost where a panel is drawn anew. */
const WRITING = 'textarea, select, input:not(.jt-filter)';
/** What the head, the tabs and the paddings of a panel take of the height. */
const AROUND_BODY_PX = 82;
const LEAST_BODY_PX = 240;

/** All that it takes to make the panel again, after a reload too. */
export type PanelArgs = { panel: string; params: Record<string, unknown>; place: Place; label: string };

/** What a host itself reads of a frame. */
export interface Frame {
  panel: string;
  title?: string;
  parent_run_id?: string | null;
}

export class PanelView {
  private readonly server: ServerPanel;
  private rendered: Rendered<any> | null = null;
  private frame: Frame | null = null;
  private watching: IDisposable | null = null;
  private isSeen = false;
  private isDisposed = false;
  /** Whether a look was left out because somebody wrote. */
  private isStale = false;
  /** Counts the panel's own questions: what was looked at before one of them is out of date after it. */
  private n_asked = 0;
  private readonly observer = new IntersectionObserver(entries => this.see(entries[entries.length - 1]!.isIntersecting));
  private readonly refresh = paced(() => this.look(), LOOK_PAUSE_MS);

  constructor(
    private readonly node: HTMLElement,
    api: Api,
    private readonly changes: Changes,
    private readonly args: PanelArgs,
    private readonly opened: (frame: Frame) => void
  ) {
    node.classList.add('jtrack-fill');
    node.addEventListener('focusout', () => this.isStale && this.refresh());
    this.server = new ServerPanel(api, args.place, args.panel, args.params);
    void this.open();
  }

  dispose(): void {
    this.isDisposed = true;
    this.isSeen = false;
    this.observer.disconnect();
    this.watching?.dispose();
    this.rendered?.dispose();
  }

  /** There is room for a panel as high as this: what has a body that scrolls gives it the rest. */
  resize(height: number): void {
    this.node.style.setProperty('--jt-body-height', `${Math.max(height - AROUND_BODY_PX, LEAST_BODY_PX)}px`);
    this.node.style.setProperty('--jt-fill-height', `${Math.max(height, LEAST_BODY_PX)}px`);
  }

  private async open(): Promise<void> {
    const reading = (): void => this.fill(h('div', { class: 'jt-empty', role: 'status' }, 'reading …'));
    const waiting = setTimeout(reading, PATIENCE_MS);
    try {
      const frame = (await this.server.open()) as Frame;
      clearTimeout(waiting);
      if (!this.isDisposed) {
        replace(this.node);
        this.draw(frame);
        this.observer.observe(this.node);
        this.opened(frame);
      }
    } catch (error) {
      clearTimeout(waiting);
      this.showFault(error);
    }
  }

  private draw(frame: Frame): void {
    this.frame = frame;
    const late = new Late(this.node, 'No answer yet from the server.');
    const ask: Ask = (method, params) => {
      this.n_asked++;
      return late.of(method, this.server.ask(method, params));
    };
    this.rendered = renderPanel(this.node, frame, ask);
  }

  private see(isSeen: boolean): void {
    if (isSeen !== this.isSeen) {
      this.isSeen = isSeen;
      this.watching?.dispose();
      this.watching = isSeen ? this.changes.watch(this.args.place, this.refresh) : null;
      if (isSeen) {
        this.refresh();
      }
    }
  }

  private showFault(error: unknown): void {
    const again = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.open() }, 'try again');
    this.fill(faultMark(asFault(error)), h('div', { class: 'jt-foot' }, again));
  }

  /** Show something in the place of a panel that is not there: under its name, as it will be. */
  private fill(...content: HTMLElement[]): void {
    const head = h('div', { class: 'jt-head' }, h('b', { class: 'jt-name' }, shorten(this.args.label, 60)));
    replace(this.node, h('div', { class: 'jtrack jt-interactive jt-stead' }, head, content));
  }

  private async look(): Promise<void> {
    this.isStale = this.isWriting();
    if (!this.isSeen || !this.rendered || this.rendered.looksByItself?.() || this.isStale) {
      return;
    }
    const n_asked = this.n_asked;
    const begun = performance.now();
    try {
      const frame: Frame = await this.server.look();
      if (this.rendered && !this.isDisposed && n_asked === this.n_asked) {
        this.take(frame);
      } else {
        this.refresh();
      }
    } catch {
      // What is shown stays; the next news brings another try.
    }
    await new Promise(resolve => setTimeout(resolve, Math.min(PEACE * (performance.now() - begun), MOST_PEACE_MS)));
  }

  private isWriting(): boolean {
    const active = document.activeElement;
    return active !== null && this.node.contains(active) && active.matches(WRITING);
  }

  private take(frame: Frame): void {
    if (JSON.stringify(frame) !== JSON.stringify(this.frame)) {
      this.frame = frame;
      this.rendered?.update(frame);
    }
  }
}
