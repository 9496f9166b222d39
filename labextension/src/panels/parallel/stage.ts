// Where the lines are drawn: the canvases, the axes over them, and the pointer's way to a single line.

import { h, replace, s } from '../dom';
import { axisMarks } from './axes';
import { type Palette, type Shading, readPalette } from './colours';
import { AxisHead, type HeadActions, headNames } from './head';
import { type AxisBrush, type LineStore, inBrush, nearestRow } from './lines';
import { Layer, type Picture, type Size, fit, newCanvas, paintOne } from './paint';
import { Room, TOP } from './room';
import { valueText } from './scale';
import { Track } from './track';
import type { View } from './view';

export const STAGE_HEIGHT = new Room(true).total;
const [LEFT, RIGHT] = [58, 84];
const NARROWEST = 66;
const REACH = 7;
const FAINT = 0.7;

export interface StageActions {
  brush(id: string, brush: AxisBrush | null): void;
  hover(row: number): void;
  open(row: number): void;
  head(id: string): HeadActions;
  /** Move the focus to the neighbour of an axis. */
  leave(id: string, step: number): void;
  drawn(): void;
}

export class Stage {
  readonly node: HTMLElement;
  readonly stage = h('div', { class: 'jt-stage' });
  palette!: Palette;
  shading!: Shading;
  /** All lines in the order to draw them, and those of them in the brush. */
  rows: Int32Array = new Int32Array(0);
  lit: Int32Array = new Int32Array(0);
  private readonly ground: Layer;
  private readonly front: Layer;
  private readonly top = newCanvas();
  private readonly one = newCanvas();
  private readonly marks = s('svg', { class: 'jt-axes', 'aria-hidden': 'true' });
  private readonly tip = h('div', { class: 'jt-readout jt-tip', role: 'status' });
  private heads = new Map<string, AxisHead>();
  private tracks = new Map<string, Track>();
  private xs: number[] = [];
  private ys: Float32Array[] = [];
  private shadeOf = new Int8Array(0);
  private size: Size = { width: 0, height: 0 };
  private readonly room = new Room();
  private given = 0;
  private single = -1;
  private best = -1;
  private idle = 0;

  constructor(
    private readonly view: View,
    private readonly store: LineStore,
    private readonly actions: StageActions
  ) {
    const drawn = (): void => {
      if (!this.isBusy) {
        actions.drawn();
      }
    };
    this.ground = new Layer(drawn);
    this.front = new Layer(drawn);
    this.node = h('div', { class: 'jt-plot-scroll' }, this.stage);
    this.stage.addEventListener('pointermove', event => this.onPointer(event));
    this.stage.addEventListener('pointerleave', () => this.hover(-1));
    this.stage.addEventListener('click', event => {
      const onControl = (event.target as Element).closest('button, .jt-track, .jt-menu');
      if (this.single >= 0 && !onControl) {
        actions.open(this.single);
      }
    });
    replace(this.stage, this.ground.node, this.front.node, this.top, this.marks, this.one, this.tip);
  }

  get isBusy(): boolean {
    return this.idle !== 0 || this.front.isBusy || this.ground.isBusy;
  }

  dispose(): void {
    clearTimeout(this.idle);
    this.ground.dispose();
    this.front.dispose();
  }

  /** Everything anew: other axes, another order, another size, other colours, other lines. */
  layOut(): void {
    const { view } = this;
    const n = view.order.length;
    this.palette = readPalette(this.stage);
    const wide = Math.max(this.node.clientWidth, 1);
    const width = Math.max(wide, LEFT + RIGHT + NARROWEST * (n - 1));
    this.fitHeight();
    this.size = { width, height: this.room.total };
    this.stage.style.width = width > wide ? `${width}px` : '';
    const step = n > 1 ? (width - LEFT - RIGHT) / (n - 1) : 0;
    this.xs = view.order.map((_, i) => (n > 1 ? LEFT + i * step : width / 2));
    this.shading = view.shading(this.store, this.palette);
    const { rows, shadeOf } = view.paintOrder(this.store, this.shading);
    Object.assign(this, { rows, shadeOf });
    this.ys = view.heights(this.store, rows, this.room);
    this.drawAxes(Math.max(Math.min(step - 6, 150), NARROWEST - 6));
    this.drawGroundLater();
    this.drawBrush();
  }

