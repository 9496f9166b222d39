// The runs as a listbox: arrows walk, Enter opens, Space selects. A row is drawn anew only where what it says has
// changed, so that the focus and the pointer stay where they are while runs come in.

import { h, replace } from '../../panels/dom';
import { asNumber } from '../../panels/frames';
import { MISSING, exactMoment, formatDuration, formatNumber, plural } from '../../panels/format';
import { sparkLine, stateMark } from '../../panels/marks';
import { updateTimes } from '../../panels/times';
import type { ListedRun } from '../../server/api';
import type { SideModel } from './model';
import { shownMetric } from './sparks';

const AGO_EVERY_MS = 10000;
const NEAR_END_PX = 200;

export interface ListCallbacks {
  open(run: ListedRun): void;
  goToCell(run: ListedRun): void;
}

interface Row {
  node: HTMLElement;
  said: string;
}

export class RunsList {
  readonly node: HTMLElement;
  private rows = new Map<string, Row>();
  private active: string | null = null;
  /** Where a range of selected rows begins. */
  private anchor: string | null = null;
  private readonly timer: number;

  constructor(
    private readonly model: SideModel,
    private readonly callbacks: ListCallbacks
  ) {
    this.node = h('div', {
      class: 'jt-side-list',
      role: 'listbox',
      'aria-label': 'runs',
      'aria-multiselectable': 'true',
      onkeydown: (event: KeyboardEvent) => this.onKey(event),
      onclick: (event: MouseEvent) => this.onClick(event),
      onfocusin: (event: FocusEvent) => this.activate(this.runAt(event.target as Element)?.run_id ?? this.active, false),
      onscroll: () => this.onScroll()
    });
    this.timer = window.setInterval(() => this.updateTimes(), AGO_EVERY_MS);
  }

