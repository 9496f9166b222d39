// Lines on canvases. Three layers, so that a brush redraws only what is in it: all lines in grey below, those in the
// brush in colour, and single ones on top. A layer is drawn in slices of a frame's time, on a canvas that is shown
// when it is complete; of several wishes that come meanwhile the last one counts.

import { h } from '../dom';

const SLICE_MS = 14;
const BATCH = 24;
/** Up to so many lines are wide ones: a hairline takes a canvas a tenth of the time. */
const MOST_WIDE = 500;

export interface Geometry {
  xs: number[];
  /** Heights of all lines on each axis, by row. */
  ys: Float32Array[];
}

export interface Picture extends Geometry {
  /** In the order to draw, and for each row an index into the shades; -1 is grey. */
  rows: Int32Array;
  shadeOf: Int8Array | null;
  shades: string[];
  grey: string;
  strength: number;
}

export class Layer {
  readonly node = h('div', { class: 'jt-layer', 'aria-hidden': 'true' });
  private front = newCanvas();
  private back = newCanvas();
  private wish: (() => Picture) | null = null;
  private work: Generator<void> | null = null;
  private readonly turn = new MessageChannel();

  constructor(private readonly onDrawn: () => void) {
    this.node.append(this.front, this.back);
    this.back.hidden = true;
    // A message lets events and frames pass between two slices, and unlike a frame it comes at once.
    this.turn.port1.onmessage = this.step;
  }

  get isBusy(): boolean {
    return this.work !== null || this.wish !== null;
  }

  /** Draw, now or as soon as what is being drawn is complete. */
  draw(picture: () => Picture, size: Size): void {
    this.wish = () => {
      fit(this.back, size);
      return picture();
    };
    if (!this.work) {
      this.step();
    }
  }

  dispose(): void {
    this.turn.port1.close();
  }

  private step = (): void => {
    const until = performance.now() + SLICE_MS;
    if (!this.work && this.wish) {
      this.work = paint(this.back, this.wish());
      this.wish = null;
    }
    while (this.work && performance.now() < until) {
      if (this.work.next().done) {
        this.work = null;
        this.swap();
      }
    }
    if (this.work || this.wish) {
      this.turn.port2.postMessage(null);
    } else {
      this.onDrawn();
    }
  };

  private swap(): void {
    [this.front, this.back] = [this.back, this.front];
    this.front.hidden = false;
    this.back.hidden = true;
  }
}

export interface Size {
  width: number;
  height: number;
}

export function newCanvas(): HTMLCanvasElement {
  return h('canvas');
}

/** Give a canvas a size in the page's pixels, as fine as the screen is, and clear it. */
export function fit(canvas: HTMLCanvasElement, { width, height }: Size): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.getContext('2d')!.setTransform(ratio, 0, 0, ratio, 0, 0);
}

function* paint(canvas: HTMLCanvasElement, picture: Picture): Generator<void> {
  const context = canvas.getContext('2d')!;
  const { rows, shadeOf, shades, grey } = picture;
  const n = rows.length;
  const hair = 1 / devicePixelRatio;
  const isWide = n <= MOST_WIDE;
  // A wide line is a path of its own: where lines of one path cross, the crossing is not any darker.
  const batch = isWide ? 1 : BATCH;
  context.lineWidth = isWide ? 1.1 : hair;
  context.lineJoin = 'round';
  const alpha = picture.strength * Math.min(0.9, 0.9 * (120 / Math.max(n, 1)) ** 0.4);
  context.globalAlpha = Math.min(1, isWide ? alpha : alpha * Math.sqrt(devicePixelRatio));
  for (let start = 0; start < n; ) {
    const shade = shadeOf ? shadeOf[rows[start]!]! : -1;
    context.strokeStyle = shades[shade] ?? grey;
    context.beginPath();
    let end = start;
    while (end < n && end - start < batch && (shadeOf ? shadeOf[rows[end]!]! : -1) === shade) {
      trace(context, picture, rows[end]!);
      end++;
    }
    context.stroke();
    start = end;
    yield;
  }
}

/** Lay one line into the path; on a single axis it is a dash across it. */
export function trace(context: CanvasRenderingContext2D, { xs, ys }: Geometry, row: number): void {
  if (xs.length === 1) {
    context.moveTo(xs[0]! - 14, ys[0]![row]!);
    context.lineTo(xs[0]! + 14, ys[0]![row]!);
    return;
  }
  context.moveTo(xs[0]!, ys[0]![row]!);
  for (let a = 1; a < xs.length; a++) {
    context.lineTo(xs[a]!, ys[a]![row]!);
  }
}

/** One line that stands out: on a halo of the ground, with a dot on every axis. */
export function paintOne(
  context: CanvasRenderingContext2D,
  geometry: Geometry,
  row: number,
  { colour, ground, width }: { colour: string; ground: string; width: number }
): void {
  context.lineJoin = 'round';
  for (const [style, extra] of [
    [ground, 2.5],
    [colour, 0]
  ] as const) {
    context.beginPath();
    trace(context, geometry, row);
    context.strokeStyle = style;
    context.lineWidth = width + extra;
    context.stroke();
  }
  context.fillStyle = colour;
  geometry.xs.forEach((x, a) => {
    context.beginPath();
    context.arc(x, geometry.ys[a]![row]!, width + 0.8, 0, 2 * Math.PI);
    context.fill();
  });
}