  /** Only what is in the brush anew. */
  drawBrush(): void {
    const { view } = this;
    this.lit = view.isNarrow ? inBrush(this.rows, this.store, view.brushes, view.chosen) : this.rows;
    this.ground.node.hidden = !view.isNarrow;
    this.updateTracks();
    this.front.draw(() => this.picture(this.lit, this.shadeOf, 1), this.size);
    this.drawTop();
    this.drawOne();
  }

  /** Name the best line, which stays on top; -1 for none. */
  setBest(row: number): void {
    this.best = row;
    this.drawTop();
  }

  /** Let one line stand out, with its values; -1 lets none. */
  standOut(row: number): void {
    this.single = row;
    this.drawOne();
  }

  focus(id: string, part: 'head' | 'track'): void {
    if (part === 'head') {
      this.heads.get(id)?.focus();
    } else {
      this.tracks.get(id)?.node.focus();
    }
  }

  /** The place among the axes that a point in the stage is nearest to. */
  indexAt(x: number): number {
    const distances = this.xs.map(at => Math.abs(at - x));
    return distances.indexOf(Math.min(...distances));
  }

  /** Whether the height is still the one that was drawn for. */
  get fits(): boolean {
    return this.given === this.givenHeight();
  }

  /** Take away the room for missing values, for which there may be no need any more. */
  closeGap(): void {
    this.room.hasGap = false;
  }

  /** Without room for missing values where there are none; but a panel that may still get some has it from the start. */
  private fitHeight(): void {
    const { room } = this;
    this.given = this.givenHeight();
    room.hasGap ||= this.view.mayMiss;
    room.fit(this.given);
    this.stage.style.height = `${room.total}px`;
    this.stage.style.setProperty('--jt-axis-height', `${room.height}px`);
  }

  /** What a host gives that has a place for this panel alone; 0 where it is as high as it likes. */
  private givenHeight(): number {
    return this.node.closest('.jtrack-fill') ? this.node.clientHeight : 0;
  }

  private picture(rows: Int32Array, shadeOf: Int8Array | null, strength: number): Picture {
    const { xs, ys, shading, palette } = this;
    return { xs, ys, rows, shadeOf, shades: shading.shades, grey: shadeOf ? palette.grey : palette.faint, strength };
  }

  /** The grey below is only seen beside a brush: what is looked at first is drawn first. */
  private drawGroundLater(): void {
    clearTimeout(this.idle);
    const draw = (): void => {
      this.idle = 0;
      this.ground.draw(() => this.picture(this.rows, null, FAINT), this.size);
    };
    if (this.view.isNarrow) {
      draw();
    } else {
      this.idle = window.setTimeout(draw, 60);
    }
  }

  private drawAxes(headWidth: number): void {
    const { view } = this;
    this.heads = kept(this.heads, view.order, id => new AxisHead(this.actions.head(id)), head => head.node.remove());
    this.tracks = kept(
      this.tracks,
      view.order,
      id => new Track(brush => this.actions.brush(id, brush), step => this.actions.leave(id, step)),
      track => track.node.remove()
    );
    this.marks.setAttribute('width', String(this.size.width));
    this.marks.setAttribute('height', String(this.size.height));
    replace(
      this.marks,
      view.shown.map((axis, i) => axisMarks(axis, view.scale(axis), this.xs[i]!, view.flipped.has(axis.id), this.roomRight(i), this.room))
    );
    const names = headNames(view.shown.map(axis => axis.key), headWidth);
    view.shown.forEach((axis, i) => {
      const [head, track] = [this.heads.get(axis.id)!, this.tracks.get(axis.id)!];
      // The objective's name has the margin beside it to itself.
      const width = i === view.order.length - 1 ? headWidth + 22 : headWidth;
      head.update(axis, names[i]!, view.isObjective(axis), width);
      head.node.style.left = `${this.xs[i]! - width / 2}px`;
      track.node.style.left = `${this.xs[i]! - 14}px`;
      track.node.style.height = `${this.size.height - TOP + 4}px`;
      this.place(head.node, i * 2);
      this.place(track.node, i * 2 + 1);
    });
  }