  update(): void {
    const { runs, sort, selected } = this.model;
    const best = bestOf(this.model);
    const before = this.rows;
    this.rows = new Map(
      runs.map(run => {
        const metric = shownMetric(run, sort.key);
        const spark = metric && this.model.sparks.line(run, metric.key);
        const isBest = metric !== null && best !== null && asNumber(metric.value) === best;
        const said = JSON.stringify([run.run_name, run.status, run.kind, run.n_children, metric, spark, isBest, sort.key]);
        const known = before.get(run.run_id);
        return [run.run_id, known?.said === said ? known : { node: drawRow(run, metric, spark, isBest, known?.node), said }];
      })
    );
    this.place(runs);
    this.rows.forEach(({ node }, run_id) => node.setAttribute('aria-selected', String(selected.has(run_id))));
    this.node.classList.toggle('jt-selecting', selected.size > 0);
    if (this.active === null || !this.rows.has(this.active)) {
      this.activate(runs[0]?.run_id ?? null, false);
    }
    this.updateTimes();
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  focus(): void {
    this.rows.get(this.active ?? '')?.node.focus();
  }

  get activeRun(): ListedRun | null {
    return this.model.runs.find(run => run.run_id === this.active) ?? null;
  }

  /** The run whose row holds an element. */
  runAt(element: Element | null): ListedRun | null {
    const run_id = element?.closest<HTMLElement>('[data-run-id]')?.dataset.runId;
    return this.model.runs.find(run => run.run_id === run_id) ?? null;
  }

  private place(runs: ListedRun[]): void {
    const nodes = runs.map(run => this.rows.get(run.run_id)!.node);
    const kept = new Set<Element>(nodes);
    [...this.node.children].forEach(child => kept.has(child) || child.remove());
    // Moving a row would take the focus from it: only what stands elsewhere is put in its place.
    nodes.forEach((node, index) => {
      if (this.node.children[index] !== node) {
        this.node.insertBefore(node, this.node.children[index] ?? null);
      }
    });
  }

  private updateTimes(): void {
    updateTimes([...this.rows.values()].map(({ node }) => node.querySelector('time')!));
  }

  private activate(run_id: string | null, withFocus = true): void {
    this.rows.forEach(({ node }, id) => (node.tabIndex = id === run_id ? 0 : -1));
    this.active = run_id;
    if (withFocus) {
      this.focus();
    }
  }

  private onScroll(): void {
    if (this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX) {
      this.model.showMore();
    }
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as Element;
    const run = this.runAt(target);
    if (run) {
      this.activate(run.run_id);
      if (event.shiftKey) {
        this.selectRange(run.run_id);
      } else if (event.ctrlKey || event.metaKey || target.closest('.jt-side-pick')) {
        this.toggle(run.run_id);
      } else {
        this.callbacks.open(run);
      }
    }
  }

  private onKey(event: KeyboardEvent): void {
    const done = event.ctrlKey || event.metaKey || event.altKey ? this.onAccelKey(event) : this.onPlainKey(event);
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private onPlainKey(event: KeyboardEvent): boolean {
    const run = this.activeRun;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step !== undefined) {
      this.step(step, event.shiftKey);
    } else if (event.key === 'Escape' && this.model.selected.size > 0) {
      this.model.select([]);
    } else if (run && event.key === 'Enter') {
      this.callbacks.open(run);
    } else if (run && event.key === ' ') {
      this.toggle(run.run_id);
    } else if (run && event.key.toLowerCase() === 'c') {
      this.callbacks.goToCell(run);
    } else {
      return false;
    }
    return true;
  }

  private onAccelKey(event: KeyboardEvent): boolean {
    if (event.key.toLowerCase() === 'a' && !event.altKey) {
      this.model.select(this.rows.keys());
      return true;
    }
    return false;
  }

  private step(step: number, isSelecting: boolean): void {
    const ids = [...this.rows.keys()];
    const at = ids.indexOf(this.active ?? '');
    const next = ids[Math.min(Math.max(at + step, 0), ids.length - 1)];
    if (next !== undefined) {
      if (isSelecting) {
        this.anchor ??= this.active;
        this.selectRange(next);
      }
      this.activate(next);
    }
  }

  private toggle(run_id: string): void {
    const selected = new Set(this.model.selected);
    if (!selected.delete(run_id)) {
      selected.add(run_id);
    }
    this.anchor = run_id;
    this.model.select(selected);
  }

  private selectRange(to: string): void {
    const ids = [...this.rows.keys()];
    const ends = [ids.indexOf(this.anchor ?? to), ids.indexOf(to)].sort((a, b) => a - b);
    this.anchor ??= to;
    this.model.select(ids.slice(Math.max(ends[0]!, 0), ends[1]! + 1));
  }
}

/** The best value of the metric that is sorted by, where there is one among several. */
function bestOf({ runs, sort, directions }: SideModel): number | null {
  const direction = sort.key === null ? null : (directions.get(sort.key) ?? null);
  const values = runs.flatMap(run => asNumber(shownMetric(run, sort.key)?.value ?? null) ?? []).filter(Number.isFinite);
  if (direction === null || new Set(values).size < 2) {
    return null;
  }
  return values.reduce((one, other) => (direction === 'higher' ? Math.max(one, other) : Math.min(one, other)));
}

type Metric = ReturnType<typeof shownMetric>;

function drawRow(run: ListedRun, metric: Metric, spark: number[] | null, isBest: boolean, known?: HTMLElement): HTMLElement {
  const value = metric ? formatNumber(asNumber(metric.value)) : MISSING;
  const inside = run.n_children ? plural(run.n_children, run.kind === 'sweep' ? 'trial' : 'run') : '';
  const name = [run.run_name, run.status.toLowerCase(), inside, metric && `${metric.key} ${value}`, isBest && 'best'];
  const node = known ?? h('div', { class: 'jt-side-run', role: 'option', tabindex: -1, 'data-run-id': run.run_id });
  node.setAttribute('aria-label', name.filter(Boolean).join(', '));
  replace(
    node,
    h('span', { class: 'jt-side-pick', 'aria-hidden': 'true', title: 'select' }),
    h('span', { class: 'jt-side-name' }, stateMark(run.status), ' ', h('b', { class: 'jt-name', title: run.run_name }, run.run_name), inside && [' ', h('span', { class: 'jt-muted' }, inside)]),
    h('time', { class: 'jt-muted', datetime: run.started_at, title: whenText(run) }),
    h(
      'span',
      { class: 'jt-side-value' },
      metric && h('span', { class: 'jt-muted jt-cut', title: metric.key }, metric.key),
      (metric || !inside) && h('span', { class: isBest ? 'jt-best' : null }, value)
    ),
    // Room is kept for a line that is on its way, and not where there is but one point.
    metric !== null && metric.n_points > 1 && h('span', { class: 'jt-side-spark' }, spark && sparkLine(spark))
  );
  return node;
}

function whenText(run: ListedRun): string {
  const took = run.duration_s === null ? '' : `, took ${formatDuration(run.duration_s)}`;
  const cell = run.execution_count === null ? '' : `, cell [${run.execution_count}]`;
  return `${exactMoment(run.started_at)}${took}${cell}`;
}
