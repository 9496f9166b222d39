// The runs as points over two params or metrics, coloured by a third: numbers by a scale, texts by a colour each. As a
// contour, a metric lies below the points in shades.

import { h, replace, s } from '../dom';
import { type CompareFrame, type ComparedColumn, type CompareCallbacks, type ContourShades, asFault, asNumber } from '../frames';
import { type Scale, makeScale } from '../axes';
import { MISSING, formatEnds, formatNumber, formatTicks, shorten } from '../format';
import { N_COLOURS, faultMark } from '../marks';
import { extent } from '../run/sketch';

const [WIDTH, HEIGHT, MARGIN] = [760, 290, 14];
const [LEFT, TOP, BOTTOM] = [60, 8, 248];
const MOST_CATEGORIES = 7;
const INSET = 8;
const SIDE = 1000;
const SEED = /seed|random_state|fold|repeat/i;

interface Axis {
  id: string;
  isLog: boolean;
  /** The places of the runs; null where a run lacks it. */
  values: (number | null)[];
  texts: (string | null)[];
  categories: string[] | null;
}

export class ScatterPart {
  readonly node = h('div', { class: 'jt-scatter' });
  private readonly known = new Map<string, Axis>();
  private readonly picture = h('div', { class: 'jt-plot' });
  private readonly legend = h('div', { class: 'jt-legend-line' });
  private readonly said = h('div', { class: 'jt-muted jt-said', role: 'status' });
  private chosen: { x: string; y: string; color: string };
  private turn = 0;
  private width = WIDTH;
  private plotAgain = (): void => undefined;

  constructor(
    private readonly frame: CompareFrame,
    private readonly callbacks: CompareCallbacks,
    private readonly isContour = false
  ) {
    const metrics = frame.axes.filter(axis => axis.startsWith('metrics.'));
    const [first, second] = [...telling(frame), ...metrics.slice(1)];
    const x = first ?? metrics[0]!;
    this.chosen = isContour ? { x, y: second ?? x, color: metrics[0]! } : { x, y: metrics[0] ?? x, color: '' };
    const numeric = isContour ? [...telling(frame), ...metrics] : frame.axes;
    const selects = [this.select('x', numeric), this.select('y', numeric), this.select('color', isContour ? metrics : frame.axes)];
    replace(this.node, h('div', { class: 'jt-toolbar' }, selects), this.picture, this.legend, this.said);
    void this.draw();
    new ResizeObserver(() => this.fit()).observe(this.picture);
  }

  /** Where it is narrow the picture has fewer pixels, and not smaller ones: its letters stay as they are. */
  private fit(): void {
    const width = Math.min(Math.round(this.picture.getBoundingClientRect().width), WIDTH);
    if (width > 2 * LEFT && width !== this.width) {
      this.width = width;
      this.plotAgain();
    }
  }

  private select(name: 'x' | 'y' | 'color', axes: string[]): HTMLElement {
    const kind = this.isContour ? 'contour' : 'scatter';
    const select: HTMLSelectElement = h(
      'select',
      {
        'aria-label': `${kind} ${name}`,
        onchange: () => {
          this.chosen = { ...this.chosen, [name]: select.value };
          void this.draw();
        }
      },
      name === 'color' && !this.isContour && h('option', { value: '' }, 'run'),
      axes.map(axis => h('option', { value: axis }, shorten(axis.replace(/^\w+\./, ''), 40)))
    );
    select.value = this.chosen[name];
    return h('label', {}, `${name} `, select);
  }

  private async draw(): Promise<void> {
    const turn = ++this.turn;
    const { x, y, color } = this.chosen;
    try {
      const [across, up, hue, shades] = await Promise.all([
        this.axis(x),
        this.axis(y),
        color ? this.axis(color) : null,
        this.isContour ? this.callbacks.contour({ x, y, z: color }) : null
      ]);
      if (turn === this.turn) {
        this.plot(across, up, hue, shades);
      }
    } catch (error) {
      if (turn === this.turn) {
        replace(this.picture, faultMark(asFault(error)));
      }
    }
  }

