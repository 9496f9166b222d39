// The lines, points and bars of a plotly figure, drawn without plotly: one pair of axes, a legend, no more.

import { h, s } from '../dom';
import { type Range, type Scale, makeScale } from '../axes';
import { formatTicks, shorten } from '../format';
import { N_COLOURS, linePath } from '../marks';
import type { Sketch, SketchTrace } from './frame';

const [WIDTH, HEIGHT] = [520, 270];
const [LEFT, TOP, RIGHT, BOTTOM] = [58, 10, 508, 228];
const MOST_LABELS = 10;

export function sketchFigure(sketch: Sketch): HTMLElement {
  const traces = sketch.traces.filter(trace => trace.x.length > 0);
  if (!traces.length) {
    return h('div', { class: 'jt-empty' }, 'nothing in this figure can be drawn here');
  }
  const bars = traces.filter(trace => trace.mode === 'bars');
  const ys = traces.flatMap(trace => trace.y);
  const xs = traces.flatMap(trace => trace.x);
  const logX = sketch.is_x_log && xs.every(x => x > 0);
  const logY = sketch.is_y_log && ys.every(y => y > 0);
  const x = makeScale(xRange(sketch, xs, bars.length > 0), LEFT, RIGHT, logX);
  const y = makeScale(extent(bars.length && !logY ? [...ys, 0] : ys), BOTTOM, TOP, logY);
  const clip = traces.map((trace, i) => drawTrace(trace, i, x, y, bars, sketch.traces.indexOf(trace)));
  const svg = s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'jt-chart jt-sketch', role: 'img', 'aria-label': sketch.title || 'figure' }, axes(sketch, x, y), clip);
  const legend = traces.some(trace => trace.name) &&
    h('div', { class: 'jt-legend-line' }, traces.map(trace => h('span', {}, h('b', { class: colour(sketch.traces.indexOf(trace)), 'aria-hidden': 'true' }, '■ '), shorten(trace.name, 40) || '–')));
  return h('div', { class: 'jt-figure jt-sketch-figure' }, sketch.title && h('b', {}, sketch.title), svg, legend);
}

function drawTrace(trace: SketchTrace, i: number, x: Scale, y: Scale, bars: SketchTrace[], index: number): SVGElement {
  const shapes: SVGElement[] = [];
  if (trace.mode === 'bars') {
    const gaps = trace.x.length > 1 ? Math.abs(x(trace.x[1]!) - x(trace.x[0]!)) : (RIGHT - LEFT) / 3;
    const width = Math.max(Math.min((gaps * 0.8) / bars.length, 60), 1);
    const zero = Math.min(Math.max(y(0), TOP), BOTTOM) || BOTTOM;
    const shift = (bars.indexOf(trace) - bars.length / 2) * width;
    trace.x.forEach((at, k) => {
      const top = y(trace.y[k]!);
      shapes.push(s('rect', { x: (x(at) + shift).toFixed(1), y: Math.min(top, zero).toFixed(1), width: width.toFixed(1), height: Math.abs(zero - top).toFixed(1) }));
    });
  }
  if (trace.mode.includes('lines')) {
    shapes.push(s('path', { d: linePath(trace.x.flatMap((at, k) => [x(at), y(trace.y[k]!)])) }));
  }
  if (trace.mode.includes('markers')) {
    trace.x.forEach((at, k) => shapes.push(s('circle', { cx: x(at).toFixed(1), cy: y(trace.y[k]!).toFixed(1), r: 2.5 })));
  }
  return s('g', { class: `jt-curve jt-trace ${colour(index)}`, 'data-trace': i }, shapes);
}

function axes(sketch: Sketch, x: Scale, y: Scale): SVGElement[] {
  const labels = formatTicks(y.ticks, sketch.is_y_log);
  const rows = y.ticks.flatMap((tick, i) => {
    const at = y(tick).toFixed(1);
    return [s('path', { class: 'jt-gridline', d: `M${LEFT} ${at}H${RIGHT}` }), s('text', { x: LEFT - 6, y: Number(at) + 3.5, 'text-anchor': 'end' }, labels[i])];
  });
  const columns = xTicks(sketch, x).map(([at, text]) => s('text', { x: x(at).toFixed(1), y: BOTTOM + 16, 'text-anchor': 'middle' }, text));
  const titles = [
    sketch.x_title && s('text', { x: (LEFT + RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, shorten(sketch.x_title, 60)),
    sketch.y_title && s('text', { transform: `translate(11 ${(TOP + BOTTOM) / 2}) rotate(-90)`, 'text-anchor': 'middle' }, shorten(sketch.y_title, 40))
  ];
  return [...rows, ...columns, ...titles.filter((title): title is SVGTextElement => Boolean(title))];
}

function xTicks(sketch: Sketch, x: Scale): [number, string][] {
  if (sketch.x_kind === 'category') {
    const every = Math.ceil(sketch.x_labels.length / MOST_LABELS);
    return sketch.x_labels.flatMap((text, i): [number, string][] => (i % every ? [] : [[i, shorten(text, 12)]]));
  }
  if (sketch.x_kind === 'time') {
    const [low, high] = [x.invert(LEFT), x.invert(RIGHT)];
    const long = high - low > 3 * 86400;
    return [0, 1, 2, 3].map((i): [number, string] => {
      const at = low + ((i + 0.5) / 4) * (high - low);
      const text = new Date(at * 1000).toISOString();
      return [at, long ? text.slice(0, 10) : text.slice(11, 16)];
    });
  }
  const labels = formatTicks(x.ticks, sketch.is_x_log);
  return x.ticks.map((tick, i): [number, string] => [tick, labels[i]!]);
}

function xRange(sketch: Sketch, xs: number[], hasBars: boolean): Range {
  const [low, high] = extent(xs);
  if (!hasBars || sketch.is_x_log) {
    return [low, high];
  }
  const steps = new Set(xs).size;
  const room = steps > 1 ? (high - low) / (steps - 1) / 2 : 0.5;
  return [low - room, high + room];
}

export function extent(values: number[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  return low <= high ? [low, high] : [0, 1];
}

function colour(index: number): string {
  return `jt-cat-${index % N_COLOURS}`;
}
