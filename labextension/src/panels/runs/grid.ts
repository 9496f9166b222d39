// The rows of the runs table: drawn as they come into view, read in pages, walked with the arrow keys. Widths are told
// from the first page and then kept, so that nothing jumps when other rows come into view.

import { h, replace } from '../dom';
import { type Column, type RunRow, type RunsCallbacks, type RunsFrame, type JsonNumber, asNumber } from '../frames';
import { MISSING, exactMoment, formatAgo, formatDuration, formatNumber, plural } from '../format';
import { sparkLine, stateMark } from '../marks';
import { ROW_HEIGHT, missingPages, visibleWindow } from './window';

const PAGE_SIZE = 50;
const MOST_ROWS_IN_VIEW = 12;
const STARTED = 'attributes.started_at';
const TOOK = 'attributes.duration_s';
const NAME = 'attributes.run_name';

interface GridCallbacks {
  rows: RunsCallbacks['rows'];
  sort(key: string): void;
  failed(error: unknown): void;
}

export class RunsGrid {
  readonly node: HTMLElement;
  private frame!: RunsFrame;
  private rows = new Map<number, RunRow>();
  private drawn = new Map<number, HTMLTableRowElement>();
  private asked = new Set<number>();
  private active = 0;
  /** Distinguishes answers for this frame from late ones for a frame before it. */
  private generation = 0;
  private scheduled = 0;
  private readonly columns = h('colgroup');
  private readonly head = h('tr', { 'aria-rowindex': 1 });
  private readonly above = spacer();
  private readonly below = spacer();
  private readonly body = h('tbody', { onkeydown: (event: KeyboardEvent) => this.onKey(event) }, this.above, this.below);
  private readonly table = h('table', {}, this.columns, h('thead', {}, this.head), this.body);
  private readonly empty = h('div', { class: 'jt-empty' });

  constructor(private readonly callbacks: GridCallbacks) {
    this.node = h('div', { class: 'jt-scroll jt-grid', onscroll: () => this.schedule() }, this.table, this.empty);
  }

  update(frame: RunsFrame): void {
    this.generation++;
    this.frame = frame;
    this.rows = new Map(frame.rows.map((row, index) => [frame.offset + index, row]));
    this.asked.clear();
    this.active = 0;
    this.node.scrollTop = 0;
    this.drawn.forEach(row => row.remove());
    this.drawn.clear();
    this.table.setAttribute('aria-rowcount', String(frame.n_runs + 1));
    this.table.hidden = frame.n_runs === 0;
    replace(this.empty, emptyText(frame));
    this.empty.hidden = frame.n_runs > 0;
    this.yield(0);
    this.drawHead();
    this.draw();
  }

  /** Give up some of the height for what else the panel has to show, so that the panel as a whole doesn't grow. */
  yield(height: number): void {
    const most = (MOST_ROWS_IN_VIEW + 1) * ROW_HEIGHT + 6;
    this.node.style.maxHeight = height > 0 ? `${Math.max(this.node.getBoundingClientRect().height - height, 4 * ROW_HEIGHT)}px` : `${most}px`;
  }

  dispose(): void {
    this.generation++;
    cancelAnimationFrame(this.scheduled);
  }

  private schedule(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = requestAnimationFrame(() => this.draw());
  }

