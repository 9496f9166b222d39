// The upper part of the side panel: whose runs, which of them, in what order.

import { h, replace } from '../../panels/dom';
import { shorten, withThousands } from '../../panels/format';
import { faultMark } from '../../panels/marks';
import type { Scope } from '../../server/api';
import { MOST_RUNS, type SideModel, metricField } from './model';

const SCOPES: [scope: Scope, text: string, name: string][] = [
  ['notebook', 'Notebook', 'runs of this notebook'],
  ['folder', 'Folder', 'runs of this folder'],
  ['all', 'All', 'all runs']
];

export class SideHead {
  readonly node: HTMLElement;
  private readonly scopes: HTMLButtonElement[];
  private readonly filter = h('input', {
    class: 'jt-filter',
    type: 'text',
    'aria-label': 'filter runs',
    spellcheck: 'false',
    autocomplete: 'off',
    onkeydown: (event: KeyboardEvent) => this.onFilterKey(event),
    // A filter that was emptied with the mouse counts without Enter.
    onsearch: () => this.search()
  });
  private readonly fault = h('div', { class: 'jt-side-fault' });
  private readonly cell = h('div', { class: 'jt-side-cell' });
  private readonly count = h('span', { role: 'status' });
  private readonly sorts = h('select', { 'aria-label': 'sort by', onchange: () => this.sort() });
  private readonly order = h('button', { type: 'button', class: 'jt-link', onclick: () => this.turnOrder() });

  constructor(
    private readonly model: SideModel,
    private readonly intoList: () => void
  ) {
    this.scopes = SCOPES.map(([scope, text, name]) => {
      const choose = (): void => this.choose(scope);
      return h('button', { type: 'button', role: 'radio', 'aria-label': name, 'data-scope': scope, onclick: choose }, text);
    });
    const onkeydown = (event: KeyboardEvent): void => this.onScopeKey(event);
    this.node = h(
      'div',
      { class: 'jt-side-head' },
      h('div', { class: 'jt-side-scopes', role: 'radiogroup', 'aria-label': 'whose runs', onkeydown }, this.scopes),
      this.cell,
      h('div', { role: 'search' }, this.filter),
      this.fault,
      h('div', { class: 'jt-side-line' }, this.count, h('span', { class: 'jt-end' }, this.sorts, this.order))
    );
  }

  update(): void {
    const { model } = this;
    this.drawScopes();
    this.drawCell();
    this.filter.placeholder = `such as ${exampleFilter(model)}`;
    if (document.activeElement !== this.filter && !model.filterFault) {
      this.filter.value = model.filter;
    }
    this.showFault();
    replace(this.count, model.isLoading || model.fault ? '' : countText(model));
    this.drawSorts();
  }

  focus(): void {
    this.filter.focus();
  }

  private drawScopes(): void {
    const { shownScope, notebookPath, folder } = this.model;
    const titles = { notebook: notebookPath ?? 'no notebook is open', folder: folder || 'the top folder', all: 'all runs of the store' };
    for (const button of this.scopes) {
      const scope = button.dataset.scope as Scope;
      const isShown = scope === shownScope;
      button.setAttribute('aria-checked', String(isShown));
      button.tabIndex = isShown ? 0 : -1;
      button.title = titles[scope];
      button.disabled = scope === 'notebook' && notebookPath === null;
    }
  }

  private drawCell(): void {
    const { cell } = this.model;
    this.cell.hidden = cell === null;
    if (cell) {
      const leave = (): void => this.model.change({ cell: null });
      const button = h('button', { type: 'button', class: 'jt-link', onclick: leave, 'aria-label': 'show the runs of all cells' }, 'all cells');
      replace(this.cell, h('span', { class: 'jt-cut', title: cell.label }, 'runs of ', h('code', {}, shorten(cell.label, 60))), button);
    }
  }

  private drawSorts(): void {
    const { key, isDescending } = this.model.sort;
    const options = [h('option', { value: '' }, 'started'), ...this.model.metricKeys.map(key => h('option', { value: key }, shorten(key, 40)))];
    if (this.sorts.textContent !== options.map(option => option.textContent).join('')) {
      replace(this.sorts, options);
    }
    this.sorts.value = key ?? '';
    const words = key === null ? ['newest', 'oldest'] : ['highest', 'lowest'];
    const word = words[isDescending ? 0 : 1]!;
    replace(this.order, word, ' ', h('span', { 'aria-hidden': 'true' }, isDescending ? '↓' : '↑'));
    this.order.title = `${word} first: turn round`;
    this.order.setAttribute('aria-label', this.order.title);
  }

  private showFault(): void {
    const { filterFault } = this.model;
    if (!filterFault) {
      this.filter.removeAttribute('aria-invalid');
      replace(this.fault);
    } else if (this.fault.textContent === '') {
      this.filter.setAttribute('aria-invalid', 'true');
      replace(this.fault, faultMark(filterFault));
      this.selectFault(filterFault.text, filterFault.position);
    }
  }

  /** The fault's place is shown by selecting the word there; positions count characters, not UTF-16 units. */
  private selectFault(text: string, position: number | null): void {
    if (position !== null && this.filter.value.trim() === text) {
      const start = this.filter.value.indexOf(text) + [...text].slice(0, position).join('').length;
      const word = /^\S+/.exec(this.filter.value.slice(start))?.[0] ?? '';
      this.filter.setSelectionRange(start, start + word.length);
    }
  }

  private onFilterKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      this.search();
    } else if (event.key === 'Escape') {
      this.filter.value = '';
      this.search();
    } else if (event.key === 'ArrowDown') {
      this.intoList();
    } else {
      return;
    }
    event.preventDefault();
  }

  private search(): void {
    replace(this.fault);
    this.model.change({ filter: this.filter.value.trim() });
  }

  private choose(scope: Scope): void {
    this.model.change({ scope, cell: null });
  }

  private onScopeKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const able = this.scopes.filter(button => !button.disabled);
      const at = able.findIndex(button => button.dataset.scope === this.model.shownScope);
      const next = able[(at + step + able.length) % able.length]!;
      this.choose(next.dataset.scope as Scope);
      next.focus();
    }
  }

  /** The best first, as a click on a column's head in the runs table does. */
  private sort(): void {
    const key = this.sorts.value || null;
    const isDescending = key === null || this.model.directions.get(key) !== 'lower';
    this.model.change({ sort: { key, isDescending } });
  }

  private turnOrder(): void {
    const { key, isDescending } = this.model.sort;
    this.model.change({ sort: { key, isDescending: !isDescending } });
  }
}

function countText({ n_runs, runs }: SideModel): string {
  const all = `${withThousands(String(n_runs))} run${n_runs === 1 ? '' : 's'}`;
  return n_runs > MOST_RUNS && runs.length === MOST_RUNS ? `first ${MOST_RUNS} of ${all}` : all;
}

function exampleFilter({ metricKeys }: SideModel): string {
  return `${metricField(metricKeys[0] ?? 'accuracy')} > 0.9`;
}
