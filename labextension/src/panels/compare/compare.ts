// The comparison: one table of what differs, the curves, the source of two runs, and below them the runs as points,
// what tells of a metric, and files side by side.

import { type Child, h, replace, scrollArea } from '../dom';
import {
  type CompareCallbacks,
  type CompareFrame,
  type ComparedMetric,
  type ComparedText,
  type Rendered,
  type Section,
  asFault,
  asNumber
} from '../frames';
import { MISSING, formatDuration, formatNumber, plural, shorten } from '../format';
import { N_COLOURS, faultMark, stateMark } from '../marks';
import { CurvesPart } from './curves';
import { FilesBeside } from './files';
import { ImportancePart } from './importance';
import { ScatterPart, telling } from './scatter';
import { SourcePart } from './source';
import { Tabs } from '../run/tabs';

const MOST_CONSTANTS = 10;

export function renderCompare(
  element: HTMLElement,
  frame: CompareFrame,
  callbacks: CompareCallbacks
): ComparePanel {
  const panel = new ComparePanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

export class ComparePanel implements Rendered<CompareFrame> {
  readonly node = h('div', { class: 'jtrack jt-compare jt-interactive', role: 'group', 'aria-label': 'comparison of runs' });
  private frame!: CompareFrame;
  private curves!: CurvesPart;
  private hidden = new Set<number>();
  private nSelected = 0;
  /** Sections of the table that were opened in full. */
  private readonly opened = new Set<Section>();
  private readonly fault = h('div');
  private readonly same = h('div');
  private readonly tableArea = scrollArea('what differs', 'jt-overview');

  constructor(private readonly callbacks: CompareCallbacks) {}

  update(frame: CompareFrame): void {
    const before: CompareFrame | undefined = this.frame;
    this.frame = frame;
    if (before && shape(before) === shape(frame)) {
      // The same runs with more to tell: what was chosen in the panel stays as it is.
      replace(this.tableArea, this.table());
      replace(this.same, this.constants());
      this.curves.refresh();
      return;
    }
    this.hidden.clear();
    this.opened.clear();
    this.curves = new CurvesPart(frame, this.callbacks);
    const n = frame.runs.length;
    const count = n === frame.n_found ? plural(n, 'run') : `${n} of ${plural(frame.n_found, 'run')}`;
    replace(this.tableArea, this.table());
    replace(this.same, this.constants());
    replace(
      this.node,
      h('div', { class: 'jt-head' }, h('b', { class: 'jt-name' }, 'compare'), h('span', {}, count)),
      this.fault,
      this.tableArea,
      this.same,
      this.curves.node,
      new SourcePart(frame, this.callbacks).node,
      this.more()
    );
  }

  dispose(): void {
    this.nSelected++;
    this.node.remove();
  }

  /** Compare runs that were chosen elsewhere; the first ones again where these are fewer than two. */
  async select(run_ids: string[]): Promise<void> {
    const n = ++this.nSelected;
    try {
      const frame: CompareFrame = await this.callbacks.select({ run_ids });
      if (n === this.nSelected) {
        this.update(frame);
        replace(this.fault);
      }
    } catch (error) {
      replace(this.fault, faultMark(asFault(error)));
    }
  }

  private table(): HTMLElement {
    const { frame } = this;
    const text = (row: ComparedText): HTMLElement => textRow(row);
    return h(
      'table',
      {},
      h('thead', {}, h('tr', {}, h('td'), frame.runs.map((_, index) => this.runHead(index)), h('td', { class: 'jt-rest' }))),
      this.section('metrics', 'metrics', frame.metrics, frame.n_metrics, metricRow),
      this.section('params', 'params that differ', frame.params, frame.n_params, text),
      this.section('tags', 'tags that differ', frame.tags, frame.n_tags, text),
      this.section('packages', 'packages that differ', frame.packages, frame.n_packages, text),
      h(
        'tbody',
        {},
        this.labelRow('run'),
        frame.details.map(text),
        h('tr', {}, keyCell('took'), frame.runs.map(run => h('td', { class: 'jt-num' }, formatDuration(run.duration_s))))
      )
    );
  }

  private section<R>(name: Section, title: string, rows: R[], n: number, draw: (row: R) => HTMLElement): Child {
    if (!rows.length) {
      return null;
    }
    const body = h('tbody');
    const all = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.readAll(name, title, body, draw) }, `${n - rows.length} more`);
    replace(body, this.labelRow(title, n > rows.length ? all : null), rows.map(draw));
    if (this.opened.has(name)) {
      void this.readAll(name, title, body, draw);
    }
    return body;
  }

  private async readAll<R>(name: Section, title: string, body: HTMLElement, draw: (row: R) => HTMLElement): Promise<void> {
    try {
      const rows: R[] = await this.callbacks.rows({ section: name });
      this.opened.add(name);
      // It scrolls from now on, so that the panel stays as high as it was.
      this.tableArea.style.maxHeight = `${this.tableArea.offsetHeight}px`;
      replace(body, this.labelRow(title), rows.map(draw));
      replace(this.fault);
    } catch (error) {
      replace(this.fault, faultMark(asFault(error)));
    }
  }

  private labelRow(text: string, more: Child = null): HTMLElement {
    const n = this.frame.runs.length + 2;
    return h('tr', {}, h('th', { class: 'jt-label', colspan: n, scope: 'colgroup' }, h('span', {}, h('b', {}, text), more && [' ', h('i', {}, more)])));
  }

  private runHead(index: number): HTMLElement {
    const run = this.frame.runs[index]!;
    const toggle = h(
      'button',
      {
        type: 'button',
        class: 'jt-run',
        'aria-pressed': String(!this.hidden.has(index)),
        title: `${run.run_name}, run ${run.run_id}: show or hide its curves`,
        onclick: () => this.toggleRun(index, toggle),
        onmouseenter: () => this.curves.emphasize(index),
        onmouseleave: () => this.curves.emphasize(null),
        onfocus: () => this.curves.emphasize(index),
        onblur: () => this.curves.emphasize(null)
      },
      h('b', { class: `jt-letter jt-cat-${index % N_COLOURS}` }, run.letter),
      ' ',
      stateMark(run.status),
      ' ',
      shorten(run.run_name, 24),
      h('br'),
      h('code', { class: 'jt-muted' }, run.run_id.slice(0, 8))
    );
    return h('th', { scope: 'col', class: 'jt-num' }, toggle);
  }

  private constants(): HTMLElement | null {
    const texts = this.frame.constants.map(([key, text]) => `${shorten(key, 32)} ${text}`);
    const rest = texts.length - MOST_CONSTANTS;
    const line = [...texts.slice(0, MOST_CONSTANTS), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
    const title = rest > 0 ? texts.join('\n') : null;
    return texts.length ? h('div', { class: 'jt-line jt-muted', title }, `same in all: ${line}`) : null;
  }

  private toggleRun(index: number, button: HTMLElement): void {
    if (!this.hidden.delete(index)) {
      this.hidden.add(index);
    }
    button.setAttribute('aria-pressed', String(!this.hidden.has(index)));
    this.curves.hide(this.hidden);
  }

  /** Tabs below, each read when it is chosen. */
  private more(): HTMLElement | null {
    const { frame, callbacks } = this;
    const several = frame.runs.length > 2;
    const metrics = frame.axes.filter(axis => axis.startsWith('metrics.')).length;
    const parts: [name: string, isThere: boolean, draw: () => HTMLElement][] = [
      ['scatter', several && metrics > 0 && frame.axes.length > 1, () => new ScatterPart(frame, callbacks).node],
      ['contour', frame.runs.length > 3 && metrics > 0 && telling(frame).length > 1, () => new ScatterPart(frame, callbacks, true).node],
      ['importance', several && metrics > 0 && frame.n_params > 0, () => new ImportancePart(frame, callbacks).node],
      ['files', frame.n_files > 0, () => new FilesBeside(frame, callbacks).node]
    ];
    const there = parts.filter(([, isThere]) => isThere);
    const drawn = new Map<string, HTMLElement>();
    const choose = (name: string): void => {
      const draw = there.find(([each]) => each === name)![2];
      const part = drawn.get(name) ?? h('div', { class: 'jt-compare-part' }, draw());
      drawn.set(name, part);
      tabs.show(name, part);
    };
    const tabs = new Tabs(choose);
    tabs.update(there.map(([name]) => ({ name, note: name === 'files' ? String(frame.n_files) : '' })));
    if (!there[0]) {
      return null;
    }
    choose(there[0][0]);
    return h('div', { class: 'jt-compare-more' }, tabs.node, tabs.body);
  }
}

/** What the layout of the panel hangs on; while it is the same, only values change. */
function shape({ runs, curve_keys, axes, params, sources, n_files }: CompareFrame): string {
  return JSON.stringify([runs.map(run => run.run_id), curve_keys, axes, params.map(param => param.key), sources.length, n_files]);
}

function keyCell(key: string): HTMLElement {
  return h('th', { scope: 'row', title: key.length > 30 ? key : null }, shorten(key, 40));
}

function metricRow(metric: ComparedMetric): HTMLElement {
  const cells = metric.values.map(raw => {
    const value = asNumber(raw);
    const best = value !== null && value === metric.best;
    const text = formatNumber(value, metric.decimals);
    const title = value === null ? null : `${value}${best ? ', best' : ''}`;
    return h('td', { class: best ? 'jt-num jt-best' : 'jt-num', title }, best ? h('b', {}, text) : text);
  });
  return h('tr', {}, keyCell(metric.key), cells);
}

function textRow(row: ComparedText): HTMLElement {
  const cells = row.texts.map(text =>
    h('td', { class: text === row.texts[0] ? 'jt-num' : 'jt-num jt-new' }, text ?? MISSING)
  );
  return h('tr', {}, keyCell(row.key), cells);
}