  /** How far it is from an axis to what stands on its right. */
  private roomRight(index: number): number {
    return (this.xs[index + 1] ?? this.size.width) - this.xs[index]!;
  }

  /** Keep the order of the elements that of the axes, for the Tab key; moving one would take the focus off it. */
  private place(node: HTMLElement, index: number): void {
    const at = this.stage.querySelectorAll('.jt-axis-head, .jt-track')[index] ?? this.tip;
    if (at !== node) {
      const focused = node.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
      this.stage.insertBefore(node, at);
      focused?.focus();
    }
  }

  private updateTracks(): void {
    for (const axis of this.view.shown) {
      const state = {
        axis,
        scale: this.view.scale(axis),
        room: this.room,
        isFlipped: this.view.flipped.has(axis.id),
        brush: this.view.brushes.get(axis.id)
      };
      this.tracks.get(axis.id)?.update(state);
    }
  }

  private drawTop(): void {
    fit(this.top, this.size);
    const { palette, xs, ys } = this;
    if (this.best >= 0 && this.best < this.store.n) {
      paintOne(this.top.getContext('2d')!, { xs, ys }, this.best, { colour: palette.best, ground: palette.ground, width: 2.4 });
    }
  }

  private drawOne(): void {
    fit(this.one, this.size);
    const context = this.one.getContext('2d')!;
    const { palette, xs, ys } = this;
    if (this.single >= 0 && this.single < this.store.n) {
      paintOne(context, { xs, ys }, this.single, { colour: palette.text, ground: palette.ground, width: 1.8 });
      this.writeValues(context, this.single);
    }
  }

  private writeValues(context: CanvasRenderingContext2D, row: number): void {
    const { palette, xs, ys } = this;
    context.font = '600 11px system-ui, sans-serif';
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    this.view.shown.forEach((axis, i) => {
      const text = valueText(axis, this.store.column(axis.id)[row]!);
      const [x, y] = [xs[i]! + 7, ys[i]![row]!];
      context.fillStyle = palette.ground;
      context.globalAlpha = 0.92;
      context.fillRect(x - 2, y - 8, context.measureText(text).width + 5, 16);
      context.globalAlpha = 1;
      context.fillStyle = palette.text;
      context.fillText(text, x, y);
    });
  }

  private onPointer(event: PointerEvent): void {
    if (event.buttons || (event.target as Element).closest('button, .jt-menu')) {
      return;
    }
    const box = this.stage.getBoundingClientRect();
    this.hover(this.rowAt(event.clientX - box.left, event.clientY - box.top), event);
  }

  private rowAt(x: number, y: number): number {
    const { xs, ys, lit } = this;
    if (xs.length < 2) {
      return xs.length && Math.abs(x - xs[0]!) < 24 ? nearestRow(lit, ys[0]!, ys[0]!, 0, 1, y, REACH) : -1;
    }
    const right = xs.findIndex(at => at >= x);
    if (right < 1) {
      return -1;
    }
    const width = xs[right]! - xs[right - 1]!;
    return nearestRow(lit, ys[right - 1]!, ys[right]!, (x - xs[right - 1]!) / width, width, y, REACH);
  }

  private hover(row: number, event?: PointerEvent): void {
    if (row !== this.single) {
      this.standOut(row);
      this.actions.hover(row);
    }
    this.tip.hidden = row < 0;
    if (row >= 0 && event) {
      const box = this.stage.getBoundingClientRect();
      replace(this.tip, this.store.names[row] ?? '');
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      this.tip.style.left = `${Math.max(4, Math.min(x + 12, this.node.scrollLeft + this.node.clientWidth - this.tip.offsetWidth - 4))}px`;
      this.tip.style.top = `${Math.max(2, y - 30)}px`;
    }
  }
}

/** The parts of a map that are still wanted, with new ones for what is not there yet, in the order of `ids`. */
function kept<T>(old: Map<string, T>, ids: string[], make: (id: string) => T, drop: (part: T) => void): Map<string, T> {
  for (const [id, part] of old) {
    if (!ids.includes(id)) {
      drop(part);
    }
  }
  return new Map(ids.map(id => [id, old.get(id) ?? make(id)]));
}
