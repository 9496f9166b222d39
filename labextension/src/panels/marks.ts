// Small signs that several panels share: a run's state, a spark line, a fault.

import { copyOf, h, s } from './dom';
import type { Fault, RunStatus } from './frames';

const STATES: Record<RunStatus, [shape: string, word: string, kind: string]> = {
  RUNNING: ['○', 'running', 'jt-live'],
  SCHEDULED: ['◌', 'scheduled', 'jt-live'],
  FINISHED: ['●', 'finished', 'jt-ok'],
  FAILED: ['✕', 'failed', 'jt-bad'],
  KILLED: ['■', 'killed', 'jt-bad']
};

export const N_COLOURS = 7;
export const DASHES = ['', '6 3', '2 3'];

/** The state as a shape with its word: beside it, or as its name where all went well. */
export function stateMark(status: RunStatus): HTMLElement {
  const [shape, word, kind] = STATES[status];
  if (status === 'FINISHED') {
    return h('span', { class: `jt-state ${kind}`, role: 'img', 'aria-label': word, title: word }, shape);
  }
  return h('span', {}, h('span', { class: `jt-state ${kind}`, 'aria-hidden': 'true' }, shape), ' ', h('span', { class: kind }, word));
}

const [SPARK_WIDTH, SPARK_HEIGHT] = [76, 18];
/** Copied for each line, as tables show hundreds. */
const SPARK = s(
  'svg',
  { width: SPARK_WIDTH, height: SPARK_HEIGHT, class: 'jt-sparkline', 'aria-hidden': 'true' },
  s('path'),
  s('circle', { r: 2 })
);

/** A line without axes that ends in a dot; `points` are x, y, x, y … in a box of 100 × 100. */
export function sparkLine(points: number[]): SVGElement {
  const [width, height, inset] = [SPARK_WIDTH, SPARK_HEIGHT, 3];
  const scaled = points.map((value, index) =>
    index % 2 ? height - inset - (value / 100) * (height - 2 * inset) : inset + (value / 100) * (width - 2 * inset)
  );
  const [x = 0, y = 0] = scaled.slice(-2);
  const svg = copyOf(SPARK);
  const [line, dot] = svg.children;
  line!.setAttribute('d', linePath(scaled));
  dot!.setAttribute('cx', x.toFixed(1));
  dot!.setAttribute('cy', y.toFixed(1));
  return svg;
}

/** SVG path data of a line through x, y, x, y …; a jump where a value is not finite. */
export function linePath(flat: ArrayLike<number>): string {
  let path = '';
  let pen = 'M';
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (Number.isFinite(flat[i + 1])) {
      path += `${pen}${flat[i]!.toFixed(1)} ${flat[i + 1]!.toFixed(1)}`;
      pen = 'L';
    } else {
      pen = 'M';
    }
  }
  return path;
}

/** A fault in one line, with a hint. */
export function faultMark(fault: Fault): HTMLElement {
  return h(
    'div',
    { class: 'jt-fault', role: 'alert' },
    h('span', { class: 'jt-bad' }, '✕ ', fault.message),
    fault.hint && h('span', { class: 'jt-muted jt-hint' }, ` ${fault.hint}`)
  );
}
