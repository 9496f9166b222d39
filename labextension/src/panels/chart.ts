// One metric of several runs as lines: each in its colour, ending in its letter. The pointer or the arrow keys move a
// line along the steps, and the values there are listed beside it.

import { h, replace, s } from './dom';
import type { ComparedRun, Curve, Points } from './frames';
import { formatNumber, formatTick } from './format';
import { DASHES, N_COLOURS, linePath } from './marks';
import { type Range, type Scale, makeScale, nearest, spreadLabels } from './axes';

const [WIDTH, HEIGHT] = [440, 190];
const [LEFT, TOP, RIGHT, BOTTOM] = [52, 8, 424, 168];

export class Chart {
  readonly node: HTMLElement;
  private log = false;
  private hidden: ReadonlySet<number> = new Set();
  private x!: Scale;
  private y!: Scale;
  private steps: number[] = [];
  private at: number | null = null;
  private readonly lines = s('g');
  private readonly cursor = s('g', { class: 'jt-cursor' });
  private readonly readout = h('div', { class: 'jt-readout', role: 'status' });
  private readonly svg: SVGSVGElement;
  private readonly logButton: HTMLButtonElement;

  constructor(
    private curve: Curve,
    private readonly runs: ComparedRun[]
  ) {
    this.logButton = h('button', { class: 'jt-link', type: 'button', 'aria-pressed': 'false', onclick: () => this.toggleLog() }, 'log');
    this.svg = s(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        class: 'jt-chart',
        role: 'img',
        tabindex: 0,
        'aria-label': `${curve.key} by step, one line a run; arrow keys read values`,
        onpointermove: (event: PointerEvent) => this.onPointer(event),
        onpointerleave: () => this.moveTo(null),
        onkeydown: (event: KeyboardEvent) => this.onKey(event),
        onblur: () => this.moveTo(null)
      },
      this.lines,
      this.cursor
    );
    this.node = h(
      'figure',
      { class: 'jt-figure' },
      h('figcaption', {}, h('b', { class: 'jt-label jt-as-is' }, curve.key), this.logButton),
      h('div', { class: 'jt-plot' }, this.svg, this.readout)
    );
    this.draw();
  }

  /** Leave out the lines of these runs. */
  hide(runs: ReadonlySet<number>): void {
    this.hidden = runs;
    this.draw();
  }

  /** Make one run's line stand out; null makes all alike. */
  emphasize(run: number | null): void {
    this.lines.querySelectorAll<SVGElement>('[data-run]').forEach(line => {
      line.classList.toggle('jt-faint', run !== null && line.dataset.run !== String(run));
    });
  }

  private shown(): [index: number, points: Points][] {
    return this.curve.series.flatMap((points, index) =>
      points && !this.hidden.has(index) ? [[index, points] as [number, Points]] : []
    );
  }

  private draw(): void {
    const shown = this.shown();
    const values = shown.flatMap(([, points]) => points.value);
    const canLog = values.length > 0 && values.every(value => value > 0);
    this.logButton.disabled = !canLog;
    this.logButton.title = canLog ? 'logarithmic scale' : 'a logarithmic scale takes positive values only';
    const steps = shown.flatMap(([, points]) => points.step);
    this.steps = [...new Set(steps)].sort((a, b) => a - b);
    this.x = makeScale(extent(steps), LEFT, RIGHT);
    this.y = makeScale(extent(values), BOTTOM, TOP, this.log && canLog);
    const ends = spreadLabels(shown.map(([, points]) => this.y(points.value[points.value.length - 1]!)), TOP, BOTTOM);
    replace(
      this.lines,
      this.axes(),
      shown.map(([index, points], i) => this.line(index, points, ends[i]!))
    );
    this.moveTo(null);
  }

  private axes(): SVGElement[] {
    const rows = this.y.ticks.flatMap(tick => {
      const y = this.y(tick).toFixed(1);
      return [
        s('path', { class: 'jt-gridline', d: `M${LEFT} ${y}H${RIGHT}` }),
        s('text', { x: LEFT - 6, y: Number(y) + 3.5, 'text-anchor': 'end' }, formatTick(tick))
      ];
    });
    const columns = this.x.ticks.map(tick =>
      s('text', { x: this.x(tick).toFixed(1), y: BOTTOM + 16, 'text-anchor': 'middle' }, formatTick(tick))
    );
    return [...rows, ...columns];
  }

  private line(index: number, points: Points, end: number): SVGElement {
    const flat = points.step.flatMap((step, i) => [this.x(step), this.y(points.value[i]!)]);
    const colour = `jt-cat-${index % N_COLOURS}`;
    const dash = DASHES[Math.floor(index / N_COLOURS) % DASHES.length] || null;
    const x = this.x(points.step[points.step.length - 1]!) + 4;
    return s(
      'g',
      { class: `jt-curve ${colour}`, 'data-run': index },
      s('path', { d: linePath(flat), 'stroke-dasharray': dash }),
      s('text', { x: x.toFixed(1), y: (end + 3.5).toFixed(1) }, this.runs[index]!.letter)
    );
  }

  private toggleLog(): void {
    this.log = !this.log;
    this.logButton.setAttribute('aria-pressed', String(this.log));
    this.draw();
  }

  private onPointer(event: PointerEvent): void {
    const box = this.svg.getBoundingClientRect();
    const step = this.x.invert(((event.clientX - box.left) / box.width) * WIDTH);
    this.moveTo(this.steps.length ? nearest(this.steps, step) : null);
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.steps.length - 1;
    const stride = Math.max(Math.round(last / 50), 1);
    const moves: Record<string, number> = { ArrowLeft: -stride, ArrowRight: stride, Home: -last, End: last };
    const move = moves[event.key];
    if (move !== undefined && last >= 0) {
      event.preventDefault();
      this.moveTo(Math.min(Math.max((this.at ?? (move > 0 ? -stride : last + stride)) + move, 0), last));
    } else if (event.key === 'Escape') {
      this.moveTo(null);
    }
  }

  private moveTo(at: number | null): void {
    this.at = at;
    const step = at === null ? undefined : this.steps[at];
    if (step === undefined) {
      replace(this.cursor);
      replace(this.readout);
      return;
    }
    const found = this.shown().flatMap(([index, points]) => {
      const i = nearest(points.step, step);
      // A run that ended before this step, or began after it, has no value here.
      const within = step >= points.step[0]! && step <= points.step[points.step.length - 1]!;
      return within ? [{ index, step: points.step[i]!, value: points.value[i]! }] : [];
    });
    const x = this.x(step).toFixed(1);
    replace(
      this.cursor,
      s('path', { d: `M${x} ${TOP}V${BOTTOM}` }),
      found.map(point =>
        s('circle', { class: `jt-cat-${point.index % N_COLOURS}`, cx: this.x(point.step).toFixed(1), cy: this.y(point.value).toFixed(1), r: 3 })
      )
    );
    found.sort((a, b) => b.value - a.value);
    replace(
      this.readout,
      h('div', { class: 'jt-muted' }, `step ${formatTick(step)}`),
      found.map(point =>
        h('div', {}, h('b', { class: `jt-cat-${point.index % N_COLOURS}` }, this.runs[point.index]!.letter), ` ${formatNumber(point.value)}`)
      )
    );
    this.readout.classList.toggle('jt-two', found.length > 9);
    this.readout.classList.toggle('jt-left', this.x(step) > (LEFT + RIGHT) / 2);
  }
}

function extent(values: number[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  return low <= high ? [low, high] : [0, 1];
}
