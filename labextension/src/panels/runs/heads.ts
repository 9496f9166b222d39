// The head row of the table: each column's name sorts, and has a menu for what else can be done with the column.

import { h } from '../dom';
import type { MenuItem } from '../menu';
import type { Column, RunsFrame, Search } from './frame';

export const STARTED = 'attributes.started_at';
export const TOOK = 'attributes.duration_s';
export const NAME = 'attributes.run_name';

export type Order = 'ASC' | 'DESC';

export interface HeadActions {
  search(change: Partial<Search>): void;
  menu(anchor: HTMLElement, label: string, items: MenuItem[]): void;
}

/** A head: `column` is what it stands over, for one that is not fixed. */
export interface Head {
  key: string;
  name: string;
  isNumeric: boolean;
  first: Order;
  column?: Column;
}

export function headsOf(frame: RunsFrame): Head[] {
  return [
    { key: NAME, name: 'run', isNumeric: false, first: 'ASC' },
    ...frame.columns.map(column => ({ key: column.id, name: titleOf(column), isNumeric: column.is_numeric, first: bestFirst(column), column })),
    { key: TOOK, name: 'took', isNumeric: true, first: 'DESC' as const },
    { key: STARTED, name: 'started', isNumeric: false, first: 'DESC' as const }
  ];
}

export function titleOf(column: Column): string {
  return column.kind === 'attributes' ? 'experiment' : column.key;
}

export function headCell(frame: RunsFrame, head: Head, actions: HeadActions): HTMLElement {
  const { key, name, isNumeric, first, column } = head;
  const order = orderOf(frame, key);
  const next = order === null ? first : order === 'ASC' ? 'DESC' : 'ASC';
  const arrow = order === null ? '' : order === 'ASC' ? '↑' : '↓';
  const text = [h('span', { class: 'jt-cut' }, name), arrow && h('span', { 'aria-hidden': 'true' }, arrow)];
  const openMenu = (anchor: HTMLElement): void => actions.menu(anchor, `column ${name}`, menuItems(frame, column!, order, actions));
  const sort = h(
    'button',
    {
      type: 'button',
      'data-key': key,
      title: `${name}: sort${column ? '; Alt+↓ for more' : ''}`,
      onclick: () => actions.search({ order_by: [`${key} ${next}`] }),
      onkeydown: (event: KeyboardEvent) => {
        if (column && event.altKey && event.key === 'ArrowDown') {
          event.preventDefault();
          openMenu(sort);
        }
      }
    },
    text
  );
  const more = h(
    'button',
    { type: 'button', class: 'jt-more', tabindex: -1, 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': `more for column ${name}`, onclick: () => openMenu(more) },
    '⋯'
  );
  return h(
    'th',
    { scope: 'col', class: isNumeric ? 'jt-num' : null, 'aria-sort': order === null ? null : order === 'ASC' ? 'ascending' : 'descending' },
    h('div', { class: 'jt-head-cell' }, sort, column && more)
  );
}

function menuItems(frame: RunsFrame, column: Column, order: Order | null, { search }: HeadActions): MenuItem[] {
  const { pinned, group_by } = frame.query;
  const { id } = column;
  const isPinned = frame.columns.indexOf(column) < frame.n_pinned;
  const ids = frame.columns.map(other => other.id);
  const items: (MenuItem | false)[] = [
    { label: 'sort upwards', checked: order === 'ASC', act: () => search({ order_by: [`${id} ASC`] }) },
    { label: 'sort downwards', checked: order === 'DESC', act: () => search({ order_by: [`${id} DESC`] }) },
    column.kind === 'metrics' && { label: 'draw its curves', checked: frame.spark === id, act: () => search({ spark: id }) },
    column.kind === 'params' && { label: 'group by its values', checked: group_by === id, act: () => search({ group_by: group_by === id ? null : id }) },
    { label: 'pin', checked: isPinned, act: () => search({ pinned: isPinned ? pinned.filter(other => other !== id && other !== column.key) : [...pinned, id] }) },
    { label: 'hide', act: () => search({ columns: ids.filter(other => other !== id), pinned: pinned.filter(other => other !== id && other !== column.key) }) }
  ];
  return items.filter(item => item !== false);
}

function bestFirst(column: Column): Order {
  return column.kind === 'metrics' && column.direction !== 'lower' ? 'DESC' : 'ASC';
}

function orderOf(frame: RunsFrame, key: string): Order | null {
  const order = frame.query.order_by[0] ?? `${STARTED} DESC`;
  const [, name, direction] = /^(.*?)(?:\s+(ASC|DESC))?$/is.exec(order.trim()) ?? [];
  return name === key ? (direction?.toUpperCase() === 'DESC' ? 'DESC' : 'ASC') : null;
}
