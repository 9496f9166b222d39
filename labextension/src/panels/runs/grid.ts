// The rows of the runs table: drawn as they come into view, read in pages, walked with the arrow keys. Where the same
// question is answered anew, each row stays until there is its new one, and the place in the table is kept.

import { h, replace, scrollArea } from '../dom';
import { chooseCell, groupText, insideText, cellText, nameCell, sparkCell, startedCell, tookCell, valueCell } from './cells';
import type { Choice } from './choice';
import { type Row, type RunRow, type RunsCallbacks, type RunsFrame, isRun, lineId } from './frame';
import { type HeadActions, headCell, headsOf, titleOf } from './heads';
import { columnWidth, widest } from './widths';
import { ROW_HEIGHT, type Window, missingPages, pagesAhead, visibleWindow } from './window';

/** A page costs the store one look through its tables, whether it is of 50 runs or of 100; two at once a third more. */
const PAGE_SIZE = 100;
const MOST_COMING = 2;
const MOST_ROWS_IN_VIEW = 12;
const CHOOSE_WIDTH = 34;
const SPARK_WIDTH = 100;
/** What the columns that stay in view leave to the others at the least; where they can't, they go along. */
const LEAST_BESIDE = 120;
/** State, id, the button for more, and the gaps between them. */
const NAME_SIGNS = 164;

export interface GridCallbacks extends HeadActions {
  rows: RunsCallbacks['rows'];
  choose(index: number, row: Row, isChosen: boolean, isRange: boolean): void;
  chooseAll(isChosen: boolean): void;
  fold(row: Row, isOpen: boolean): void;
  only(row: Row, column: string): void;
  open(row: RunRow): void;
  more(row: RunRow, anchor: HTMLElement): void;
  failed(error: unknown): void;
}

export class RunsGrid {
  readonly node: HTMLElement;
  private frame!: RunsFrame;
  private rows = new Map<number, Row>();
  /** The rows that are of this frame; the others are shown until these have come. */
  private fresh = new Set<number>();
  private drawn = new Map<number, HTMLTableRowElement>();
  private asked = new Set<number>();
  /** Those of the pages asked for that are on their way. */
  private coming = new Set<number>();
  private scrollTop = 0;
  private heading: 'up' | 'down' | null = null;
  private active = 0;
  private widths = new Map<string, number>();
  private lefts: number[] = [];
  private pinnedWidth = 0;
  /** How many signs of each column's texts its width was made for. */
  private fits: number[] = [];
  /** Distinguishes answers for this frame from late ones for a frame before it. */
  private generation = 0;
  private scheduled = 0;
  private tallest = 0;
  private readonly columns = h('colgroup');
  private readonly head = h('tr', { 'aria-rowindex': 1 });
  private readonly all = h('input', { type: 'checkbox', 'aria-label': 'choose all runs', onchange: () => this.callbacks.chooseAll(this.all.checked) });
  private readonly above = spacer();
  private readonly below = spacer();
  private readonly body: HTMLElement;
  private readonly table: HTMLElement;
  private readonly resized = new ResizeObserver(() => this.schedule());

  constructor(
    private readonly callbacks: GridCallbacks,
    private readonly choice: Choice
  ) {
    this.body = h(
      'tbody',
      {
        onkeydown: (event: KeyboardEvent) => this.onKey(event),
        onclick: (event: MouseEvent) => this.onClick(event),
        onfocusin: (event: FocusEvent) => this.setActive(Number((event.target as Element).closest<HTMLElement>('tr')?.dataset.index ?? this.active))
      },
      this.above,
      this.below
    );
    this.table = h('table', {}, this.columns, h('thead', {}, this.head), this.body);
    this.node = scrollArea('table of runs', 'jt-grid', this.table);
    this.node.addEventListener('scroll', () => this.schedule());
    this.node.addEventListener('pointerenter', () => this.expectScrolling());
    this.node.addEventListener('focusin', () => this.expectScrolling());
    this.resized.observe(this.node);
  }

