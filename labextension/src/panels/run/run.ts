// The page of a run: a head, tabs, and under them a part of fixed height, read when its tab is first chosen. Other runs
// open in its place, with a way back.

import { type Child, h, replace } from '../dom';
import { type Rendered, asFault } from '../frames';
import { exactMoment, formatAgo, formatDuration, shorten, withThousands } from '../format';
import { faultMark, stateMark } from '../marks';
import { drawCode } from './code';
import { drawEnvironment } from './environment';
import { drawFiles } from './files';
import type { Page, RunFrame } from './frame';
import { drawHistory, drawLineage } from './lineage';
import { drawMetrics } from './metrics';
import { drawOverview } from './overview';
import { drawParams } from './params';
import { Tabs } from './tabs';

const PATIENCE_MS = 300;

export interface RunCallbacks {
  ask(method: string, params: object): Promise<any>;
}

type Draw = (page: Page) => Child | Promise<Child>;

interface Part {
  name: string;
  draw: Draw;
  n?: (frame: RunFrame) => number;
}

const PARTS: Part[] = [
  { name: 'overview', draw: drawOverview },
  { name: 'metrics', draw: drawMetrics, n: frame => frame.n_metrics + frame.n_system },
  { name: 'params', draw: drawParams, n: frame => frame.n_params + frame.n_tags },
  { name: 'code', draw: drawCode, n: frame => frame.n_cells },
  { name: 'files', draw: drawFiles, n: frame => frame.n_artifacts },
  { name: 'environment', draw: drawEnvironment, n: frame => frame.environment?.n_packages ?? 0 },
  {
    name: 'lineage',
    draw: drawLineage,
    n: frame => frame.n_children + frame.n_inputs + [frame.parent, frame.previous, frame.next].filter(Boolean).length
  },
  { name: 'history', draw: drawHistory }
];

export function renderRun(element: HTMLElement, frame: RunFrame, callbacks: RunCallbacks): Rendered<RunFrame> {
  const panel = new RunPanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

class RunPanel implements Rendered<RunFrame> {
  readonly node = h('div', { class: 'jtrack jt-run-page jt-interactive', role: 'group' });
  private frame!: RunFrame;
  private readonly trail: RunFrame[] = [];
  private readonly head = h('div', { class: 'jt-head' });
  private readonly fault = h('div');
  private readonly tabs = new Tabs(name => this.choose(name));
  private drawn = new Map<string, HTMLElement>();
  private chosen = 'overview';

  constructor(private readonly callbacks: RunCallbacks) {
    // JupyterLab's shortcuts would otherwise take the arrow keys from the tabs and charts.
    this.node.dataset.lmSuppressShortcuts = 'true';
    this.node.append(this.head, this.fault, this.tabs.node, this.tabs.body);
  }

  update(frame: RunFrame): void {
    this.frame = frame;
    this.drawn = new Map();
    this.node.setAttribute('aria-label', `run ${frame.run_name}`);
    replace(this.fault);
    this.drawHead();
    const parts = PARTS.filter(part => !part.n || part.n(frame) > 0);
    this.tabs.update(
      parts.map(part => {
        const n = part.n?.(frame);
        return { name: part.name, note: n === undefined ? '' : withThousands(String(n)) };
      })
    );
    this.choose(parts.some(part => part.name === this.chosen) ? this.chosen : 'overview');
  }

  dispose(): void {
    this.drawn = new Map();
    this.node.remove();
  }

  private drawHead(): void {
    const { frame } = this;
    const before = this.trail[this.trail.length - 1];
    const back =
      before &&
      h('button', { type: 'button', class: 'jt-link', onclick: () => this.back() }, `← ${shorten(before.run_name, 24)}`);
    replace(
      this.head,
      back ?? null,
      h('span', {}, stateMark(frame.status), ' ', h('b', { class: 'jt-name' }, shorten(frame.run_name, 60))),
      h('span', { title: frame.run_id }, 'run ', h('code', {}, frame.run_id.slice(0, 8))),
      h('span', {}, shorten(frame.experiment_name, 60)),
      frame.is_deleted && h('span', { class: 'jt-bad' }, 'deleted'),
      h(
        'span',
        { class: 'jt-end' },
        frame.duration_s !== null && h('span', {}, formatDuration(frame.duration_s)),
        h('time', { title: exactMoment(frame.started_at), datetime: frame.started_at }, formatAgo(frame.started_at, new Date()))
      )
    );
  }

  private choose(name: string): void {
    this.chosen = name;
    let part = this.drawn.get(name);
    if (!part) {
      part = h('div', { class: `jt-page-part jt-page-${name}` });
      this.drawn.set(name, part);
      void this.draw(name, part);
    }
    this.tabs.show(name, part);
  }

  private async draw(name: string, part: HTMLElement): Promise<void> {
    const draw = PARTS.find(each => each.name === name)!.draw;
    const waiting = setTimeout(() => replace(part, h('div', { class: 'jt-empty', role: 'status' }, 'reading …')), PATIENCE_MS);
    try {
      const drawn = draw(this.page());
      const content = drawn instanceof Promise ? await drawn : drawn;
      replace(part, content);
    } catch (error) {
      this.drawn.delete(name);
      replace(part, faultMark(asFault(error)));
    } finally {
      clearTimeout(waiting);
    }
  }

  private page(): Page {
    const { run_id } = this.frame;
    return {
      frame: this.frame,
      ask: (method, params = {}) => this.callbacks.ask(method, { run_id, ...params }),
      open: other => void this.open(other),
      show: tab => this.tabs.focus(tab)
    };
  }

  private async open(run_id: string): Promise<void> {
    const from = this.frame;
    try {
      const frame: RunFrame = await this.callbacks.ask('open', { run_id });
      if (this.frame === from) {
        this.trail.push(from);
        this.update(frame);
        this.tabs.focus(this.chosen);
      }
    } catch (error) {
      replace(this.fault, faultMark(asFault(error)));
    }
  }

  private back(): void {
    const before = this.trail.pop();
    if (before) {
      this.update(before);
      this.tabs.focus(this.chosen);
    }
  }
}
