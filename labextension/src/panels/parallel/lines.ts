// All lines as columns of numbers: taken in as they come, tested against brushes, and searched for the nearest.

import { type ParallelFrame, unpack } from './frame';

/** A part of an axis that was brushed, in values; of categories in codes, half a code beyond the outer ones. */
export interface Range {
  low: number;
  high: number;
}

export interface AxisBrush {
  ranges: Range[];
  missing: boolean;
}

export class LineStore {
  n = 0;
  names: string[] = [];
  ids: string[] = [];
  private columns = new Map<string, Float64Array>();
  private has = new Uint8Array(0);
  private layout = '';
  private nSettled = 0;

  /** Take in what a frame brings; gives true where what was there before is void. */
  take(frame: ParallelFrame): boolean {
    const isNew = frame.layout !== this.layout;
    if (isNew) {
      this.columns.clear();
      this.has.fill(0);
      this.layout = frame.layout;
    }
    this.n = frame.n_runs;
    this.nSettled = frame.n_settled;
    this.makeRoom(frame);
    const { positions, run_ids, run_names, columns } = frame.lines;
    positions.forEach((position, i) => {
      this.has[position] = 1;
      this.ids[position] = run_ids[i]!;
      this.names[position] = run_names[i]!;
    });
    frame.axes.forEach((axis, a) => {
      const column = this.columns.get(axis.id)!;
      const values = unpack(columns[a]!);
      positions.forEach((position, i) => (column[position] = values[i]!));
    });
    return isNew;
  }

  /** The first line that is not here; `n` where all are. */
  firstMissing(): number {
    for (let i = 0; i < this.n; i++) {
      if (!this.has[i]) {
        return i;
      }
    }
    return this.n;
  }

  /** From where on a look for news has to ask. */
  get firstUnsettled(): number {
    return Math.min(this.firstMissing(), this.nSettled);
  }

  column(id: string): Float64Array {
    return this.columns.get(id) ?? new Float64Array(0);
  }

  /** The lines that are here, by position. */
  rows(): Int32Array {
    const rows = new Int32Array(this.n);
    let n = 0;
    for (let i = 0; i < this.n; i++) {
      if (this.has[i]) {
        rows[n++] = i;
      }
    }
    return rows.subarray(0, n);
  }

  private makeRoom(frame: ParallelFrame): void {
    const room = this.has.length;
    const needed = frame.n_runs > room ? Math.max(frame.n_runs, Math.ceil(room * 1.5)) : room;
    if (needed > room) {
      this.has = grown(this.has, new Uint8Array(needed));
    }
    for (const { id } of frame.axes) {
      const column = this.columns.get(id);
      if (!column || column.length < needed) {
        this.columns.set(id, grown(column ?? new Float64Array(0), new Float64Array(needed).fill(NaN)));
      }
    }
  }
}

function grown<A extends Float64Array | Uint8Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}

/** Which of the rows are in the brush of every axis that has one, and among those that were chosen, in their order. */
export function inBrush(
  rows: Int32Array,
  store: LineStore,
  brushes: ReadonlyMap<string, AxisBrush>,
  chosen: ReadonlySet<string> | null
): Int32Array {
  let left = chosen ? rows.filter(row => chosen.has(store.ids[row]!)) : rows;
  for (const [id, brush] of brushes) {
    const column = store.column(id);
    const kept = new Int32Array(left.length);
    let n = 0;
    for (const row of left) {
      if (isIn(column[row]!, brush)) {
        kept[n++] = row;
      }
    }
    left = kept.subarray(0, n);
  }
  return left;
}

function isIn(value: number, { ranges, missing }: AxisBrush): boolean {
  if (!Number.isFinite(value)) {
    return missing;
  }
  return ranges.some(range => value >= range.low && value <= range.high);
}

/** The row whose line comes nearest to a point between two axes; -1 where none is within `reach`. */
export function nearestRow(
  rows: Int32Array,
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  part: number,
  width: number,
  y: number,
  reach: number
): number {
  let best = -1;
  let least = reach;
  for (const row of rows) {
    const [from, to] = [left[row]!, right[row]!];
    const across = Math.abs(from + (to - from) * part - y);
    // The distance at right angles to the line: a steep one would else only be found exactly.
    const distance = across * (width / Math.hypot(width, to - from));
    // Of lines at the same distance the later one is on top.
    if (distance <= least) {
      [best, least] = [row, distance];
    }
  }
  return best;
}
