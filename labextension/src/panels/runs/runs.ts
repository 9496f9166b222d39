// The runs table: a head with the filter, a table of which only the rows in view exist, a foot with what is the same
// in every run. Sorting, filtering and choosing columns are questions to whoever holds the runs.

import { h, replace } from '../dom';
import { type Fault, type RunsCallbacks, type RunsFrame, type Rendered, asFault } from '../frames';
import { plural, shorten, withThousands } from '../format';
import { faultMark } from '../marks';
import { RunsGrid } from './grid';

const MOST_CONSTANTS = 8;
const PATIENCE_MS = 400;
const BUSY_MS = 3000;

export function renderRuns(element: HTMLElement, frame: RunsFrame, callbacks: RunsCallbacks): Rendered<RunsFrame> {
  const panel = new RunsPanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

type Asked = Parameters<RunsCallbacks['search']>[0];

class RunsPanel implements Rendered<RunsFrame> {
  readonly node: HTMLElement;
  private frame!: RunsFrame;
  private readonly title = h('b', { class: 'jt-name' });
  private readonly count = h('span', { role: 'status' });
  private readonly filter = h('input', {
    class: 'jt-filter',
    type: 'text',
    'aria-label': 'filter runs',
    spellcheck: 'false',
    autocomplete: 'off',
    onkeydown: (event: KeyboardEvent) => this.onFilterKey(event)
  });
  private readonly menuButton = h(
    'button',
    { class: 'jt-link', type: 'button', 'aria-expanded': 'false', onclick: () => this.toggleMenu() },
    'columns'
  );
  private readonly menu = h('div', { class: 'jt-choices', role: 'group', 'aria-label': 'columns shown', hidden: true });
  private readonly fault = h('div');
  private readonly foot = h('div', { class: 'jt-foot' });
  private readonly grid: RunsGrid;
  /** Counts the questions, so that the answer to an older one can't replace a newer one's. */
  private turn = 0;

  constructor(private readonly callbacks: RunsCallbacks) {
    this.grid = new RunsGrid({
      rows: asked => this.callbacks.rows(asked),
      sort: key => void this.search({ order_by: [key] }),
      failed: error => this.showFault(asFault(error), '')
    });
    this.node = h(
      'div',
      { class: 'jtrack jt-runs jt-interactive', role: 'group', 'aria-label': 'runs' },
      h('div', { class: 'jt-head' }, this.title, this.count, h('div', { class: 'jt-search', role: 'search' }, this.filter), h('span', { class: 'jt-end' }, this.menuButton)),
      this.fault,
      this.menu,
      this.grid.node,
      this.foot
    );
    // JupyterLab's shortcuts would otherwise take the arrow keys from the table.
    this.node.dataset.lmSuppressShortcuts = 'true';
  }

  update(frame: RunsFrame): void {
    this.frame = frame;
    replace(this.title, shorten(frame.title, 60));
    this.showCount();
    this.filter.value = frame.query.filter_string;
    this.filter.placeholder = exampleFilter(frame);
    this.filter.removeAttribute('aria-invalid');
    replace(this.fault);
    this.grid.update(frame);
    this.drawMenu();
    this.drawFoot();
  }

  dispose(): void {
    this.turn++;
    this.grid.dispose();
    this.node.remove();
  }

  private onFilterKey(event: KeyboardEvent): void {
    // Not a form: JupyterLab keeps Enter in a form of an output from submitting it.
    if (event.key === 'Enter') {
      event.preventDefault();
      void this.search({ filter_string: this.filter.value.trim() });
    } else if (event.key === 'Escape') {
      this.filter.value = this.frame.query.filter_string;
      this.filter.removeAttribute('aria-invalid');
      replace(this.fault);
      this.grid.yield(0);
    }
  }

  private async search(change: Partial<Asked>): Promise<void> {
    const { filter_string, order_by, columns } = this.frame.query;
    const asked = { filter_string, order_by, columns, ...change };
    const turn = ++this.turn;
    const calm = this.showWaiting();
    try {
      const frame = await this.callbacks.search(asked);
      if (turn === this.turn) {
        this.update(frame);
      }
    } catch (error) {
      if (turn === this.turn) {
        this.showFault(asFault(error), asked.filter_string);
      }
    } finally {
      calm();
    }
  }

  /** Tells that an answer is awaited, but only when it takes so long that one would wonder. */
  private showWaiting(): () => void {
    const dim = setTimeout(() => this.grid.node.classList.add('jt-waiting'), PATIENCE_MS);
    const tell = setTimeout(() => replace(this.count, 'waiting for the kernel'), BUSY_MS);
    this.grid.node.setAttribute('aria-busy', 'true');
    return () => {
      clearTimeout(dim);
      clearTimeout(tell);
      this.grid.node.classList.remove('jt-waiting');
      this.grid.node.removeAttribute('aria-busy');
      this.showCount();
    };
  }

  private showFault(fault: Fault, text: string): void {
    this.inPlace(() => replace(this.fault, faultMark(fault)));
    this.filter.setAttribute('aria-invalid', String(fault.position !== null));
    if (fault.position !== null) {
      // The fault's place is shown by selecting the word there; positions count characters, not UTF-16 units.
      const start = [...text].slice(0, fault.position).join('').length;
      const end = start + (/^\S+/.exec(text.slice(start))?.[0].length ?? 0);
      this.filter.value = text;
      this.filter.focus({ preventScroll: true });
      this.filter.setSelectionRange(start, end);
    }
  }

  private showCount(): void {
    const { n_runs, n_total } = this.frame;
    const text = n_runs === n_total ? plural(n_total, 'run') : `${withThousands(String(n_runs))} of ${plural(n_total, 'run')}`;
    replace(this.count, text);
  }

  /** Show something more in the head and take its room from the rows. */
  private inPlace(change: () => void): void {
    this.grid.yield(0);
    const before = this.node.getBoundingClientRect().height;
    change();
    this.grid.yield(this.node.getBoundingClientRect().height - before);
  }

  private toggleMenu(): void {
    this.inPlace(() => (this.menu.hidden = !this.menu.hidden));
    this.menuButton.setAttribute('aria-expanded', String(!this.menu.hidden));
  }

  private drawMenu(): void {
    const shown = new Set(this.frame.columns.map(column => column.id));
    const boxes = this.frame.available.map(column => {
      const choose = (event: Event): void => this.choose(column.id, (event.target as HTMLInputElement).checked);
      const box = h('input', { type: 'checkbox', onchange: choose });
      box.checked = shown.has(column.id);
      const kind = column.kind === 'metrics' ? 'metric' : column.kind === 'params' ? 'param' : '';
      return h('label', {}, box, ' ', shorten(column.key, 40), h('span', { class: 'jt-muted' }, ` ${kind}`));
    });
    const reset = h('button', { class: 'jt-link', type: 'button', onclick: () => void this.search({ columns: null }) }, 'choose for me');
    const focused = [...this.menu.querySelectorAll('input')].findIndex(box => box === document.activeElement);
    replace(this.menu, boxes, this.frame.query.columns === null ? null : reset);
    this.menu.querySelectorAll('input')[focused]?.focus({ preventScroll: true });
    this.menuButton.hidden = boxes.length === 0;
  }

  private choose(id: string, wanted: boolean): void {
    const ids = this.frame.columns.map(column => column.id).filter(other => other !== id);
    void this.search({ columns: wanted ? [...ids, id] : ids });
  }

  private drawFoot(): void {
    const texts = this.frame.constants.map(constant => `${shorten(constant.key, 32)} ${constant.text}`);
    const rest = texts.length - MOST_CONSTANTS;
    const line = [...texts.slice(0, MOST_CONSTANTS), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
    replace(this.foot, h('span', { title: rest > 0 ? texts.join('\n') : null }, `same in all: ${line}`));
    this.foot.hidden = texts.length === 0;
  }
}

function exampleFilter(frame: RunsFrame): string {
  const metric = frame.available.find(column => column.kind === 'metrics' && column.best !== null);
  const best = metric?.best ?? 0.9;
  const sign = metric?.direction === 'lower' ? '<' : '>';
  return `${metric?.id ?? 'metrics.accuracy'} ${sign} ${Number(best.toPrecision(2))}`;
}

