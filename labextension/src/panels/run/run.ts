// The page of a run: a head, tabs, and under them a part of fixed height, read when its tab is first chosen. Other runs
// open in its place, with a way back. When the run has changed, only the parts that say something else are drawn anew.

import { type Child, h, replace } from '../dom';
import { type Rendered, asFault } from '../frames';
import { exactMoment, formatAgo, formatDuration, shorten, withThousands } from '../format';
import { faultMark, stateMark } from '../marks';
import { keepTimes } from '../times';
import { drawCode } from './code';
import { drawEnvironment } from './environment';
import { drawFiles } from './files';
import type { Page, RunFrame } from './frame';
import { drawHistory, drawLineage } from './lineage';
import { drawMetrics } from './metrics';
import { drawOverview } from './overview';
import { drawParams } from './params';
import { RegisterModel } from './register';
import { Tabs } from './tabs';
import { tell } from '../tell';
import { cellLink } from './cellLink';

const PATIENCE_MS = 300;

export interface RunCallbacks {
  ask(method: string, params: object): Promise<any>;
}

type Draw = (page: Page) => Child | Promise<Child>;

interface Part {
  name: string;
  draw: Draw;
  /** How much there is; a part of nothing is left away. */
  n?: (frame: RunFrame) => number;
  /** What of the frame it shows. */
  shows: (keyof RunFrame)[] | 'all';
}