  update(frame: RunsFrame): void {
    const isSame = this.frame !== undefined && JSON.stringify(this.frame.query) === JSON.stringify(frame.query);
    if (this.frame?.query.filter_string !== frame.query.filter_string) {
      this.choice.forgetWholes();
    }
    this.generation++;
    this.frame = frame;
    this.rows = isSame ? this.rows : new Map();
    frame.rows.forEach((row, index) => this.rows.set(index, row));
    this.fresh = new Set(frame.rows.keys());
    this.asked.clear();
    this.coming.clear();
    if (isSame) {
      this.active = Math.max(0, Math.min(this.active, frame.n_lines - 1));
    } else {
      this.active = 0;
      this.choice.anchor = null;
      this.widths.clear();
      this.node.scrollTop = this.scrollTop = 0;
      this.heading = null;
    }
    this.drawn.forEach(row => (row.dataset.waits = 'true'));
    this.table.setAttribute('aria-rowcount', String(frame.n_lines + 1));
    this.node.hidden = frame.n_lines === 0;
    this.drawHead();
    this.draw();
  }

  /** Give up some of the height for what else the panel has to show, so that the panel as a whole doesn't grow. */
  yield(height: number): void {
    if (height <= 0) {
      this.node.style.maxHeight = `${(MOST_ROWS_IN_VIEW + 1) * ROW_HEIGHT + 6}px`;
      return;
    }
    // Rows that went, into groups say, left their room.
    this.tallest = Math.max(this.tallest, this.node.getBoundingClientRect().height);
    this.node.style.maxHeight = `${Math.max(this.tallest - height, 4 * ROW_HEIGHT)}px`;
  }

  /** Show anew which rows are chosen. */
  drawChoice(): void {
    this.drawn.forEach((element, index) => {
      const box = element.querySelector<HTMLInputElement>('.jt-choose input');
      const row = this.rows.get(index);
      if (box && row) {
        box.checked = this.isChosen(row);
        element.classList.toggle('jt-chosen', box.checked);
      }
    });
    this.all.checked = this.isAllChosen();
    this.all.indeterminate = this.choice.size > 0 && !this.all.checked;
  }

  /** The runs from one to a row, both included, as far as they are here; `isWhole` where none is missing. */
  between(anchor: string, last: number): { run_ids: string[]; isWhole: boolean } {
    const first = [...this.fresh].find(index => lineId(this.rows.get(index)!) === anchor);
    const [from, to] = [Math.min(first ?? last, last), Math.max(first ?? last, last)];
    const places = Array.from({ length: to - from + 1 }, (_, step) => from + step);
    const rows = places.map(index => this.rows.get(index)).filter(row => row !== undefined);
    return { run_ids: rows.filter(isRun).map(row => row.run_id), isWhole: first !== undefined && places.every(index => this.fresh.has(index)) };
  }

  dispose(): void {
    this.generation++;
    this.resized.disconnect();
    cancelAnimationFrame(this.scheduled);
  }

  private isChosen(row: Row): boolean {
    return isRun(row) ? this.choice.has(row.run_id) : this.choice.hasWhole(row.group, row.n_folded) || this.choice.hasWhole(null, this.frame.n_runs);
  }

  /** Whether all runs of this very table are chosen: as one, or one by one where every line is here. */
  private isAllChosen(): boolean {
    const { n_runs, n_lines } = this.frame;
    if (n_runs === 0 || this.choice.size < n_runs) {
      return false;
    }
    const isWhole = (row: Row): boolean => this.isChosen(row) && (!isRun(row) || row.n_folded === 0 || row.is_open);
    return this.choice.hasWhole(null, n_runs) || (this.fresh.size === n_lines && [...this.fresh].every(index => isWhole(this.rows.get(index)!)));
  }

  private schedule(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = requestAnimationFrame(() => this.draw());
  }