  private async axis(id: string): Promise<Axis> {
    const known = this.known.get(id) ?? toAxis(await this.callbacks.column({ axis: id }));
    this.known.set(id, known);
    return known;
  }

  private plot(x: Axis, y: Axis, hue: Axis | null, shades: ContourShades | null): void {
    this.plotAgain = () => this.plot(x, y, hue, shades);
    const right = this.width - MARGIN;
    const places = this.frame.runs.map((_, i) => i).filter(i => [x, y, ...(shades && hue ? [hue] : [])].every(axis => axis.values[i] !== null));
    const scale = (axis: Axis, start: number, end: number): Scale => {
      const [low, high] = axis.categories ? [-0.5, axis.categories.length - 0.5] : extent(places.map(i => axis.values[i]!));
      return makeScale([low, high], start, end, axis.isLog, axis === x ? Math.max(Math.round(this.width / 155), 2) : 4);
    };
    const [across, up] = [scale(x, LEFT + INSET, right - INSET), scale(y, BOTTOM - INSET, TOP + INSET)];
    const points = places.map(i => {
      const { colour, style } = shades ? { colour: 'jt-hollow', style: null } : this.paint(hue, i);
      const spot = s('circle', {
        class: `jt-dot ${colour}`,
        style,
        cx: across(x.values[i]!).toFixed(1),
        cy: up(y.values[i]!).toFixed(1),
        r: 4.5,
        tabindex: 0,
        role: 'img',
        'aria-label': this.describe(i, x, y, hue),
        onpointerenter: () => replace(this.said, this.describe(i, x, y, hue)),
        onfocus: () => replace(this.said, this.describe(i, x, y, hue))
      });
      return spot;
    });
    const label = `${places.length} runs by ${x.id} and ${y.id}`;
    replace(
      this.picture,
      s('svg', { viewBox: `0 0 ${this.width} ${HEIGHT}`, class: 'jt-dots', role: 'group', 'aria-label': label }, axes(x, across, y, up, this.width), shades && surface(shades, right), points)
    );
    if (shades) {
      const word = (text: string): string => (shades.direction ? ` ${text}` : '');
      const [worst, best] = formatEnds(shades.worst, shades.best);
      replace(this.legend, h('span', {}, `${keyOf(hue!)} ${worst}${word('worse')} `, h('span', { class: 'jt-scale', 'aria-hidden': 'true' }), ` ${best}${word('better')}`), h('span', {}, 'between the runs, the mean of all by their distance'));
    } else {
      this.drawLegend(hue);
    }
    const rest = this.frame.runs.length - places.length;
    replace(this.said, rest > 0 ? `${rest} runs have no value on an axis` : `${places.length} runs`);
  }

  private paint(hue: Axis | null, i: number): { colour: string; style: string | null } {
    const value = hue ? hue.values[i] : i;
    if (value === null || value === undefined) {
      return { colour: 'jt-muted', style: null };
    }
    if (!hue || hue.categories) {
      return { colour: `jt-cat-${value % N_COLOURS}`, style: null };
    }
    const part = makeScale(extent(hue.values.flatMap(each => each ?? [])), 0, 100, hue.isLog)(value);
    const stop = Math.min(Math.floor(part / 25), 3);
    return { colour: `jt-viridis jt-stop-${stop}`, style: `--jt-at:${((part - 25 * stop) * 4).toFixed(1)}%` };
  }

  private describe(i: number, x: Axis, y: Axis, hue: Axis | null): string {
    const run = this.frame.runs[i]!;
    const parts = [x, y, ...(hue && hue.id !== x.id && hue.id !== y.id ? [hue] : [])].map(axis => `${keyOf(axis)} ${valueText(axis, i)}`);
    return `${run.letter} ${shorten(run.run_name, 40)}: ${parts.join(', ')}`;
  }

