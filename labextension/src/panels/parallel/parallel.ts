// The parallel coordinates: one line a run, one axis a param or metric. It asks for lines that it lacks, and while runs
// still come it asks for news; what is brushed, hidden or moved stays as it is.

import { h, replace } from '../dom';
import { type Rendered, asFault } from '../frames';
import { plural, withThousands } from '../format';
import { faultMark } from '../marks';
import { type MenuItem, openMenu } from '../menu';
import { Foot } from './foot';
import type { ParallelAxis, ParallelCallbacks, ParallelFrame } from './frame';
import type { HeadActions } from './head';
import { type AxisBrush, LineStore } from './lines';
import { canLog, valueText } from './scale';
import { STAGE_HEIGHT, Stage } from './stage';
import { RegisterBest, StopSweep } from './steer';
import { View } from './view';

const NEWS_MS = 1000;
/** So many times as long as an answer took are the ones who answer left in peace: they have runs to train. */
const PEACE = 20;
/** But no longer than this: an answer may have waited for something that is over. Where none comes the pause doubles. */
const MOST_NEWS_MS = 10_000;
const TELL_MS = 250;
/** As many as a comparison takes (jtrack/widgets/compare/frame.py). */
const MOST_COMPARED = 100;
const MOST_ROWS = 100_000;

