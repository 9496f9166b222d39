// One metric of several runs as lines: each in its colour, ending in its letter; or of groups of runs as means with
// their intervals. The pointer or the arrow keys move a line along the steps, and the values there are listed beside it.

import { h, replace, s } from './dom';
import type { ComparedRun, Curve, Points } from './frames';
import { formatDuration, formatNumber, formatTick, formatTicks, shorten, withThousands } from './format';
import { type Band, meanBand, smooth } from './bands';
import { DASHES, N_COLOURS, linePath } from './marks';
import { type Range, type Scale, makeScale, nearest, spreadEnds } from './axes';

const [FIRST_WIDTH, HEIGHT, MARGIN] = [440, 190, 16];
const [LEFT, TOP, BOTTOM] = [52, 8, 168];
const TICK_ROOM = 90;
/** Half of what a character of a tick takes of the width, at most. */
const HALF_CHARACTER = 3.3;

const MOST_READ = 18;
const MOST_NAMED = 16;

export type XAxis = 'step' | 'relative' | 'wall';

/** Runs that are drawn as one: their positions, and the colour's number. */
export interface Group {
  label: string;
  members: number[];
}

export interface ChartOptions {
  x: XAxis;
  /** 0 for none, to below 1. */
  smoothing: number;
  groups: Group[] | null;
}

interface Line {
  colour: number;
  name: string;
  points: Points;
  raw: Points | null;
  band: Band | null;
}

export class Chart {
  readonly node: HTMLElement;
  private wantsLog = false;
  /** Wanted, and possible with the values that are shown: what scale, ticks and button go by. */
  private isLog = false;
  private hidden: ReadonlySet<number> = new Set();
  private options: ChartOptions = { x: 'step', smoothing: 0, groups: null };
  private drawn: Line[] = [];
  private x!: Scale;
  private y!: Scale;
  private steps: number[] = [];
  private at: number | null = null;
  private width = FIRST_WIDTH;
  private readonly lines = s('g');
  private readonly cursor = s('g', { class: 'jt-cursor' });
  private readonly readout = h('div', { class: 'jt-readout', role: 'status' });
  private readonly svg: SVGSVGElement;
  private readonly logButton: HTMLButtonElement;

