// The choice of columns: all that the runs have, each with a box; found by a part of the name where there are many.

import { h, replace } from '../dom';
import { shorten } from '../format';
import type { Column, RunsFrame, Search } from './frame';

const MANY = 12;
const MOST_SHOWN = 200;
const KINDS = { metrics: 'metric', params: 'param', tags: 'tag', attributes: '' };

export class ColumnChoices {
  readonly node = h('div', { class: 'jt-choices', role: 'group', 'aria-label': 'columns shown', hidden: true });
  private frame!: RunsFrame;
  private all: Column[] = [];
  private readonly find = h('input', { class: 'jt-filter', type: 'text', 'aria-label': 'find a column', placeholder: 'find', oninput: () => this.draw() });
  private readonly boxes = h('div', { class: 'jt-boxes' });

  constructor(private readonly search: (change: Partial<Search>) => void) {
    const reset = h('button', { class: 'jt-link', type: 'button', onclick: () => search({ columns: null, pinned: [], spark: null }) }, 'choose for me');
    this.node.append(this.find, this.boxes, reset);
  }

  /** Show these columns to choose from. */
  open(all: Column[]): void {
    this.all = all;
    this.find.hidden = all.length <= MANY;
    this.node.hidden = false;
    this.draw();
  }

  update(frame: RunsFrame): void {
    this.frame = frame;
    const { columns, pinned, spark } = frame.query;
    (this.node.lastElementChild as HTMLElement).hidden = columns === null && pinned.length === 0 && spark === null;
    this.draw();
  }

  private draw(): void {
    const shown = new Set(this.frame.columns.map(column => column.id));
    const wanted = this.find.hidden ? '' : this.find.value.trim().toLowerCase();
    const found = this.all.filter(column => column.key.toLowerCase().includes(wanted));
    const focused = (document.activeElement as HTMLElement | null)?.dataset.id;
    const boxes = found.slice(0, MOST_SHOWN).map(column => {
      const choose = (event: Event): void => this.choose(column.id, (event.target as HTMLInputElement).checked);
      const box = h('input', { type: 'checkbox', 'data-id': column.id, onchange: choose });
      box.checked = shown.has(column.id);
      return h('label', { title: column.key }, box, ' ', shorten(column.key, 40), h('span', { class: 'jt-muted' }, ` ${KINDS[column.kind]}`));
    });
    const rest = found.length - boxes.length;
    const note = rest > 0 ? `${rest} more: find them by a part of their names` : boxes.length ? '' : 'no column has this in its name';
    replace(this.boxes, boxes, note && h('span', { class: 'jt-muted' }, note));
    if (focused) {
      this.boxes.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
  }

  private choose(id: string, isWanted: boolean): void {
    const { columns, n_pinned, query } = this.frame;
    const ids = columns.slice(n_pinned).map(column => column.id);
    const pinned = query.pinned.filter((_, index) => isWanted || columns[index]?.id !== id);
    this.search({ columns: isWanted ? [...ids, id] : ids.filter(other => other !== id), pinned });
  }
}
