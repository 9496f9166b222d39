// What stands in the cells of the runs table. What can be pressed says so by `data-do`; the grid listens once for all.
// Plain inline elements, as hundreds of them are laid out with each step of scrolling, and a button costs a box of its own;
// copies of a blank, which cost less than elements that are made one by one.

import { type Child, copyOf, h } from '../dom';
import { asNumber } from '../frames';
import { MISSING, exactMoment, formatAgo, formatDuration, formatNumber, plural } from '../format';
import { sparkLine, stateMark } from '../marks';
import { type Cell, type Column, type GroupRow, type Row, type RunRow, isRun } from './frame';

const INDENT = 16;

const blank = {
  choose: h('td', { class: 'jt-choose' }, h('input', { type: 'checkbox', tabindex: -1, 'data-do': 'choose' })),
  state: press('only', { class: 'jt-only', 'data-column': 'attributes.status' }),
  open: press('open', { class: 'jt-open jt-cut' }),
  id: h('code', { class: 'jt-muted' }),
  more: press('more', { class: 'jt-more', 'aria-haspopup': 'menu', 'aria-expanded': 'false' }, '⋯'),
  only: press('only', { class: 'jt-only' }),
  value: h('td'),
  took: h('td', { class: 'jt-num jt-muted' }),
  started: h('td', { class: 'jt-muted' }, h('time'))
};

/** The text of a cell, as it is shown and as widths are told from. */
export function cellText(column: Column, value: Cell): string {
  if (value === null) {
    return MISSING;
  }
  // Of a group, a metric's mean is a number as the metrics are; how many values it has is text.
  return column.kind === 'metrics' ? formatNumber(asNumber(value as number), column.decimals) : String(value);
}

/** A cell of a column that has room for `fits` signs; only what has more is cut, as that costs the browser something. */
export function valueCell(column: Column, row: Row, value: Cell, fits: number): HTMLElement {
  const text = cellText(column, value);
  const isBest = isRun(row) && column.best !== null && column.kind === 'metrics' && value !== null && asNumber(value as number) === column.best;
  const classes = [column.is_numeric && 'jt-num', text.length > fits && 'jt-cut', isBest && 'jt-best', !isRun(row) && 'jt-muted'].filter(Boolean).join(' ');
  const cell = copyOf(blank.value);
  cell.className = classes;
  if (!isRun(row)) {
    cell.title = column.kind === 'metrics' ? `mean of ${plural(row.n_folded, 'run')}` : '';
    cell.textContent = text;
    return cell;
  }
  const exact = column.kind === 'metrics' && value !== null ? `${value}${isBest ? ', best' : ''}: ` : text.length > 12 ? `${text}: ` : '';
  const only = copyOf(blank.only);
  only.dataset.column = column.id;
  only.title = `${exact}${onlyText(column, text)}`;
  only.append(isBest ? h('b', {}, text) : text);
  cell.append(only);
  return cell;
}

function press(what: string, attributes: Record<string, string | null>, ...children: Child[]): HTMLElement {
  return h('span', { role: 'button', tabindex: -1, 'data-do': what, ...attributes }, ...children);
}

function onlyText({ kind, key, direction }: Column, text: string): string {
  const name = kind === 'attributes' ? 'experiment' : key;
  if (text === MISSING) {
    return `only runs without ${name}`;
  }
  return kind === 'metrics' && direction ? `only runs as good or better in ${name}` : `only runs with ${name} ${text}`;
}

export function sparkCell(row: Row): HTMLElement {
  return h('td', { class: 'jt-spark' }, isRun(row) && row.spark && sparkLine(row.spark));
}

export function chooseCell(row: Row, isChosen: boolean): HTMLElement {
  const cell = copyOf(blank.choose);
  const box = cell.firstElementChild as HTMLInputElement;
  box.ariaLabel = isRun(row) ? `choose ${row.run_name}` : `choose the runs with ${row.label}`;
  box.checked = isChosen;
  return cell;
}

/** The head of a row. A whole column is as deep as what is folded in it. */
export function nameCell(row: Row, isFolding: boolean): HTMLElement {
  const label = isRun(row) ? row.run_name : row.label;
  const fold =
    row.n_folded > 0
      ? press('fold', { class: 'jt-fold', 'aria-expanded': String(row.is_open), 'aria-label': `${row.is_open ? 'fold' : 'open'} ${label}` }, row.is_open ? '▾' : '▸')
      : h('span', { class: 'jt-fold' });
  const parts = isRun(row) ? runName(row) : groupName(row);
  const style = row.depth ? `padding-left:${row.depth * INDENT}px` : null;
  return h('th', { scope: 'row' }, h('div', { class: 'jt-name-cell', style }, isFolding && fold, parts));
}

function runName(row: RunRow): Child[] {
  const [state, name, id, more] = [copyOf(blank.state), copyOf(blank.open), copyOf(blank.id), copyOf(blank.more)];
  state.title = `only runs that are ${row.status.toLowerCase()}`;
  state.append(stateMark(row.status));
  name.title = `${row.run_name}, run ${row.run_id}: open`;
  name.append(row.run_name);
  id.append(row.run_id.slice(0, 8));
  more.ariaLabel = `what can be done with ${row.run_name}`;
  const inside = insideText(row);
  return [state, name, id, inside !== '' && h('span', { class: 'jt-muted' }, inside), more];
}

function groupName(row: GroupRow): HTMLElement[] {
  return [h('span', { class: 'jt-cut', title: row.label }, row.label), h('span', { class: 'jt-muted' }, groupText(row))];
}

export function groupText(row: GroupRow): string {
  return row.n_folded > 1 ? `${plural(row.n_folded, 'run')}, mean` : plural(row.n_folded, 'run');
}

/** What stands beside the name of a run that others are nested in. */
export function insideText(row: RunRow): string {
  return row.n_children ? plural(row.n_children, row.kind === 'sweep' ? 'trial' : 'run') : '';
}

export function tookCell(row: Row): HTMLElement {
  const cell = copyOf(blank.took);
  cell.textContent = !isRun(row) ? '' : row.status === 'RUNNING' ? 'running' : formatDuration(row.duration_s);
  return cell;
}

export function startedCell(row: Row): HTMLElement {
  const cell = copyOf(blank.started);
  const time = cell.firstElementChild as HTMLTimeElement;
  if (isRun(row)) {
    time.dateTime = row.started_at;
    time.title = exactMoment(row.started_at);
    time.textContent = formatAgo(row.started_at, new Date());
  }
  return cell;
}