const PARTS: Part[] = [
  { name: 'overview', draw: drawOverview, shows: 'all' },
  { name: 'metrics', draw: drawMetrics, n: frame => frame.n_metrics + frame.n_system, shows: ['metrics', 'n_metrics', 'system', 'n_system'] },
  { name: 'params', draw: drawParams, n: frame => frame.n_params + frame.n_tags, shows: ['params', 'n_params', 'tags', 'n_tags'] },
  { name: 'code', draw: drawCode, n: frame => frame.n_cells, shows: ['cells', 'n_cells', 'previous'] },
  { name: 'files', draw: drawFiles, n: frame => frame.n_artifacts, shows: ['artifacts', 'n_artifacts'] },
  { name: 'environment', draw: drawEnvironment, n: frame => frame.environment?.n_packages ?? 0, shows: ['environment'] },
  {
    name: 'lineage',
    draw: drawLineage,
    n: frame => frame.n_children + frame.n_inputs + [frame.parent, frame.previous, frame.next].filter(Boolean).length,
    shows: ['children', 'n_children', 'inputs', 'parent', 'previous', 'next']
  },
  { name: 'history', draw: drawHistory, shows: 'all' }
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
  private readonly registerModel = new RegisterModel({
    names: () => this.callbacks.ask('names', {}),
    register: name => this.register(name),
    report: fault => replace(this.fault, fault)
  });
  private readonly tabs = new Tabs(name => this.choose(name));
  private drawn = new Map<string, HTMLElement>();
  /** What was chosen inside the parts, by their names: it outlives that they are drawn anew. */
  private memory = new Map<string, string>();
  private chosen = 'overview';
  private turn = 0;
  private readonly leaveTimes = keepTimes(this.head);
  /** Which drawing of a part is the last one that was begun. */
  private readonly turns = new WeakMap<HTMLElement, number>();

  constructor(private readonly callbacks: RunCallbacks) {
    this.node.append(this.head, this.fault, this.tabs.node, this.tabs.body);
  }

  update(frame: RunFrame): void {
    if (this.trail.length === 0) {
      this.show(frame);
    } else {
      // Another run is shown in its place.
      this.trail[0] = frame;
      void this.readAgain();
    }
  }

  private show(frame: RunFrame): void {
    const before: RunFrame | undefined = this.frame;
    this.frame = frame;
    if (before?.run_id !== frame.run_id) {
      this.drawn = new Map();
      this.memory = new Map();
      tell(this.node, 'jtrack-shown-run', { run_id: frame.run_id, run_name: frame.run_name });
    } else {
      this.drawn = new Map([...this.drawn].filter(([name]) => name === this.chosen || isSame(name, before, frame)));
    }
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
    const chosen = parts.some(part => part.name === this.chosen) ? this.chosen : 'overview';
    const part = this.drawn.get(chosen);
    if (part && before && !isSame(chosen, before, frame)) {
      void this.draw(chosen, part);
    }
    this.choose(chosen);
  }

  private async readAgain(): Promise<void> {
    const { run_id } = this.frame;
    try {
      const frame: RunFrame = await this.callbacks.ask('open', { run_id });
      if (this.frame.run_id === run_id && this.trail.length > 0) {
        this.show(frame);
      }
    } catch {
      // What is shown stays.
    }
  }

  dispose(): void {
    this.leaveTimes();
    this.drawn = new Map();
    this.node.remove();
  }

  private drawHead(): void {
    const { frame } = this;
    this.registerModel.update(frame);
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
        this.registerModel.node,
        frame.duration_s !== null && h('span', {}, formatDuration(frame.duration_s)),
        cellLink(frame, fault => replace(this.fault, faultMark(fault))),
        h('time', { title: exactMoment(frame.started_at), datetime: frame.started_at }, formatAgo(frame.started_at, new Date()))
      )
    );
  }

  private async register(name: string): Promise<string> {
    const { run_id } = this.frame;
    const version: string = await this.callbacks.ask('register', { run_id, name });
    // A version of it is something that the page shows of a run.
    const frame: RunFrame = await this.callbacks.ask('open', { run_id });
    if (this.frame.run_id === run_id) {
      this.show(frame);
    }
    return version;
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
    const turn = ++this.turn;
    const isLate = (): boolean => (this.turns.get(part) ?? 0) > turn;
    this.turns.set(part, turn);
    // What is drawn anew stays as it is until then.
    const wait = (): void => void (part.firstChild || replace(part, h('div', { class: 'jt-empty', role: 'status' }, 'reading …')));
    const waiting = setTimeout(wait, PATIENCE_MS);
    try {
      const drawn = draw(this.page());
      const content = drawn instanceof Promise ? await drawn : drawn;
      while (isSelectedIn(part)) {
        await new Promise(resolve => document.addEventListener('selectionchange', resolve, { once: true }));
      }
      if (!isLate()) {
        inPlace(part, () => replace(part, content));
      }
    } catch (error) {
      if (!isLate()) {
        this.drawn.delete(name);
        const again = h('button', { type: 'button', class: 'jt-link', onclick: () => this.choose(name) }, 'try again');
        const mark = faultMark(asFault(error));
        mark.append(' ', again);
        replace(part, mark);
      }
    } finally {
      clearTimeout(waiting);
    }
  }

  private page(): Page {
    const { run_id } = this.frame;
    return {
      frame: this.frame,
      memory: this.memory,
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
        this.show(frame);
        this.tabs.focus(this.chosen);
      }
    } catch (error) {
      replace(this.fault, faultMark(asFault(error)));
    }
  }

  private back(): void {
    const before = this.trail.pop();
    if (before) {
      this.show(before);
      this.tabs.focus(this.chosen);
    }
  }
}

function isSame(name: string, one: RunFrame, other: RunFrame): boolean {
  const { shows } = PARTS.find(part => part.name === name)!;
  const text = (frame: RunFrame): string => JSON.stringify(shows === 'all' ? frame : shows.map(key => frame[key]));
  return text(one) === text(other);
}

/** Draw a part anew; the focus stays on what is at the same place of it, and so does what is scrolled to. */
function inPlace(part: HTMLElement, draw: () => void): void {
  const reachable = (): HTMLElement[] => [...part.querySelectorAll<HTMLElement>('button, summary, input, [tabindex]')];
  const at = reachable().findIndex(each => each === document.activeElement);
  const body = part.parentElement;
  const top = body?.scrollTop ?? 0;
  const isAtEnd = body !== null && top > 0 && body.scrollHeight - top - body.clientHeight < 2;
  draw();
  body?.scrollTo({ top: isAtEnd ? body.scrollHeight : top });
  reachable()[at]?.focus({ preventScroll: true });
}

/** Whether text of a part is selected, as if to be copied: to draw it anew would take it away. */
function isSelectedIn(part: HTMLElement): boolean {
  const selection = document.getSelection();
  return selection?.isCollapsed === false && part.contains(selection.anchorNode);
}