  private drawHead(): void {
    const focused = this.head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.key : null;
    const cells = headsOf(this.frame).map(head => headCell(this.frame, head, this.callbacks));
    this.withSpark(cells, h('th', { class: 'jt-spark', 'aria-hidden': 'true' }));
    replace(this.head, h('th', { class: 'jt-choose', scope: 'col' }, this.all), cells);
    const widths = this.columnWidths();
    replace(this.columns, widths.map(width => h('col', { style: `width:${width}px` })));
    this.table.style.minWidth = `${widths.reduce((sum, width) => sum + width, 0)}px`;
    this.lefts = this.pinnedLefts(widths);
    this.pinnedWidth = widths.slice(0, this.lefts.length).reduce((sum, width) => sum + width, 0);
    this.pin(this.head);
    this.drawChoice();
    if (focused) {
      this.head.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
  }

  /** Put what belongs to the curves behind the column that they are of; `cells` begin with the name. */
  private withSpark<T>(cells: T[], spark: T): void {
    const at = this.frame.columns.findIndex(column => column.id === this.frame.spark);
    if (at >= 0) {
      cells.splice(at + 2, 0, spark);
    }
  }

  /** Keep the first columns in view: the boxes, the names, and those that are pinned, with their curves. */
  private pin(row: HTMLElement): void {
    this.lefts.forEach((left, index) => {
      const cell = row.children[index] as HTMLElement;
      cell.style.setProperty('--jt-left', `${left}px`);
      cell.classList.add('jt-pinned');
    });
  }

  /** Where each of the columns that stay in view begins. */
  private pinnedLefts(widths: number[]): number[] {
    const spark = this.frame.columns.findIndex(column => column.id === this.frame.spark);
    const n = this.frame.n_pinned + 2 + (spark >= 0 && spark < this.frame.n_pinned ? 1 : 0);
    return widths.slice(0, n).map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width, 0));
  }

  private columnWidths(): number[] {
    const { frame, node } = this;
    const rows = frame.rows;
    const keep = (id: string, width: number): number => {
      const kept = Math.max(width, this.widths.get(id) ?? 0);
      this.widths.set(id, kept);
      return kept;
    };
    const names = rows.map(row => (isRun(row) ? `${row.run_name} ${insideText(row)}${row.status === 'FINISHED' ? '' : ` ${row.status}`}` : `${row.label} ${groupText(row)}`));
    const deepest = Math.max(0, ...rows.map(row => row.depth)) * 16 + (frame.query.group_by ? 18 : 0);
    const name = keep('name', Math.round(Math.min(Math.max(widest(names, node) + NAME_SIGNS + deepest, 190), 360)));
    const texts = frame.columns.map((column, index) => rows.map(row => cellText(column, row.cells[index] ?? null)));
    this.fits = texts.map(column => Math.min(20, Math.max(4, ...column.map(text => text.length))));
    const inner = frame.columns.map((column, index) => keep(column.id, columnWidth(titleOf(column), texts[index]!, node, column.is_numeric ? 200 : 260)));
    const widths = [name, ...inner, 90, 112];
    this.withSpark(widths, SPARK_WIDTH);
    return [CHOOSE_WIDTH, ...widths];
  }

  private draw(): void {
    const { n_lines } = this.frame;
    // Not what it measures alone: before the first drawing it has no height yet.
    const height = Math.max(this.node.clientHeight, MOST_ROWS_IN_VIEW * ROW_HEIGHT);
    const { scrollTop, scrollLeft, clientWidth } = this.node;
    const window = visibleWindow(scrollTop, height, n_lines);
    // Each cell that keeps its place is a layer of its own for the browser: only where there is something to keep it from.
    this.node.classList.toggle('jt-slid', scrollLeft > 0 && clientWidth - this.pinnedWidth >= LEAST_BESIDE);
    const gone = [...this.drawn].filter(([index]) => index < window.first || index >= window.last);
    let hadFocus = gone.some(([, row]) => row.contains(document.activeElement));
    let next = this.above.nextElementSibling;
    for (let index = window.first; index < window.last; index++) {
      let row = this.drawn.get(index);
      // A placeholder, or a row of before, goes once the one that it stands for is there.
      if (!row || (row.dataset.waits && this.fresh.has(index))) {
        hadFocus ||= row?.contains(document.activeElement) ?? false;
        const old = row;
        row = this.row(index);
        this.drawn.set(index, row);
        if (old) {
          old.replaceWith(row);
        } else {
          this.body.insertBefore(row, next);
        }
      }
      next = row.nextElementSibling;
    }
    setHeight(this.above, window.first * ROW_HEIGHT);
    setHeight(this.below, (n_lines - window.last) * ROW_HEIGHT);
    // Last, since a table that is too short for a moment would be scrolled back by the browser.
    for (const [index, row] of gone) {
      row.remove();
      this.drawn.delete(index);
    }
    if (hadFocus) {
      this.drawn.get(this.active)?.focus({ preventScroll: true });
    }
    if (scrollTop !== this.scrollTop) {
      this.heading = scrollTop < this.scrollTop ? 'up' : 'down';
      this.scrollTop = scrollTop;
    }
    this.ask(window);
  }

  /** Who comes to the table with the pointer or the Tab key may scroll, downwards at first. */
  private expectScrolling(): void {
    this.heading ??= 'down';
    this.schedule();
  }

  /** Ask for the rows in view, and when these are there, for those that come next where someone scrolls. Few at a time:
   * who drags the bar across the whole table passes what nobody wants any more by the time it would come. */
  private ask(window: Window): void {
    const seen = missingPages(window, PAGE_SIZE, index => this.fresh.has(index)).filter(page => !this.asked.has(page));
    seen.slice(0, MOST_COMING - this.coming.size).forEach(page => void this.read([page]));
    if (this.heading && this.coming.size === 0) {
      const ahead = pagesAhead(window, this.heading, PAGE_SIZE, this.frame.n_lines, page => this.asked.has(page));
      if (ahead.length) {
        void this.read(ahead);
      }
    }
  }

  /** Read neighbouring pages as one. */
  private async read(pages: number[]): Promise<void> {
    const [offset] = pages as [number];
    for (const page of pages) {
      this.asked.add(page);
      this.coming.add(page);
    }
    const generation = this.generation;
    try {
      const rows = await this.callbacks.rows({ offset, limit: pages.length * PAGE_SIZE });
      if (generation === this.generation) {
        pages.forEach(page => this.coming.delete(page));
        rows.forEach((row, index) => {
          this.rows.set(offset + index, row);
          this.fresh.add(offset + index);
        });
        this.draw();
      }
    } catch (error) {
      if (generation === this.generation) {
        for (const page of pages) {
          this.asked.delete(page);
          this.coming.delete(page);
        }
        this.callbacks.failed(error);
      }
    }
  }

  private row(index: number): HTMLTableRowElement {
    const row = this.rows.get(index);
    const attributes = { 'aria-rowindex': index + 2, 'data-index': index, tabindex: index === this.active ? 0 : -1 };
    if (!row) {
      const n = this.head.children.length;
      return h('tr', { ...attributes, 'data-waits': 'true' }, h('td', { colspan: n, class: 'jt-muted' }, '…'));
    }
    const isChosen = this.isChosen(row);
    const cells = [
      nameCell(row, this.frame.query.group_by !== null),
      ...this.frame.columns.map((column, i) => valueCell(column, row, row.cells[i] ?? null, this.fits[i]!)),
      tookCell(row),
      startedCell(row)
    ];
    this.withSpark(cells, sparkCell(row));
    const waits = this.fresh.has(index) ? null : 'true';
    const classes = [isChosen && 'jt-chosen', !isRun(row) && 'jt-group-row'].filter(Boolean).join(' ') || null;
    const element = h('tr', { ...attributes, class: classes, 'data-waits': waits }, chooseCell(row, isChosen), cells);
    this.pin(element);
    return element;
  }

  private onClick(event: MouseEvent): void {
    const target = (event.target as Element).closest<HTMLElement>('[data-do]');
    const element = (event.target as Element).closest<HTMLElement>('tr[data-index]');
    const index = Number(element?.dataset.index);
    const row = this.rows.get(index);
    if (!element || !row) {
      return;
    }
    this.setActive(index);
    this.act(target?.dataset.do ?? '', row, index, target ?? element, event.shiftKey);
  }

  private act(what: string, row: Row, index: number, target: HTMLElement, isRange: boolean): void {
    if (what === 'choose') {
      this.callbacks.choose(index, row, (target as HTMLInputElement).checked, isRange);
    } else if (what === 'fold') {
      this.callbacks.fold(row, !row.is_open);
    } else if (what === 'only') {
      this.callbacks.only(row, target.dataset.column ?? '');
    } else if (isRun(row)) {
      if (what === 'open') {
        this.callbacks.open(row);
      } else if (what === 'more') {
        this.callbacks.more(row, target);
      }
    }
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.rows.get(this.active);
    const isOnRow = (event.target as Element).matches('tr');
    const step = this.stepOf(event.key);
    const isMenu = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
    const isPress = event.key === 'Enter' || event.key === ' ';
    if (event.ctrlKey || event.metaKey || event.altKey || (isPress && (event.target as Element).matches('input'))) {
      return;
    }
    if (isPress && !isOnRow) {
      (event.target as HTMLElement).click();
    } else if (step !== undefined) {
      this.activate(Math.min(Math.max(this.active + step, 0), this.frame.n_lines - 1));
    } else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      this.moveInRow(event.key === 'ArrowRight' ? 1 : -1, event.target as HTMLElement, row);
    } else if (row && event.key === ' ') {
      this.callbacks.choose(this.active, row, !this.isChosen(row), event.shiftKey);
    } else if (row && event.key === 'Enter') {
      this.act(isRun(row) ? 'open' : 'fold', row, this.active, event.target as HTMLElement, false);
    } else if (row && isRun(row) && isMenu) {
      this.callbacks.more(row, this.drawn.get(this.active)!);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private stepOf(key: string): number | undefined {
    const page = Math.max(Math.floor(this.node.clientHeight / ROW_HEIGHT) - 2, 1);
    const { n_lines } = this.frame;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -n_lines, End: n_lines };
    return steps[key];
  }

  /** Open or fold what can be, and else walk the buttons of the row. */
  private moveInRow(step: number, from: HTMLElement, row: Row | undefined): void {
    const element = this.drawn.get(this.active);
    const stops = [...(element?.querySelectorAll<HTMLElement>('[data-do]') ?? [])];
    const at = stops.indexOf(from);
    if (row && at < 0 && row.n_folded > 0 && row.is_open === step < 0) {
      this.callbacks.fold(row, step > 0);
    } else if (at < 0 ? step > 0 : true) {
      (stops[at + step] ?? (step < 0 ? element : stops[at]))?.focus({ preventScroll: false });
    }
  }

  /** Move the focus to a row, scrolling the table, never the page. */
  private activate(index: number): void {
    this.setActive(index);
    const top = index * ROW_HEIGHT;
    const head = this.head.offsetHeight;
    if (top < this.node.scrollTop) {
      this.node.scrollTop = top;
    } else if (top + ROW_HEIGHT + head > this.node.scrollTop + this.node.clientHeight) {
      this.node.scrollTop = top + ROW_HEIGHT + head - this.node.clientHeight;
    }
    this.draw();
    this.drawn.get(index)?.focus({ preventScroll: true });
  }

  private setActive(index: number): void {
    this.drawn.get(this.active)?.setAttribute('tabindex', '-1');
    this.active = index;
    this.drawn.get(index)?.setAttribute('tabindex', '0');
  }
}

function spacer(): HTMLTableRowElement {
  return h('tr', { 'aria-hidden': 'true', class: 'jt-spacer' });
}

function setHeight(row: HTMLElement, height: number): void {
  row.style.height = `${height}px`;
  row.hidden = height === 0;
}
