// One metric while it grows: its name and value, a line with its least and greatest value beside it, and its best. The
// pointer or the arrow keys read values off the line. Only texts and a path change from one look to the next.

import { h, s } from '../dom';
import { asNumber } from '../frames';
import { formatEnds, formatNumber, shorten, withThousands } from '../format';
import { linePath } from '../marks';
import { type Scale, makeScale, nearest } from '../axes';
import type { LiveMetric } from './news';

const [WIDTH, HEIGHT] = [236, 72];
const [LEFT, TOP, RIGHT, BOTTOM] = [3, 12, 228, 60];

export class Tile {
  readonly node: HTMLElement;
  private metric!: LiveMetric;
  private x!: Scale;
  private y!: Scale;
  /** Steps in their order, and where in the metric's points each stands. */
  private steps: number[] = [];
  private values: number[] = [];
  private at: number | null = null;
  private readonly value = h('span', { class: 'jt-num' });
  private readonly foot = h('div', { class: 'jt-muted jt-tile-foot' });
  private readonly line = s('path', { class: 'jt-live-line' });
  private readonly bounds = s('path', { class: 'jt-gridline' });
  private readonly high = s('text', { x: RIGHT, y: TOP - 3, 'text-anchor': 'end' });
  private readonly low = s('text', { x: RIGHT, y: BOTTOM + 10, 'text-anchor': 'end' });
  private readonly dot = s('circle', { r: 2.5, class: 'jt-live-dot', visibility: 'hidden' });
  private readonly bestDot = s('circle', { r: 2.5, class: 'jt-live-best', visibility: 'hidden' });
  private readonly cursor = s('path', { class: 'jt-live-cursor' });
  private readonly svg: SVGSVGElement;

  constructor(metric: LiveMetric) {
    this.svg = s(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        class: 'jt-chart',
        role: 'img',
        tabindex: 0,
        'aria-label': `${metric.key} by step; arrow keys read values`,
        onpointermove: (event: PointerEvent) => this.onPointer(event),
        onpointerleave: () => this.moveTo(null),
        onkeydown: (event: KeyboardEvent) => this.onKey(event),
        onblur: () => this.moveTo(null)
      },
      this.bounds,
      this.line,
      this.bestDot,
      this.dot,
      this.cursor,
      this.high,
      this.low
    );
    const name = h('b', { title: metric.key }, shorten(metric.key, 26));
    this.node = h('div', { class: 'jt-tile' }, h('div', { class: 'jt-tile-head' }, name, this.value), this.svg, this.foot);
    this.update(metric);
  }

  update(metric: LiveMetric): void {
    if (metric === this.metric) {
      return;
    }
    this.metric = metric;
    this.value.textContent = formatNumber(asNumber(metric.last));
    this.order();
    this.draw();
  }

  /** Sort the points by their steps; where all stand at one step, count them instead. */
  private order(): void {
    const { step, value } = this.metric;
    const oneStep = step.length > 1 && step.every(other => other === step[0]);
    const places = step.map((_, index) => index);
    if (!oneStep && step.some((other, index) => index > 0 && other < step[index - 1]!)) {
      places.sort((a, b) => step[a]! - step[b]!);
    }
    this.steps = places.map(index => (oneStep ? index : step[index]!));
    this.values = places.map(index => value[index]!);
  }

  private draw(): void {
    const { steps, values } = this;
    const n = values.length;
    if (n === 0) {
      this.foot.textContent = 'no number yet';
      return;
    }
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    this.x = makeScale([steps[0]!, steps[n - 1]!], LEFT, RIGHT);
    this.y = makeScale([low, high], BOTTOM, TOP);
    const flat = steps.flatMap((step, index) => [this.x(step), this.y(values[index]!)]);
    this.line.setAttribute('d', n > 1 ? linePath(flat) : '');
    this.dot.setAttribute('visibility', 'visible');
    place(this.dot, flat[flat.length - 2]!, flat[flat.length - 1]!);
    this.bounds.setAttribute('d', n > 1 && high > low ? `M${LEFT} ${TOP}H${RIGHT}M${LEFT} ${BOTTOM}H${RIGHT}` : '');
    [this.low.textContent, this.high.textContent] = n > 1 && high > low ? formatEnds(low, high) : ['', ''];
    this.drawBest();
    this.moveTo(this.at === null ? null : Math.min(this.at, n - 1));
  }

  private drawBest(): void {
    const { best, best_step, n_points } = this.metric;
    const within = best !== null && best_step !== null && n_points > 1 && this.steps[0]! <= best_step;
    this.bestDot.setAttribute('visibility', within ? 'visible' : 'hidden');
    if (within) {
      place(this.bestDot, this.x(best_step), this.y(best));
    }
  }

  private tell(): void {
    const { best, best_step, n_points } = this.metric;
    const step = this.at === null ? undefined : this.steps[this.at];
    if (step !== undefined) {
      this.foot.textContent = `step ${withThousands(String(step))}: ${formatNumber(this.values[this.at!]!)}`;
    } else if (best !== null && best_step !== null && n_points > 1) {
      this.foot.textContent = `best ${formatNumber(best)} at step ${withThousands(String(best_step))}`;
    } else {
      this.foot.textContent = `${withThousands(String(n_points))} point${n_points === 1 ? '' : 's'}`;
    }
  }

  private onPointer(event: PointerEvent): void {
    const box = this.svg.getBoundingClientRect();
    if (this.steps.length > 1) {
      this.moveTo(nearest(this.steps, this.x.invert(((event.clientX - box.left) / box.width) * WIDTH)));
    }
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.steps.length - 1;
    const stride = Math.max(Math.round(last / 50), 1);
    const moves: Record<string, number> = { ArrowLeft: -stride, ArrowRight: stride, Home: -last, End: last };
    const move = moves[event.key];
    if (move !== undefined && last >= 1) {
      event.preventDefault();
      this.moveTo(Math.min(Math.max((this.at ?? last) + move, 0), last));
    } else if (event.key === 'Escape') {
      this.moveTo(null);
    }
  }

  private moveTo(at: number | null): void {
    this.at = at;
    const step = at === null ? undefined : this.steps[at];
    this.cursor.setAttribute('d', step === undefined ? '' : `M${this.x(step).toFixed(1)} ${TOP}V${BOTTOM}`);
    this.tell();
  }
}

function place(circle: SVGCircleElement, x: number, y: number): void {
  circle.setAttribute('cx', x.toFixed(1));
  circle.setAttribute('cy', y.toFixed(1));
}
