// How the parallel coordinates are looked at: which axes in which order, flipped or logarithmic, brushed, coloured by.
// It outlives the frames, so that what arrives while a sweep runs resets nothing; from it follows where lines lie.

import { type Palette, type Shading, makeShading } from './colours';
import type { ParallelAxis, ParallelFrame } from './frame';
import type { AxisBrush, LineStore } from './lines';
import type { Room } from './room';
import { type Scale, makeScale } from './scale';

const SPREAD = 26;
/** Lines of several categories are mixed in portions, so that the last category does not hide the others. */
const PORTION = 300;

export class View {
  order: string[] = [];
  readonly flipped = new Set<string>();
  readonly logs = new Map<string, boolean>();
  readonly brushes = new Map<string, AxisBrush>();
  /** The runs that were chosen in a table; `null` where none were. */
  chosen: ReadonlySet<string> | null = null;

  /** Whether only some of the lines are lit. */
  get isNarrow(): boolean {
    return this.brushes.size > 0 || this.chosen !== null;
  }

  colour: string | null = null;
  private axes = new Map<string, ParallelAxis>();
  private scales = new Map<string, Scale>();
  private frame!: ParallelFrame;

  /** Let the next frame decide anew which axes are shown, and in what order. */
  forget(): void {
    this.order = [];
    this.colour = null;
  }

  /** Take the axes of a frame; the first one also decides which are shown and in what order. */
  adopt(frame: ParallelFrame): void {
    const before = this.axes;
    this.frame = frame;
    this.axes = new Map(frame.axes.map(axis => [axis.id, axis]));
    this.scales.clear();
    const isFirst = !this.order.some(id => this.axes.has(id));
    const fresh = frame.axes.filter(axis => axis.is_shown && (isFirst || !before.has(axis.id))).map(axis => axis.id);
    const kept = isFirst ? [] : this.order.filter(id => this.axes.has(id));
    const last = kept[kept.length - 1] === frame.objective ? kept.length - 1 : kept.length;
    this.order = [...kept.slice(0, last), ...fresh.filter(id => !kept.includes(id)), ...kept.slice(last)];
    if (this.colour === null || !this.axes.has(this.colour)) {
      this.colour = frame.color;
    }
    for (const id of this.brushes.keys()) {
      this.keepBrush(id, before.get(id));
    }
  }

  get shown(): ParallelAxis[] {
    return this.order.map(id => this.axes.get(id)!);
  }

  get all(): ParallelAxis[] {
    return [...this.axes.values()];
  }

  /** Whether lines pass below an axis, or may while runs still come. */
  get mayMiss(): boolean {
    return this.frame.is_live || this.all.some(axis => axis.n_missing > 0);
  }

  axis(id: string | null): ParallelAxis | null {
    return id === null ? null : (this.axes.get(id) ?? null);
  }

  isObjective(axis: ParallelAxis): boolean {
    return axis.id === this.frame.objective;
  }

  isLog(axis: ParallelAxis): boolean {
    return this.logs.get(axis.id) ?? axis.kind === 'log';
  }

  scale(axis: ParallelAxis): Scale {
    let scale = this.scales.get(axis.id);
    if (!scale) {
      scale = makeScale(axis, this.isLog(axis));
      this.scales.set(axis.id, scale);
    }
    return scale;
  }

  setLog(axis: ParallelAxis, log: boolean): void {
    this.logs.set(axis.id, log);
    this.scales.delete(axis.id);
  }

  show(id: string, isShown: boolean): void {
    const others = this.order.filter(other => other !== id);
    const end = others[others.length - 1] === this.frame.objective ? others.length - 1 : others.length;
    this.order = isShown ? [...others.slice(0, end), id, ...others.slice(end)] : others;
    if (!isShown) {
      this.brushes.delete(id);
    }
  }

  /** Move an axis to a place among those shown. */
  moveTo(id: string, index: number): void {
    const others = this.order.filter(other => other !== id);
    others.splice(Math.min(Math.max(index, 0), others.length), 0, id);
    this.order = others;
  }

