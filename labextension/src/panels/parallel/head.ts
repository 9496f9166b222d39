// The head of an axis: its name and how much it has to do with the objective. Drag it to move the axis, click it for
// what else can be done with the axis; both work by keyboard.

import { h, replace } from '../dom';
import { formatNumber, shorten, tellApart } from '../format';
import type { ParallelAxis } from './frame';

const DRAG = 4;
const CHARACTER = 8;

export interface HeadActions {
  /** The pointer drags the head to this place in the plot; null when it is let go. */
  drag(x: number | null): void;
  move(step: number): void;
  menu(anchor: HTMLElement): void;
  leave(step: number): void;
}

export class AxisHead {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly note = h('span', { class: 'jt-axis-note' });
  private startX: number | null = null;
  private wasDragged = false;

  constructor(private readonly actions: HeadActions) {
    this.button = h('button', {
      class: 'jt-axis-name',
      type: 'button',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      onclick: () => this.onClick(),
      onpointerdown: (event: PointerEvent) => this.onDown(event),
      onpointermove: (event: PointerEvent) => this.onMove(event),
      onpointerup: () => this.onUp(),
      onpointercancel: () => this.onUp(),
      onkeydown: (event: KeyboardEvent) => this.onKey(event)
    });
    this.node = h('div', { class: 'jt-axis-head' }, this.button, this.note);
  }

  focus(): void {
    this.button.focus();
  }

  /** Show the axis; `name` is its key, as short as there is room for. */
  update(axis: ParallelAxis, name: string, isObjective: boolean, width: number): void {
    const note = noteText(axis, isObjective);
    this.button.title = `${axis.key}${note.long ? `, ${note.long}` : ''}. Drag to move the axis, click for more.`;
    this.button.setAttribute('aria-label', `axis ${axis.key}${note.long ? `, ${note.long}` : ''}`);
    replace(this.button, name);
    replace(this.note, note.short);
    this.node.style.width = `${width}px`;
  }

  private onClick(): void {
    if (!this.wasDragged) {
      this.actions.menu(this.button);
    }
    this.wasDragged = false;
  }

  private onDown(event: PointerEvent): void {
    if (event.button === 0) {
      this.startX = event.clientX;
      this.wasDragged = false;
      this.button.setPointerCapture(event.pointerId);
    }
  }

  private onMove(event: PointerEvent): void {
    if (this.startX === null) {
      return;
    }
    if (this.wasDragged || Math.abs(event.clientX - this.startX) > DRAG) {
      this.wasDragged = true;
      const stage = this.node.parentElement!.getBoundingClientRect();
      this.actions.drag(event.clientX - stage.left);
    }
  }

  private onUp(): void {
    this.startX = null;
    if (this.wasDragged) {
      this.actions.drag(null);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      (event.shiftKey ? this.actions.move : this.actions.leave)(step);
    }
  }
}

/** The names of axes, whole where the browser may cut what there is no room for, and told apart where that made them one. */
export function headNames(keys: string[], width: number): string[] {
  const room = Math.floor(width / CHARACTER);
  return new Set(keys.map(key => shorten(key, room))).size === new Set(keys).size ? keys : tellApart(keys, room);
}

/** What stands under an axis' name, and the same in words. */
export function noteText(axis: ParallelAxis, isObjective: boolean): { short: string; long: string } {
  if (isObjective) {
    const arrow = axis.direction ? { lower: ' ↓', higher: ' ↑' }[axis.direction] : '';
    return { short: `objective${arrow}`, long: `the objective${axis.direction ? `, ${axis.direction} is better` : ''}` };
  }
  if (axis.correlation === null) {
    return { short: '', long: '' };
  }
  const text = formatNumber(axis.correlation, 2);
  return axis.measure === 'eta'
    ? { short: `η ${text}`, long: `correlation ratio with the objective's ranks ${text}` }
    : { short: `ρ ${text}`, long: `rank correlation with the objective ${text}` };
}
