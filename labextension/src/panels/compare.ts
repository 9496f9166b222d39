// The comparison: one table of what differs, a chart a metric, and the source of two runs held against each other.

import { h, replace } from './dom';
import { type CompareCallbacks, type CompareFrame, type ComparedText, type Curve, type Rendered, type SourcePair, asFault, asNumber } from './frames';
import { MISSING, formatDuration, formatNumber, plural, shorten } from './format';
import { N_COLOURS, faultMark, stateMark } from './marks';
import { Chart } from './chart';
import { type DiffView, differenceBlock } from './difference';

const MOST_CONSTANTS = 10;

export function renderCompare(
  element: HTMLElement,
  frame: CompareFrame,
  callbacks: CompareCallbacks
): Rendered<CompareFrame> {
  const panel = new ComparePanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

class ComparePanel implements Rendered<CompareFrame> {
  readonly node = h('div', { class: 'jtrack jt-compare jt-interactive', role: 'group', 'aria-label': 'comparison of runs' });
  private frame!: CompareFrame;
  private charts: Chart[] = [];
  private hidden = new Set<number>();
  private view: DiffView = 'unified';
  private pair: SourcePair | null = null;
  private readonly fault = h('div');
  private readonly chartArea = h('div', { class: 'jt-charts' });
  private readonly moreArea = h('div', { class: 'jt-line' });
  private readonly sourceArea = h('div', { class: 'jt-sources' });
  private readonly sourceBody = h('div');

  constructor(private readonly callbacks: CompareCallbacks) {
    this.node.dataset.lmSuppressShortcuts = 'true';
  }

  update(frame: CompareFrame): void {
    this.frame = frame;
    this.hidden.clear();
    this.pair = frame.sources.find(source => source.difference.rows.length > 0) ?? frame.sources[0] ?? null;
    const n = frame.runs.length;
    const count = n === frame.n_found ? plural(n, 'run') : `${n} of ${plural(frame.n_found, 'run')}`;
    replace(
      this.node,
      h('div', { class: 'jt-head' }, h('b', { class: 'jt-name' }, 'compare'), h('span', {}, count)),
      this.fault,
      h('div', { class: 'jt-scroll' }, this.table()),
      this.constants(),
      this.chartArea,
      this.moreArea,
      this.sourceArea
    );
    this.drawCharts();
    this.drawSources();
  }

  dispose(): void {
    this.node.remove();
  }

  private table(): HTMLElement {
    const { frame } = this;
    const n = frame.runs.length;
    const label = (text: string): HTMLElement =>
      h('tr', {}, h('th', { class: 'jt-label', colspan: n + 2, scope: 'colgroup' }, h('b', {}, text)));
    const more = frame.n_metrics > frame.metrics.length ? ` (${frame.n_metrics - frame.metrics.length} more)` : '';
    return h(
      'table',
      {},
      h('thead', {}, h('tr', {}, h('td'), frame.runs.map((_, index) => this.runHead(index)), h('td', { class: 'jt-rest' }))),
      h(
        'tbody',
        {},
        frame.metrics.length ? [label(`metrics${more}`), this.metricRows()] : null,
        frame.params.length ? [label('params that differ'), frame.params.map(textRow)] : null,
        label('run'),
        frame.details.map(textRow),
        h('tr', {}, keyCell('took'), frame.runs.map(run => h('td', { class: 'jt-num' }, formatDuration(run.duration_s))))
      )
    );
  }

  private runHead(index: number): HTMLElement {
    const run = this.frame.runs[index]!;
    const toggle = h(
      'button',
      {
        type: 'button',
        class: 'jt-run',
        'aria-pressed': 'true',
        title: `${run.run_name}, run ${run.run_id}: show or hide its curves`,
        onclick: () => this.toggleRun(index, toggle),
        onmouseenter: () => this.emphasize(index),
        onmouseleave: () => this.emphasize(null),
        onfocus: () => this.emphasize(index),
        onblur: () => this.emphasize(null)
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

  private metricRows(): HTMLElement[] {
    return this.frame.metrics.map(metric =>
      h(
        'tr',
        {},
        keyCell(metric.key),
        metric.values.map(raw => {
          const value = asNumber(raw);
          const best = value !== null && value === metric.best;
          const text = formatNumber(value, metric.decimals);
          const title = value === null ? null : `${value}${best ? ', best' : ''}`;
          return h('td', { class: best ? 'jt-num jt-best' : 'jt-num', title }, best ? h('b', {}, text) : text);
        })
      )
    );
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
    this.charts.forEach(chart => chart.hide(this.hidden));
  }

  private emphasize(index: number | null): void {
    this.charts.forEach(chart => chart.emphasize(index));
  }

  private drawCharts(): void {
    this.charts = [];
    replace(this.chartArea);
    this.frame.curves.forEach(curve => this.addChart(curve));
    const shown = new Set(this.frame.curves.map(curve => curve.key));
    const rest = this.frame.curve_keys.filter(key => !shown.has(key));
    const buttons = rest.map(key => {
      const button: HTMLButtonElement = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.addCurve(key, button) }, key);
      return button;
    });
    replace(this.moreArea, h('span', { class: 'jt-muted' }, 'more curves: '), buttons);
    this.moreArea.hidden = rest.length === 0;
  }

  private addChart(curve: Curve): void {
    if (curve.series.every(points => points === null)) {
      return;
    }
    const chart = new Chart(curve, this.frame.runs);
    chart.hide(this.hidden);
    this.charts.push(chart);
    this.chartArea.append(chart.node);
    this.chartArea.hidden = false;
  }

  private async addCurve(key: string, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      this.addChart(await this.callbacks.curve({ key }));
      button.remove();
      this.moreArea.hidden = this.moreArea.querySelector('button') === null;
    } catch (error) {
      button.disabled = false;
      replace(this.fault, faultMark(asFault(error)));
    }
  }

  private drawSources(): void {
    const pair = this.pair;
    this.sourceArea.hidden = pair === null;
    if (pair === null) {
      return;
    }
    const split = h(
      'button',
      { type: 'button', class: 'jt-link', 'aria-pressed': String(this.view === 'split'), onclick: () => this.toggleView(split) },
      'side by side'
    );
    replace(
      this.sourceArea,
      h(
        'div',
        { class: 'jt-toolbar' },
        h('b', { class: 'jt-label' }, 'source'),
        this.choice('from', pair.left, left => ({ left, right: this.pair!.right })),
        '→',
        this.choice('to', pair.right, right => ({ left: this.pair!.left, right })),
        split
      ),
      this.sourceBody
    );
    this.drawDifference();
  }

  private choice(name: string, chosen: number, asked: (index: number) => { left: number; right: number }): HTMLElement {
    const select: HTMLSelectElement = h(
      'select',
      { 'aria-label': `source ${name} run`, onchange: () => void this.compareSources(asked(Number(select.value))) },
      this.frame.runs.map((run, index) => h('option', { value: index }, `${run.letter}  ${shorten(run.run_name, 30)}`))
    );
    select.value = String(chosen);
    return select;
  }

  private async compareSources(asked: { left: number; right: number }): Promise<void> {
    const known = this.frame.sources.find(source => source.left === asked.left && source.right === asked.right);
    const before = this.pair;
    // The choice counts at once, so that the next one starts from it.
    this.pair = known ?? { ...asked, difference: { rows: [], n_removed: 0, n_added: 0, n_hidden: 0 } };
    const wanted = this.pair;
    try {
      const found = known ?? (await this.callbacks.difference(asked));
      if (this.pair === wanted) {
        this.pair = found;
        replace(this.fault);
        this.drawDifference();
      }
    } catch (error) {
      if (this.pair === wanted) {
        this.pair = before;
        this.drawSources();
        replace(this.fault, faultMark(asFault(error)));
      }
    }
  }

  private toggleView(button: HTMLElement): void {
    this.view = this.view === 'split' ? 'unified' : 'split';
    button.setAttribute('aria-pressed', String(this.view === 'split'));
    this.drawDifference();
  }

  private drawDifference(): void {
    if (this.pair) {
      replace(this.sourceBody, differenceBlock(this.pair.difference, this.view));
    }
  }
}

function keyCell(key: string): HTMLElement {
  return h('th', { scope: 'row', title: key.length > 30 ? key : null }, shorten(key, 40));
}

function textRow(row: ComparedText): HTMLElement {
  const cells = row.texts.map(text =>
    h('td', { class: text === row.texts[0] ? 'jt-num' : 'jt-num jt-new', title: text && text.length > 32 ? text : null }, text === null ? MISSING : shorten(text, 32))
  );
  return h('tr', {}, keyCell(row.key), cells);
}