  /** Put the axes in the order of the frame, which is that of importance. */
  sort(): void {
    const places = this.frame.axes.map(axis => axis.id);
    this.order = [...this.order].sort((a, b) => this.rank(a, places) - this.rank(b, places));
  }

  shading(store: LineStore, palette: Palette): Shading {
    const axis = this.axis(this.colour);
    const values = axis ? store.column(axis.id).subarray(0, store.n) : new Float64Array(0);
    return makeShading(axis, axis && this.scale(axis), values, palette);
  }

  /** Rows in the order to draw them, the better ones last, and the shade of each. */
  paintOrder(store: LineStore, shading: Shading): { rows: Int32Array; shadeOf: Int8Array } {
    const rows = store.rows();
    const shadeOf = new Int8Array(store.n);
    const values = this.colour === null ? null : store.column(this.colour);
    for (const row of rows) {
      shadeOf[row] = shading.shadeOf(values ? values[row]! : 0);
    }
    const isMixed = this.axis(this.colour)?.kind === 'categorical';
    const portion = (row: number): number => (isMixed ? Math.floor(row / PORTION) : 0);
    rows.sort((a, b) => portion(a) - portion(b) || shadeOf[a]! - shadeOf[b]! || a - b);
    return { rows, shadeOf };
  }

  /** Heights of all lines on each shown axis; `rows` in painting order tell how lines lie within a category. */
  heights(store: LineStore, rows: Int32Array, room: Room): Float32Array[] {
    return this.shown.map(axis => {
      const column = store.column(axis.id);
      const scale = this.scale(axis);
      const isFlipped = this.flipped.has(axis.id);
      const spread = axis.kind === 'categorical' ? spreadOf(axis, column, rows, room.height) : null;
      const ys = new Float32Array(store.n);
      for (const row of rows) {
        const place = scale.place(column[row]!);
        ys[row] = Number.isNaN(place) ? room.missingY : room.y(place, isFlipped) + (spread ? spread[row]! : 0);
      }
      return ys;
    });
  }

  private rank(id: string, places: string[]): number {
    return id === this.frame.objective ? places.length : places.indexOf(id);
  }

  /** Codes change where a category comes in between: a range follows the categories at its ends. */
  private keepBrush(id: string, before: ParallelAxis | undefined): void {
    const axis = this.axes.get(id);
    if (!axis || axis.kind === 'categorical' !== (before?.kind === 'categorical')) {
      this.brushes.delete(id);
    } else if (axis.kind === 'categorical' && before && axis.categories.join('\n') !== before.categories.join('\n')) {
      const follow = (code: number): number => axis.categories.indexOf(before.categories[code] ?? '');
      const ranges = this.brushes.get(id)!.ranges.map(({ low, high }) => ({ low: follow(low + 0.5) - 0.5, high: follow(high - 0.5) + 0.5 }));
      this.brushes.set(id, { ...this.brushes.get(id)!, ranges: ranges.filter(({ low, high }) => low >= -0.5 && high > low) });
    }
  }
}

/** How far from the middle of its category each line lies: side by side, in painting order, so that none hides. */
function spreadOf(axis: ParallelAxis, column: Float64Array, rows: Int32Array, height: number): Float32Array {
  const counts = new Float64Array(axis.categories.length);
  for (const row of rows) {
    if (column[row]! >= 0) {
      counts[column[row]!]! += 1;
    }
  }
  const room = Math.min((height / Math.max(axis.categories.length, 1)) * 0.6, SPREAD);
  const taken = new Float64Array(counts.length);
  const spread = new Float32Array(column.length);
  for (const row of rows) {
    const code = column[row]!;
    if (code >= 0 && counts[code]! > 1) {
      const width = Math.min(room, counts[code]! * 1.5);
      spread[row] = width * (0.5 - taken[code]! / (counts[code]! - 1));
      taken[code]! += 1;
    }
  }
  return spread;
}
