// The curves of a comparison with what can be done to all of them: over steps or time, smoothed, runs drawn as groups.

import { h, replace } from '../dom';
import { type CompareCallbacks, type CompareFrame, type Curve, asFault } from '../frames';
import { Chart, type ChartOptions, type XAxis } from '../chart';
import { shorten } from '../format';
import { N_COLOURS, faultMark } from '../marks';
import { groupings } from './groups';

const MOST_OF_NAME = 40;
const X_NAMES: [XAxis, string][] = [
  ['step', 'step'],
  ['relative', 'time since start'],
  ['wall', 'clock (UTC)']
];

export class CurvesPart {
  readonly node = h('div', { class: 'jt-curves' });
  private charts: Chart[] = [];
  private options: ChartOptions = { x: 'step', smoothing: 0, groups: null };
  private hidden: ReadonlySet<number> = new Set();
  private isFine = false;
  private turn = 0;
  private readonly area = h('div', { class: 'jt-charts' });
  private readonly more = h('div', { class: 'jt-line' });
  private readonly legend = h('div', { class: 'jt-line jt-legend-line' });
  private readonly fault = h('div');

  constructor(
    private readonly frame: CompareFrame,
    private readonly callbacks: CompareCallbacks
  ) {
    replace(this.node, this.toolbar(), this.fault, this.legend, this.area, this.more);
    frame.curves.forEach(curve => this.add(curve));
    this.offerMore();
    this.drawLegend();
    if (!this.charts.length) {
      // Of many runs not even one curve may be saved: it is asked for at once.
      this.more.querySelector('button')?.click();
    }
    this.node.hidden = frame.curve_keys.length === 0;
    this.refine();
  }

  /** Read again what is drawn: the runs have got more points. */
  refresh(): void {
    if (this.charts.length > 0) {
      void this.over(this.options.x);
    }
  }

  hide(runs: ReadonlySet<number>): void {
    this.hidden = runs;
    this.charts.forEach(chart => chart.hide(runs));
  }

  emphasize(run: number | null): void {
    this.charts.forEach(chart => chart.emphasize(run));
  }

  private toolbar(): HTMLElement {
    const x: HTMLSelectElement = h(
      'select',
      { 'aria-label': 'curves over', onchange: () => void this.over(x.value as XAxis) },
      X_NAMES.map(([value, name]) => h('option', { value }, name))
    );
    const weight: HTMLInputElement = h('input', {
      type: 'range',
      min: 0,
      max: 0.98,
      step: 0.02,
      value: 0,
      'aria-label': 'smoothing of the curves',
      oninput: () => this.redraw({ smoothing: Number(weight.value) })
    });
    const choices = groupings(this.frame);
    const group: HTMLSelectElement = h(
      'select',
      { 'aria-label': 'draw runs as groups', onchange: () => this.redraw({ groups: choices[Number(group.value)]?.groups ?? null }) },
      h('option', { value: -1 }, 'one a run'),
      choices.map(({ name }, i) => h('option', { value: i }, name))
    );
    return h(
      'div',
      { class: 'jt-toolbar jt-line' },
      h('b', { class: 'jt-label' }, 'curves'),
      h('label', {}, 'over ', x),
      h('label', {}, 'lines ', group),
      h('label', { class: 'jt-slide' }, 'smooth ', weight)
    );
  }

  private redraw(change: Partial<ChartOptions>): void {
    this.options = { ...this.options, ...change };
    this.charts.forEach(chart => chart.change(this.options));
    this.drawLegend();
    this.refine();
  }

  /** What was saved is enough to see the shape of a curve; where somebody answers, all that a screen can show is asked for. */
  private refine(): void {
    const isThinned = this.charts.some(({ curve }) => curve.series.some(points => points && points.value.length < points.n_points));
    if (isThinned && !this.isFine) {
      this.isFine = true;
      void this.over(this.options.x, false);
    }
  }

  private async over(x: XAxis, isAsked = true): Promise<void> {
    const turn = ++this.turn;
    try {
      const curves = await Promise.all(this.charts.map(chart => this.callbacks.curve({ key: chart.curve.key, x })));
      if (turn === this.turn) {
        this.options = { ...this.options, x };
        this.isFine = true;
        this.charts.forEach((chart, i) => chart.change(this.options, curves[i]));
        replace(this.fault);
      }
    } catch (error) {
      if (turn === this.turn && isAsked) {
        replace(this.fault, faultMark(asFault(error)));
      }
    }
  }

  private drawLegend(): void {
    const { groups } = this.options;
    this.legend.hidden = groups === null;
    replace(
      this.legend,
      groups?.map((group, i) => h('span', {}, h('b', { class: `jt-cat-${i % N_COLOURS}`, 'aria-hidden': 'true' }, '■ '), `${group.label} (${group.members.length})`)) ?? [],
      h('span', { class: 'jt-muted' }, 'mean and its 95 % interval')
    );
  }

  private add(curve: Curve): void {
    if (curve.series.every(points => points === null)) {
      return;
    }
    const chart = new Chart(curve, this.frame.runs);
    chart.hide(this.hidden);
    chart.change(this.options);
    this.charts.push(chart);
    this.area.append(chart.node);
  }

  private offerMore(): void {
    const shown = new Set(this.charts.map(chart => chart.curve.key));
    const { curve_keys, n_curve_keys } = this.frame;
    const buttons = curve_keys
      .filter(key => !shown.has(key))
      .map(key => {
        const button: HTMLButtonElement = h('button', { type: 'button', class: 'jt-link', title: key.length > MOST_OF_NAME ? key : null, onclick: () => void this.addMore(key, button) }, shorten(key, MOST_OF_NAME));
        return button;
      });
    const rest = n_curve_keys - curve_keys.length;
    replace(this.more, h('span', { class: 'jt-muted' }, 'more curves: '), buttons, rest > 0 && h('span', { class: 'jt-muted' }, `and ${rest} more`));
    this.more.hidden = buttons.length === 0;
  }

  private async addMore(key: string, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      this.add(await this.callbacks.curve({ key, x: this.options.x }));
      button.remove();
      this.more.hidden = this.more.querySelector('button') === null;
    } catch (error) {
      button.disabled = false;
      replace(this.fault, faultMark(asFault(error)));
    }
  }
}