export function renderParallel(
  element: HTMLElement,
  frame: ParallelFrame,
  callbacks: ParallelCallbacks
): ParallelPanel {
  const panel = new ParallelPanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

export class ParallelPanel implements Rendered<ParallelFrame> {
  readonly node = h('div', { class: 'jtrack jt-parallel jt-interactive', role: 'group', 'aria-label': 'parallel coordinates of runs' });
  private frame!: ParallelFrame;
  private readonly store = new LineStore();
  private readonly view = new View();
  private readonly stage: Stage;
  private readonly foot: Foot;
  private readonly title = h('div', { class: 'jt-head' });
  private readonly count = h('span', { role: 'status' });
  private readonly clear = h('button', { class: 'jt-link', type: 'button', hidden: true, onclick: () => this.clearBrushes() }, 'clear');
  private readonly table = h('button', { class: 'jt-link', type: 'button', hidden: true, title: 'the brushed runs as a table', onclick: () => this.showBrushed('runs') }, 'table');
  private readonly compare = h('button', { class: 'jt-link', type: 'button', hidden: true, title: 'the brushed runs side by side', onclick: () => this.showBrushed('compare') }, 'compare');
  private readonly stop: StopSweep;
  private readonly registerBest: RegisterBest;
  private readonly message = h('div', { class: 'jt-empty' });
  private readonly fault = h('div');
  private readonly resized = new ResizeObserver(() => this.onResize());
  private readonly themed = new MutationObserver(() => this.layOut());
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');
  private width = 0;
  private asking = false;
  /** Whether somebody moved, hid, flipped or brushed axes, which then stay as they are. */
  private isArranged = false;
  private newsTimer = 0;
  private newsDelay = NEWS_MS;
  private tellTimer = 0;
  private layOutFrame = 0;
  private isOver = false;
  private named = -1;

  constructor(private readonly callbacks: ParallelCallbacks) {
    this.stage = new Stage(this.view, this.store, {
      brush: (id, brush) => this.brush(id, brush),
      hover: row => this.name(row),
      open: row => this.open(row),
      head: id => this.headActions(id),
      leave: (id, step) => this.stage.focus(this.neighbour(id, step), 'track'),
      drawn: () => this.onDrawn()
    });
    this.foot = new Foot({
      colour: id => this.change(() => (this.view.colour = id)),
      show: (id, isShown) => this.change(() => this.view.show(id, isShown)),
      sort: () => this.change(() => this.view.sort()),
      step: by => this.step(by),
      open: () => this.open(this.named)
    });
    const report = (error: unknown): void => replace(this.fault, error === null ? null : faultMark(asFault(error)));
    this.stop = new StopSweep(callbacks, report);
    this.registerBest = new RegisterBest(callbacks, report);
    this.foot.node.append(this.registerBest.node);
    this.node.append(this.title, this.fault, this.message, this.stage.node, this.foot.choices, this.foot.node);
    this.resized.observe(this.node);
    this.resized.observe(this.stage.node);
    // JupyterLab and VS Code say by attributes of the body which theme is on.
    this.themed.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-jp-theme-light', 'data-jp-theme-name'] });
    this.scheme.addEventListener('change', this.onScheme);
  }

  update(frame: ParallelFrame): void {
    const isFirst = this.frame === undefined;
    if (this.frame?.is_live && !frame.is_live && !this.isArranged) {
      // The first trials decided on the axes; now all of them do.
      this.view.forget();
      this.stage.closeGap();
    }
    this.frame = frame;
    this.store.take(frame);
    this.view.adopt(frame);
    this.stop.update(frame);
    this.registerBest.update(frame);
    const isEmpty = frame.n_runs === 0 || frame.axes.length === 0;
    this.message.hidden = !isEmpty;
    this.message.textContent = frame.n_runs === 0 ? frame.empty_hint : `${plural(frame.n_runs, frame.noun)} without params or metrics.`;
    // A sweep that begins empty has the height from the start that it will need.
    this.message.style.minHeight = frame.is_live ? `${STAGE_HEIGHT}px` : '';
    this.stage.node.hidden = isEmpty;
    this.foot.node.hidden = isEmpty && !frame.is_live;
    if (isFirst) {
      this.layOut();
    } else {
      this.layOutSoon();
    }
    this.askIfNeeded();
  }

  looksByItself(): boolean {
    return this.frame.is_live;
  }

  dispose(): void {
    this.isOver = true;
    clearTimeout(this.newsTimer);
    clearTimeout(this.tellTimer);
    cancelAnimationFrame(this.layOutFrame);
    this.resized.disconnect();
    this.themed.disconnect();
    this.scheme.removeEventListener('change', this.onScheme);
    this.stage.dispose();
    this.node.remove();
  }

  private readonly onScheme = (): void => this.layOut();

  private layOutSoon(): void {
    if (!this.layOutFrame) {
      this.layOutFrame = requestAnimationFrame(() => this.layOut());
    }
  }

  private layOut(): void {
    cancelAnimationFrame(this.layOutFrame);
    this.layOutFrame = 0;
    this.drawHead();
    if (this.stage.node.hidden) {
      this.onDrawn();
      return;
    }
    this.node.dataset.drawn = 'false';
    this.width = this.node.clientWidth;
    this.stage.layOut();
    const { view, stage } = this;
    this.foot.update({
      axes: view.all,
      shown: new Set(view.order),
      colour: view.axis(view.colour),
      shading: stage.shading
    });
    this.afterBrush();
    // A size that holds for less than a frame, in the middle of a change of themes, is told to no observer.
    requestAnimationFrame(() => this.onResize());
  }

  private onResize(): void {
    if (!this.isOver && (this.node.clientWidth !== this.width || !this.stage.fits)) {
      this.layOut();
    }
  }

  private onDrawn(): void {
    this.node.dataset.drawn = 'true';
    this.node.dispatchEvent(new CustomEvent('jtrack-drawn'));
  }

  private drawHead(): void {
    const { frame } = this;
    const objective = this.view.axis(frame.objective);
    const goal = objective && frame.direction ? `${frame.direction === 'lower' ? 'minimize' : 'maximize'} ${objective.key}` : (objective?.key ?? '');
    const about = [frame.algorithm, goal].filter(Boolean).join(' · ');
    const nHere = this.store.rows().length;
    const loading = nHere < frame.n_runs ? `, ${withThousands(String(nHere))} of them here` : '';
    replace(
      this.title,
      h('b', { class: 'jt-name' }, frame.title),
      h('span', {}, plural(frame.n_runs, frame.noun) + loading),
      about && h('span', {}, about),
      frame.is_live && h('span', { class: 'jt-live' }, h('span', { class: 'jt-state', 'aria-hidden': 'true' }, '○'), ' running'),
      this.stop.node,
      h('span', { class: 'jt-end' }, this.count, this.table, this.compare, this.clear)
    );
  }

  private change(act: () => void): void {
    this.isArranged = true;
    act();
    this.layOut();
    this.tellBrush();
  }

  private brush(id: string, brush: AxisBrush | null): void {
    this.isArranged = true;
    if (brush) {
      this.view.brushes.set(id, brush);
    } else {
      this.view.brushes.delete(id);
    }
    this.node.dataset.drawn = 'false';
    this.stage.drawBrush();
    this.afterBrush();
    this.tellBrush();
  }

  /** Light the lines of runs that were chosen elsewhere; all of them where none of these is here. */
  choose(run_ids: string[]): void {
    const chosen = new Set(run_ids);
    this.view.chosen = this.store.ids.some(id => chosen.has(id)) ? chosen : null;
    this.node.dataset.drawn = 'false';
    this.stage.drawBrush();
    this.afterBrush();
  }

  private clearBrushes(): void {
    this.view.brushes.clear();
    this.view.chosen = null;
    this.node.dataset.drawn = 'false';
    this.stage.drawBrush();
    this.afterBrush();
    this.tellBrush();
    this.stage.focus(this.view.order[0] ?? '', 'track');
  }

  private afterBrush(): void {
    const { brushes, isNarrow } = this.view;
    const { lit, rows } = this.stage;
    this.count.textContent = isNarrow
      ? `${withThousands(String(lit.length))} of ${withThousands(String(rows.length))} ${brushes.size ? 'brushed' : 'chosen'}`
      : 'drag along an axis to brush';
    this.clear.hidden = !isNarrow;
    this.table.hidden = !isNarrow || lit.length === 0;
    this.compare.hidden = !isNarrow || lit.length < 2 || lit.length > MOST_COMPARED;
    const [best] = this.ranked();
    this.stage.setBest(best ?? -1);
    this.name(-1);
  }

  /** The rows in the brush that have a value of the objective, the best one first. */
  private ranked(): number[] {
    const { objective, direction } = this.frame;
    if (objective === null || direction === null) {
      return [];
    }
    const values = this.store.column(objective);
    const sign = direction === 'lower' ? 1 : -1;
    return [...this.stage.lit].filter(row => Number.isFinite(values[row])).sort((a, b) => sign * (values[a]! - values[b]!) || a - b);
  }

  /** Say in the foot which run is meant: the one pointed at, else the best. */
  private name(row: number): void {
    const best = this.ranked()[0] ?? -1;
    this.named = row >= 0 ? row : best;
    const objective = this.view.axis(this.frame.objective);
    if (this.named < 0) {
      this.foot.name(null);
      return;
    }
    const value = objective ? valueText(objective, this.store.column(objective.id)[this.named]!) : '';
    const isBest = this.named === best;
    const why = isBest ? (this.view.brushes.size ? 'best brushed' : 'best') : 'run';
    this.foot.name({ why, name: this.store.names[this.named] ?? '', value, isBest });
  }

  private step(by: number): void {
    const ranked = this.ranked();
    const at = Math.max(ranked.indexOf(this.named), 0);
    const row = ranked[Math.min(Math.max(at + by, 0), ranked.length - 1)] ?? -1;
    this.stage.standOut(row);
    this.name(row);
  }

  private open(row: number): void {
    const run_id = this.store.ids[row];
    if (run_id !== undefined) {
      this.callbacks.open(run_id);
    }
  }

  /** The runs in the brush in another panel, the best first; from there the way goes on to the cell that made each. */
  private showBrushed(panel: 'runs' | 'compare'): void {
    const { objective, direction, noun } = this.frame;
    const rows = [...new Set([...this.ranked(), ...this.stage.lit])];
    const ids = rows.map(row => this.store.ids[row]!);
    const label = `${withThousands(String(ids.length))} brushed ${ids.length === 1 ? noun : `${noun}s`}`;
    const axis = this.view.axis(objective);
    const order = axis?.source === 'metrics' ? [`metrics.\`${axis.key}\` ${direction === 'lower' ? 'ASC' : 'DESC'}`] : null;
    this.callbacks.show(panel, panel === 'runs' ? { run_ids: ids, order_by: order, max_results: MOST_ROWS } : { runs: ids }, label);
  }

  private tellBrush(): void {
    clearTimeout(this.tellTimer);
    this.tellTimer = window.setTimeout(() => {
      const isBrushed = this.view.brushes.size > 0;
      this.callbacks.brush(isBrushed ? [...this.stage.lit].map(row => this.store.ids[row]!).sort() : null);
    }, TELL_MS);
  }

  private neighbour(id: string, step: number): string {
    const { order } = this.view;
    return order[Math.min(Math.max(order.indexOf(id) + step, 0), order.length - 1)]!;
  }

  private headActions(id: string): HeadActions {
    const { view } = this;
    return {
      drag: x => {
        if (x !== null && this.stage.indexAt(x) !== view.order.indexOf(id)) {
          this.change(() => view.moveTo(id, this.stage.indexAt(x)));
        }
      },
      move: step => this.change(() => view.moveTo(id, view.order.indexOf(id) + step)),
      leave: step => this.stage.focus(this.neighbour(id, step), 'head'),
      menu: anchor => openMenu(this.node, anchor, `axis ${view.axis(id)!.key}`, this.menuItems(view.axis(id)!))
    };
  }

  private menuItems(axis: ParallelAxis): MenuItem[] {
    const { view } = this;
    const { id } = axis;
    const toggle = (set: Set<string>): void => void (set.delete(id) || set.add(id));
    const at = view.order.indexOf(id);
    const isLog = view.isLog(axis);
    return [
      { label: 'flip', checked: view.flipped.has(id), act: () => this.change(() => toggle(view.flipped)) },
      { label: 'log scale', checked: isLog && canLog(axis), disabled: !canLog(axis), act: () => this.change(() => view.setLog(axis, !isLog)) },
      { label: 'colour by this', checked: view.colour === id, act: () => this.change(() => (view.colour = id)) },
      { label: 'move left', disabled: at === 0, act: () => this.change(() => view.moveTo(id, at - 1)) },
      { label: 'move right', disabled: at === view.order.length - 1, act: () => this.change(() => view.moveTo(id, at + 1)) },
      { label: 'hide', disabled: view.order.length < 2, act: () => this.change(() => view.show(id, false)) }
    ];
  }

  /** Ask for lines that are not here, at once; for news, after a while. */
  private askIfNeeded(): void {
    const lacks = this.store.firstMissing() < this.frame.n_runs;
    this.askAfter(lacks ? 0 : this.newsDelay, lacks);
  }

  private askAfter(delay: number, lacks: boolean): void {
    if (this.asking || this.isOver || !(lacks || this.frame.is_live)) {
      return;
    }
    this.asking = true;
    clearTimeout(this.newsTimer);
    this.newsTimer = window.setTimeout(
      () => {
        const asked = performance.now();
        this.callbacks.lines({ after: this.store.firstUnsettled }).then(
          frame => {
            this.asking = false;
            this.newsDelay = Math.min(Math.max(NEWS_MS, PEACE * (performance.now() - asked)), MOST_NEWS_MS);
            replace(this.fault);
            if (!this.isOver) {
              this.update(frame);
            }
          },
          error => {
            this.asking = false;
            this.newsDelay = Math.min(2 * this.newsDelay, MOST_NEWS_MS);
            // What is here stays, and the fault says why no more comes; a sweep that runs has more to come.
            replace(this.fault, faultMark(asFault(error)));
            this.askAfter(this.newsDelay, false);
          }
        );
      },
      delay
    );
  }
}
