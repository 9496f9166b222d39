// The part of an axis where one brushes: drag to make a range, drag its middle or an edge to change it, click to clear
// it. The arrow keys do the same. Ranges are kept in values, so that they hold while the axis' ends move.

import { h, replace } from '../dom';
import type { ParallelAxis } from './frame';
import type { AxisBrush, Range } from './lines';
import { type Room, TOP } from './room';
import { type Scale, valueText } from './scale';

const EDGE = 5;
const CLICK = 3;
/** So near to an end of the axis a range reaches beyond it, also for values that come later. */
const OPEN_END = 0.004;

export interface TrackState {
  axis: ParallelAxis;
  scale: Scale;
  room: Room;
  isFlipped: boolean;
  brush: AxisBrush | undefined;
}

interface Drag {
  mode: 'new' | 'move' | 'edge';
  index: number;
  /** Where the drag began; of an edge, the other edge. */
  anchor: number;
  from: [number, number];
  startY: number;
  moved: boolean;
}

export class Track {
  readonly node: HTMLElement;
  private state!: TrackState;
  private drag: Drag | null = null;

  constructor(
    private readonly change: (brush: AxisBrush | null) => void,
    private readonly leave: (step: number) => void
  ) {
    this.node = h('div', {
      class: 'jt-track',
      role: 'slider',
      tabindex: 0,
      'aria-orientation': 'vertical',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      title: 'Drag to brush, click a range to clear it. Keys: Enter adds a range, ↑ ↓ move it, Shift ↑ ↓ stretch it, Delete clears it.',
      onpointerdown: (event: PointerEvent) => this.onDown(event),
      onpointermove: (event: PointerEvent) => this.onMove(event),
      onpointerup: (event: PointerEvent) => this.onUp(event),
      onpointercancel: () => (this.drag = null),
      onkeydown: (event: KeyboardEvent) => this.onKey(event)
    });
    this.node.style.top = `${TOP - 8}px`;
  }

  update(state: TrackState): void {
    this.state = state;
    const { axis, brush, room } = state;
    const spans = (brush?.ranges ?? []).map(range => this.span(range));
    replace(
      this.node,
      spans.map(([low, high]) => this.band(this.yOf(low), this.yOf(high))),
      brush?.missing ? this.band(room.missingY - 6, room.missingY + 6) : null
    );
    const last = spans[spans.length - 1];
    this.node.setAttribute('aria-label', `brush on ${axis.key}`);
    this.node.setAttribute('aria-valuenow', String(Math.round((last ? (last[0] + last[1]) / 2 : 0.5) * 100)));
    this.node.setAttribute('aria-valuetext', brushText(axis, brush));
  }

  private band(a: number, b: number): HTMLElement {
    const band = h('i', { class: 'jt-band' });
    band.style.top = `${Math.min(a, b) - TOP + 8}px`;
    band.style.height = `${Math.max(Math.abs(a - b), 3)}px`;
    return band;
  }

  private yOf(place: number): number {
    return this.state.room.y(place, this.state.isFlipped);
  }

  private placeAt(y: number): number {
    const place = Math.min(Math.max((y - TOP) / this.state.room.height, 0), 1);
    return this.state.isFlipped ? place : 1 - place;
  }

  private span({ low, high }: Range): [number, number] {
    const { scale } = this.state;
    const at = (value: number, end: number): number => {
      const place = Number.isFinite(value) ? scale.place(value) : end;
      return Math.min(Math.max(Number.isNaN(place) ? end : place, 0), 1);
    };
    return [at(low, 0), at(high, 1)];
  }

  private range(a: number, b: number): Range {
    const { axis, scale } = this.state;
    const [low, high] = [Math.max(Math.min(a, b), 0), Math.min(Math.max(a, b), 1)];
    if (axis.kind === 'categorical') {
      const n = axis.categories.length;
      const first = Math.min(Math.floor(low * n + 1e-6), n - 1);
      return { low: first - 0.5, high: Math.max(Math.ceil(high * n - 1e-6), first + 1) - 0.5 };
    }
    return {
      low: low < OPEN_END ? -Infinity : scale.valueAt(low),
      high: high > 1 - OPEN_END ? Infinity : scale.valueAt(high)
    };
  }

  private set(ranges: Range[], missing = this.state.brush?.missing ?? false): void {
    this.change(ranges.length || missing ? { ranges, missing } : null);
  }

  private get ranges(): Range[] {
    return this.state.brush?.ranges ?? [];
  }