  private drawHead(): void {
    const focused = this.head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.key : null;
    const { columns } = this.frame;
    const heads = columns.map(column => this.headCell(column.id, title(column), column.is_numeric, bestFirst(column)));
    if (this.hasSpark()) {
      heads.splice(1, 0, h('th', { class: 'jt-spark', 'aria-hidden': 'true' }));
    }
    replace(
      this.head,
      this.headCell(NAME, 'run', false, 'ASC'),
      heads,
      this.headCell(TOOK, 'took', true, 'DESC'),
      this.headCell(STARTED, 'started', false, 'DESC')
    );
    const widths = columnWidths(this.frame, this.hasSpark());
    replace(this.columns, widths.map(width => h('col', { style: `width:${width}px` })));
    this.table.style.minWidth = `${widths.reduce((sum, width) => sum + width, 0)}px`;
    if (focused) {
      this.head.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
  }

  private headCell(key: string, name: string, numeric: boolean, first: 'ASC' | 'DESC'): HTMLElement {
    const order = sortOf(this.frame, key);
    const next = order === null ? first : order === 'ASC' ? 'DESC' : 'ASC';
    const sortable = key !== 'attributes.experiment_name';
    const arrow = order === null ? '' : order === 'ASC' ? '↑' : '↓';
    const text = [h('span', { class: 'jt-cut' }, name), arrow && h('span', { 'aria-hidden': 'true' }, arrow)];
    const button = h(
      'button',
      { type: 'button', 'data-key': key, title: `${name}: sort`, onclick: () => this.callbacks.sort(`${key} ${next}`) },
      text
    );
    return h(
      'th',
      {
        scope: 'col',
        class: numeric ? 'jt-num' : null,
        'aria-sort': order === null ? null : order === 'ASC' ? 'ascending' : 'descending'
      },
      sortable ? button : text
    );
  }

  private draw(): void {
    const nRows = this.frame.n_runs;
    // Not what it measures alone: before the first drawing it has no height yet.
    const height = Math.max(this.node.clientHeight, MOST_ROWS_IN_VIEW * ROW_HEIGHT);
    const window = visibleWindow(this.node.scrollTop, height, nRows);
    let focus = false;
    for (const [index, row] of this.drawn) {
      focus ||= row === document.activeElement;
      // A placeholder goes too, once its row is there.
      if (index < window.first || index >= window.last || (row.dataset.waits && this.rows.has(index))) {
        row.remove();
        this.drawn.delete(index);
      }
    }
    let next = this.above.nextElementSibling;
    for (let index = window.first; index < window.last; index++) {
      const there = this.drawn.get(index);
      if (there) {
        next = there.nextElementSibling;
      } else {
        const row = this.row(index);
        this.drawn.set(index, row);
        this.body.insertBefore(row, next);
      }
    }
    if (focus) {
      // Where the focus was on a placeholder, it passes to the row.
      this.drawn.get(this.active)?.focus({ preventScroll: true });
    }
    setHeight(this.above, window.first * ROW_HEIGHT);
    setHeight(this.below, (nRows - window.last) * ROW_HEIGHT);
    missingPages(window, PAGE_SIZE, index => this.rows.has(index)).forEach(page => void this.read(page));
  }

  private async read(page: number): Promise<void> {
    if (this.asked.has(page)) {
      return;
    }
    this.asked.add(page);
    const generation = this.generation;
    try {
      const rows = await this.callbacks.rows({ offset: page, limit: PAGE_SIZE });
      if (generation === this.generation) {
        rows.forEach((row, index) => this.rows.set(page + index, row));
        this.draw();
      }
    } catch (error) {
      if (generation === this.generation) {
        this.asked.delete(page);
        this.callbacks.failed(error);
      }
    }
  }

  private row(index: number): HTMLTableRowElement {
    const run = this.rows.get(index);
    const attributes = { 'aria-rowindex': index + 2, 'data-index': index, tabindex: index === this.active ? 0 : -1 };
    if (!run) {
      const n = this.head.children.length;
      return h('tr', { ...attributes, 'data-waits': 'true' }, h('td', { colspan: n, class: 'jt-muted' }, '…'));
    }
    const cells = this.frame.columns.map((column, i) => cell(column, run.cells[i] ?? null));
    if (this.hasSpark()) {
      cells.splice(1, 0, h('td', { class: 'jt-spark' }, run.spark && sparkLine(run.spark)));
    }
    return h('tr', attributes, nameCell(run), cells, tookCell(run), startedCell(run));
  }

  private hasSpark(): boolean {
    return this.frame.columns[0]?.kind === 'metrics';
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(Math.floor(this.node.clientHeight / ROW_HEIGHT) - 2, 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.frame.n_runs,
      End: this.frame.n_runs
    };
    const step = steps[event.key];
    if (step !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.activate(Math.min(Math.max(this.active + step, 0), this.frame.n_runs - 1));
    }
  }

  /** Move the focus to a row, scrolling the table, never the page. */
  private activate(index: number): void {
    this.drawn.get(this.active)?.setAttribute('tabindex', '-1');
    this.active = index;
    const top = index * ROW_HEIGHT;
    const head = this.head.offsetHeight;
    if (top < this.node.scrollTop) {
      this.node.scrollTop = top;
    } else if (top + ROW_HEIGHT + head > this.node.scrollTop + this.node.clientHeight) {
      this.node.scrollTop = top + ROW_HEIGHT + head - this.node.clientHeight;
    }
    this.draw();
    const row = this.drawn.get(index);
    row?.setAttribute('tabindex', '0');
    row?.focus({ preventScroll: true });
  }
}

function cell(column: Column, value: JsonNumber | string | null): HTMLElement {
  if (column.kind === 'metrics') {
    const number = asNumber(value as JsonNumber | null);
    const best = number !== null && number === column.best;
    const text = formatNumber(number, column.decimals);
    return h(
      'td',
      { class: best ? 'jt-num jt-best' : 'jt-num', title: number === null ? null : `${number}${best ? ', best' : ''}` },
      best ? h('b', {}, text) : text
    );
  }
  const text = value === null ? MISSING : String(value);
  return h('td', { class: column.is_numeric ? 'jt-num' : null, title: text.length > 12 ? text : null }, text);
}

function nameCell(run: RunRow): HTMLElement {
  return h(
    'th',
    { scope: 'row', title: `${run.run_name}, run ${run.run_id}` },
    stateMark(run.status),
    ' ',
    run.run_name,
    ' ',
    h('code', { class: 'jt-muted' }, run.run_id.slice(0, 8)),
    inside(run) && [' ', h('span', { class: 'jt-muted' }, inside(run))]
  );
}

/** What stands beside the name of a run that others are nested in. */
function inside(run: RunRow): string {
  return run.n_children ? plural(run.n_children, run.kind === 'sweep' ? 'trial' : 'run') : '';
}

function tookCell(run: RunRow): HTMLElement {
  const text = run.status === 'RUNNING' ? 'running' : formatDuration(run.duration_s);
  return h('td', { class: 'jt-num jt-muted' }, text);
}

function startedCell(run: RunRow): HTMLElement {
  const time = h('time', { datetime: run.started_at, title: exactMoment(run.started_at) }, formatAgo(run.started_at, new Date()));
  return h('td', { class: 'jt-muted' }, time);
}

function title(column: Column): string {
  return column.kind === 'attributes' ? 'experiment' : column.key;
}

function bestFirst(column: Column): 'ASC' | 'DESC' {
  return column.kind === 'metrics' && column.direction !== 'lower' ? 'DESC' : 'ASC';
}

function sortOf(frame: RunsFrame, key: string): 'ASC' | 'DESC' | null {
  const order = frame.query.order_by[0] ?? `${STARTED} DESC`;
  const [, name, direction] = /^(.*?)(?:\s+(ASC|DESC))?$/is.exec(order.trim()) ?? [];
  return name === key ? (direction?.toUpperCase() === 'DESC' ? 'DESC' : 'ASC') : null;
}

/** Widths in pixels, guessed from the characters of the first page: the table may not be in a page yet. */
function columnWidths(frame: RunsFrame, spark: boolean): number[] {
  const width = (longest: number, least: number, most: number): number =>
    Math.round(Math.min(Math.max(longest * 7.2 + 24, least), most));
  const longest = (texts: string[]): number => Math.max(0, ...texts.map(text => text.length));
  const inner = frame.columns.map((column, index) => {
    const texts = frame.rows.map(row => cell(column, row.cells[index] ?? null).textContent ?? '');
    // Two more for the arrow, which comes and goes.
    return width(Math.max(longest(texts), title(column).length + 2), 56, column.is_numeric ? 180 : 220);
  });
  if (spark) {
    inner.splice(1, 0, 88);
  }
  // State, name, id: the id is in a smaller type.
  const name = longest(frame.rows.map(row => row.run_name + inside(row) + (row.status === 'FINISHED' ? '' : row.status))) + 10;
  return [width(name, 160, 320), ...inner, 84, 106];
}

function emptyText(frame: RunsFrame): string {
  return frame.n_total
    ? `No run fits this filter; there are ${plural(frame.n_total, 'run')}. Clear the filter to see all.`
    : 'No runs yet. Put %%track in front of a cell that trains, and run it.';
}

function spacer(): HTMLTableRowElement {
  return h('tr', { 'aria-hidden': 'true', class: 'jt-spacer' });
}

function setHeight(row: HTMLElement, height: number): void {
  row.style.height = `${height}px`;
  row.hidden = height === 0;
}