  constructor(
    public curve: Curve,
    private readonly runs: ComparedRun[]
  ) {
    this.logButton = h('button', { class: 'jt-link', type: 'button', 'aria-pressed': 'false', onclick: () => this.toggleLog() }, 'log');
    this.svg = s(
      'svg',
      {
        class: 'jt-chart',
        role: 'img',
        tabindex: 0,
        'aria-label': `${curve.key}, one line a run; arrow keys read values`,
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
    // Drawn in the screen's own pixels, whatever the width: lines and letters stay as fine as they are.
    new ResizeObserver(() => this.fit()).observe(this.svg);
  }

  private fit(): void {
    const width = Math.round(this.svg.getBoundingClientRect().width);
    if (width > 2 * LEFT && width !== this.width) {
      this.width = width;
      this.draw();
    }
  }

  private get right(): number {
    return this.width - MARGIN;
  }

  /** Leave out the lines of these runs. */
  hide(runs: ReadonlySet<number>): void {
    this.hidden = runs;
    this.draw();
  }

  /** Draw it in another way, or other points of the same metric. */
  change(options: ChartOptions, curve = this.curve): void {
    if (options.x !== this.options.x) {
      this.moveTo(null);
    }
    this.options = options;
    this.curve = curve;
    this.draw();
  }

  /** Make one run's line stand out; null makes all alike. */
  emphasize(run: number | null): void {
    const among = this.options.groups?.findIndex(group => run !== null && group.members.includes(run));
    const line = among ?? run;
    this.lines.querySelectorAll<SVGElement>('[data-run]').forEach(each => {
      each.classList.toggle('jt-faint', run !== null && each.dataset.run !== String(line));
    });
  }

  private shown(): Line[] {
    const { groups, smoothing } = this.options;
    const seen = (index: number): Points | null => (this.hidden.has(index) ? null : (this.curve.series[index] ?? null));
    const smoothed = (points: Points): Points =>
      smoothing > 0 ? { ...points, value: smooth(points, smoothing) } : points;
    if (groups) {
      return groups.flatMap((group, colour) => {
        const members = group.members.flatMap(index => seen(index) ?? []).map(smoothed);
        const band = meanBand(members);
        const points = { step: band.step, value: band.mean, n_points: band.step.length };
        return members.length ? [{ colour, name: group.label, points, raw: null, band }] : [];
      });
    }
    return this.curve.series.flatMap((_, index) => {
      const raw = seen(index);
      const name = this.runs[index]!.letter;
      return raw ? [{ colour: index, name, points: smoothed(raw), raw: smoothing > 0 ? raw : null, band: null }] : [];
    });
  }

  private draw(): void {
    const read = this.at === null ? undefined : this.steps[this.at];
    const shown = (this.drawn = this.shown());
    const values = shown.flatMap(line => [
      ...line.points.value,
      ...(line.raw?.value ?? []),
      ...(line.band ? line.band.mean.flatMap((mean, i) => [mean - line.band!.half[i]!, mean + line.band!.half[i]!]) : [])
    ]);
    const positive = shown.every(line => [...line.points.value, ...(line.raw?.value ?? [])].every(value => value > 0));
    const canLog = values.length > 0 && positive;
    this.isLog = this.wantsLog && canLog;
    this.logButton.disabled = !canLog;
    this.logButton.setAttribute('aria-pressed', String(this.isLog));
    this.logButton.title = canLog ? 'logarithmic scale' : 'a logarithmic scale takes positive values only';
    const steps = shown.flatMap(line => line.points.step);
    this.steps = [...new Set(steps)].sort((a, b) => a - b);
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${HEIGHT}`);
    this.x = makeScale(extent(steps), LEFT, this.right, false, Math.round(this.width / TICK_ROOM));
    // The lower edge of an interval may lie below zero, where a logarithm has no place.
    this.y = makeScale(extent(this.isLog ? values.filter(value => value > 0) : values), BOTTOM, TOP, this.isLog);
    const lasts = shown.map(({ points }) => [this.x(points.step.at(-1)!), this.y(points.value.at(-1)!)] as const);
    const ends = spreadEnds(lasts.map(([x]) => x), lasts.map(([, y]) => y), TOP, BOTTOM);
    replace(
      this.lines,
      this.axes(),
      shown.map((line, i) => this.line(line, ends[i]!))
    );
    // What is read stays so when its chart gets another width or more points.
    this.moveTo(read === undefined || !this.steps.length ? null : nearest(this.steps, read));
  }

  private axes(): SVGElement[] {
    const labels = formatTicks(this.y.ticks, this.isLog);
    const rows = this.y.ticks.flatMap((tick, i) => {
      const y = this.y(tick).toFixed(1);
      return [
        s('path', { class: 'jt-gridline', d: `M${LEFT} ${y}H${this.right}` }),
        s('text', { x: LEFT - 6, y: Number(y) + 3.5, 'text-anchor': 'end' }, labels[i])
      ];
    });
    // Steps are counted: there is nothing between one and the next.
    const across = this.options.x === 'step' ? this.x.ticks.filter(Number.isInteger) : this.x.ticks;
    const below = this.xTexts(across);
    const columns = across.map((tick, i) => {
      const half = below[i]!.length * HALF_CHARACTER;
      return s('text', { x: Math.min(this.x(tick), this.width - half).toFixed(1), y: BOTTOM + 16, 'text-anchor': 'middle' }, below[i]);
    });
    return [...rows, ...columns];
  }

  private line(line: Line, end: number): SVGElement {
    const { points, band, raw, colour } = line;
    // Of many lines none can be told by its letter or dashes: what they are together is what one sees.
    const many = this.drawn.length > MOST_NAMED;
    const dash = this.options.groups || many ? null : DASHES[Math.floor(colour / N_COLOURS) % DASHES.length] || null;
    const x = this.x(points.step[points.step.length - 1]!) + 4;
    return s(
      'g',
      { class: `jt-curve jt-cat-${colour % N_COLOURS}${many ? ' jt-many' : ''}`, 'data-run': colour },
      ...(raw ? [s('path', { class: 'jt-raw', d: this.path(raw.step, raw.value) })] : []),
      ...(band ? [s('path', { class: 'jt-interval', d: this.interval(band) })] : []),
      s('path', { d: this.path(points.step, points.value), 'stroke-dasharray': dash }),
      ...(this.options.groups || many ? [] : [s('text', { x: x.toFixed(1), y: (end + 3.5).toFixed(1) }, line.name)])
    );
  }

  private path(steps: number[], values: number[]): string {
    return linePath(steps.flatMap((step, i) => [this.x(step), this.y(values[i]!)]));
  }

  private interval(band: Band): string {
    const edge = (i: number, sign: number): number[] => {
      const y = this.y(band.mean[i]! + sign * band.half[i]!);
      return [this.x(band.step[i]!), Number.isFinite(y) ? Math.min(Math.max(y, TOP), BOTTOM) : BOTTOM];
    };
    const places = band.step.map((_, i) => i);
    const around = [...places.map(i => edge(i, 1)), ...places.reverse().map(i => edge(i, -1))];
    return `${linePath(around.flat())}Z`;
  }

  private toggleLog(): void {
    this.wantsLog = !this.wantsLog;
    this.draw();
  }

  private onPointer(event: PointerEvent): void {
    const box = this.svg.getBoundingClientRect();
    const step = this.x.invert(((event.clientX - box.left) / box.width) * this.width);
    this.moveTo(this.steps.length ? nearest(this.steps, step) : null);
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.steps.length - 1;
    const stride = Math.max(Math.round(last / 50), 1);
    const moves: Record<string, number> = { ArrowLeft: -stride, ArrowRight: stride, Home: -Infinity, End: Infinity };
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
    const found = this.drawn.flatMap(line => {
      const { points } = line;
      const i = nearest(points.step, step);
      // A run that ended before this step, or began after it, has no value here.
      const within = step >= points.step[0]! && step <= points.step[points.step.length - 1]!;
      return within ? [{ line, step: points.step[i]!, value: points.value[i]!, half: line.band?.half[i] ?? 0 }] : [];
    });
    const x = this.x(step).toFixed(1);
    const colour = (line: Line): string => `jt-cat-${line.colour % N_COLOURS}`;
    replace(
      this.cursor,
      s('path', { d: `M${x} ${TOP}V${BOTTOM}` }),
      found.map(({ line, ...point }) =>
        s('circle', { class: colour(line), cx: this.x(point.step).toFixed(1), cy: this.y(point.value).toFixed(1), r: 3 })
      )
    );
    found.sort((a, b) => b.value - a.value);
    const most = found.slice(0, MOST_READ);
    replace(
      this.readout,
      h('div', { class: 'jt-muted' }, this.xText(step)),
      most.map(({ line, value, half }) =>
        h('div', {}, this.options.groups ? [h('b', { class: colour(line), 'aria-hidden': 'true' }, '■ '), shorten(line.name, 30)] : h('b', { class: colour(line) }, line.name), ` ${formatNumber(value)}${half > 0 ? ` ± ${formatNumber(half)}` : ''}`)
      ),
      found.length > most.length && h('div', { class: 'jt-muted' }, `${found.length - most.length} more below`)
    );
    this.readout.classList.toggle('jt-two', most.length > 9);
    this.readout.classList.toggle('jt-left', this.x(step) > (LEFT + this.right) / 2);
  }

  private xTexts(ticks: number[]): string[] {
    const last = ticks[ticks.length - 1] ?? 0;
    if (this.options.x === 'relative' && last < 60) {
      const [factor, unit] = last < 0.1 ? [1000, 'ms'] : [1, 's'];
      return formatTicks(ticks.map(tick => tick * factor)).map(text => `${text} ${unit}`);
    }
    return this.options.x === 'step' ? formatTicks(ticks) : ticks.map(tick => this.xText(tick));
  }

  private xText(value: number): string {
    if (this.options.x === 'step') {
      // A step is a name, and not a measurement: all of it.
      return `step ${Number.isInteger(value) ? withThousands(String(value)) : formatTick(value)}`;
    }
    if (this.options.x === 'relative') {
      return formatDuration(value).replace(/\.0 s$/, ' s');
    }
    const [first, last] = [this.steps[0] ?? 0, this.steps[this.steps.length - 1] ?? 0];
    const text = new Date(value * 1000).toISOString();
    const span = last - first;
    return span > 3 * 86400 ? text.slice(5, 10) : text.slice(11, span > 600 ? 16 : span > 5 ? 19 : span > 0.5 ? 21 : 23);
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