  private heightOf(event: PointerEvent): number {
    return event.clientY - this.node.getBoundingClientRect().top + TOP - 8;
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    const y = this.heightOf(event);
    if (y > TOP + this.state.room.height + 8) {
      this.set(this.ranges, !this.state.brush?.missing);
      return;
    }
    this.node.setPointerCapture(event.pointerId);
    const place = this.placeAt(y);
    const hit = this.hit(y);
    const from: [number, number] = hit ? this.span(this.ranges[hit.index]!) : [place, place];
    const anchor = hit?.mode === 'edge' ? (Math.abs(from[0] - place) < Math.abs(from[1] - place) ? from[1] : from[0]) : place;
    this.drag = { mode: hit?.mode ?? 'new', index: hit?.index ?? this.ranges.length, anchor, from, startY: y, moved: false };
  }

  private hit(y: number): { mode: 'move' | 'edge'; index: number } | null {
    for (let index = this.ranges.length - 1; index >= 0; index--) {
      const [a, b] = this.span(this.ranges[index]!).map(place => this.yOf(place)) as [number, number];
      if (Math.min(Math.abs(y - a), Math.abs(y - b)) <= EDGE) {
        return { mode: 'edge', index };
      }
      if (y > Math.min(a, b) && y < Math.max(a, b)) {
        return { mode: 'move', index };
      }
    }
    return null;
  }

  private onMove(event: PointerEvent): void {
    const y = this.heightOf(event);
    const { drag } = this;
    if (!drag) {
      const hit = this.hit(y);
      this.node.style.cursor = hit ? (hit.mode === 'edge' ? 'ns-resize' : 'grab') : 'crosshair';
      return;
    }
    if (!drag.moved && Math.abs(y - drag.startY) < CLICK) {
      return;
    }
    drag.moved = true;
    const place = this.placeAt(y);
    let [low, high] = [drag.anchor, place];
    if (drag.mode === 'move') {
      const by = Math.min(Math.max(place - drag.anchor, -drag.from[0]), 1 - drag.from[1]);
      [low, high] = [drag.from[0] + by, drag.from[1] + by];
    }
    const ranges = this.ranges.slice();
    ranges[drag.index] = this.range(low, high);
    this.set(ranges);
  }

  private onUp(event: PointerEvent): void {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved) {
      return;
    }
    const { axis } = this.state;
    if (drag.mode !== 'new') {
      this.set(this.ranges.filter((_, index) => index !== drag.index));
    } else if (axis.kind === 'categorical') {
      const range = this.range(drag.anchor, drag.anchor);
      this.set(event.shiftKey || event.ctrlKey || event.metaKey ? [...this.ranges, range] : [range]);
    } else {
      this.set([], false);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const up = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (up) {
      this.nudge(this.state.isFlipped ? -up : up, event.shiftKey);
    } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.leave(event.key === 'ArrowLeft' ? -1 : 1);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.set([...this.ranges, this.middle()]);
    } else if (event.key === 'Delete' || event.key === 'Backspace' || event.key === 'Escape') {
      this.set(this.ranges.slice(0, -1), this.ranges.length > 1 && this.state.brush?.missing);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The range that a key makes: the middle quarter, or the category there. */
  private middle(): Range {
    return this.state.axis.kind === 'categorical' ? this.range(0.5, 0.5) : this.range(0.375, 0.625);
  }

  /** Move the last range by a step, or only its far edge. */
  private nudge(by: number, stretches: boolean): void {
    const { axis } = this.state;
    const step = by / (axis.kind === 'categorical' ? axis.categories.length : 50);
    const last = this.ranges[this.ranges.length - 1];
    if (!last) {
      this.set([this.middle()]);
      return;
    }
    const [low, high] = this.span(last);
    const moved = stretches ? 0 : Math.min(Math.max(step, -low), 1 - high);
    const edge = stretches ? Math.min(Math.max(high + step, low + Math.abs(step)), 1) : high + moved;
    this.set([...this.ranges.slice(0, -1), this.range(low + moved, edge)]);
  }
}

/** What is brushed on an axis, in words. */
export function brushText(axis: ParallelAxis, brush: AxisBrush | undefined): string {
  if (!brush) {
    return 'no range';
  }
  const parts = brush.ranges.map(({ low, high }) =>
    axis.kind === 'categorical'
      ? axis.categories.filter((_, code) => code > low && code < high).join(', ')
      : `${low === -Infinity ? 'lowest' : valueText(axis, low)} to ${high === Infinity ? 'highest' : valueText(axis, high)}`
  );
  return [...parts, ...(brush.missing ? ['missing'] : [])].join('; ');
}