  private drawLegend(hue: Axis | null): void {
    if (!hue) {
      replace(this.legend);
    } else if (hue.categories) {
      replace(this.legend, hue.categories.slice(0, 12).map((text, i) => h('span', {}, h('b', { class: `jt-cat-${i % N_COLOURS}`, 'aria-hidden': 'true' }, '● '), shorten(text, 24))));
    } else {
      const [low, high] = extent(hue.values.flatMap(each => each ?? []));
      const [least, most] = formatEnds(low, high);
      replace(this.legend, h('span', {}, `${keyOf(hue)} ${least} `, h('span', { class: 'jt-scale', 'aria-hidden': 'true' }), ` ${most}`));
    }
  }
}

/** Params of numbers, those with the most values first, then those that few runs have; a seed tells nothing, nor does one
 * that isn't known yet. */
export function telling({ params, axes }: CompareFrame): string[] {
  const known = new Map(params.map(param => [`params.${param.key}`, param]));
  const weight = (axis: string): number => {
    const texts = known.get(axis)?.texts ?? [];
    const there = texts.filter(text => text !== null);
    return SEED.test(axis) ? 0 : new Set(there).size + (2 * there.length > texts.length ? texts.length : 0);
  };
  return axes
    .filter(axis => axis.startsWith('params.') && (known.get(axis)?.is_numeric ?? true))
    .sort((a, b) => weight(b) - weight(a));
}

function surface({ paths }: ContourShades, right: number): SVGElement {
  const [width, height] = [right - LEFT - 2 * INSET, BOTTOM - TOP - 2 * INSET];
  return s(
    'g',
    { class: 'jt-shades', transform: `translate(${LEFT + INSET} ${TOP + INSET}) scale(${width / SIDE} ${height / SIDE})` },
    s('path', { class: 'jt-shade-0', d: `M0 0H${SIDE}V${SIDE}H0z` }),
    paths.map((d, i) => s('path', { class: `jt-shade-${i + 1}`, d }))
  );
}

function toAxis(column: ComparedColumn): Axis {
  const numbers = column.values.map(asNumber);
  if (column.is_numeric) {
    return { id: column.id, isLog: column.is_log, values: numbers, texts: column.texts, categories: null };
  }
  const categories = [...new Set(column.texts.flatMap(text => text ?? []))].sort();
  return { id: column.id, isLog: false, values: column.texts.map(text => (text === null ? null : categories.indexOf(text))), texts: column.texts, categories };
}

function axes(x: Axis, across: Scale, y: Axis, up: Scale, width: number): SVGElement[] {
  const right = width - MARGIN;
  const ticks = (axis: Axis, scale: Scale, room: number): [number, string][] =>
    axis.categories
      ? axis.categories.flatMap((text, i): [number, string][] => (axis.categories!.length > MOST_CATEGORIES && i % Math.ceil(axis.categories!.length / MOST_CATEGORIES) ? [] : [[i, shorten(text, room)]]))
      : formatTicks(scale.ticks, axis.isLog).map((label, i): [number, string] => [scale.ticks[i]!, label]);
  return [
    ...ticks(y, up, 8).flatMap(([at, text]) => [
      s('path', { class: 'jt-gridline', d: `M${LEFT} ${up(at).toFixed(1)}H${right}` }),
      s('text', { x: LEFT - 6, y: (up(at) + 3.5).toFixed(1), 'text-anchor': 'end' }, text)
    ]),
    ...ticks(x, across, Math.round((15 * width) / WIDTH)).map(([at, text]) => s('text', { x: across(at).toFixed(1), y: BOTTOM + 16, 'text-anchor': 'middle' }, text)),
    s('text', { x: (LEFT + right) / 2, y: HEIGHT - 8, 'text-anchor': 'middle' }, shorten(keyOf(x), 60)),
    s('text', { transform: `translate(11 ${(TOP + BOTTOM) / 2}) rotate(-90)`, 'text-anchor': 'middle' }, shorten(keyOf(y), 36))
  ];
}

function keyOf(axis: Axis): string {
  return axis.id.replace(/^\w+\./, '');
}

function valueText(axis: Axis, i: number): string {
  return axis.categories ? (axis.texts[i] ?? MISSING) : formatNumber(axis.values[i] ?? null);
}
