// All params of a run and its tags, and a box to find one among many.

import { type Child, h } from '../dom';
import { shorten } from '../format';
import type { Page, PageParam } from './frame';
import { label, paramRow } from './overview';

const FEW = 12;

export async function drawParams(page: Page): Promise<Child> {
  const { frame } = page;
  const all = frame.params.filter(param => param.value !== null).length === frame.n_params;
  const params = all ? frame.params : await page.ask<PageParam[]>('params');
  const rows = params.map(param => paramRow(param, 80));
  const tags = frame.tags.map(tag =>
    h('tr', {}, h('th', { scope: 'row' }, shorten(tag.key, 60)), h('td', { class: 'jt-wide' }, tag.value))
  );
  const note = frame.previous ? `${frame.n_changed} changed since ${shorten(frame.previous.run_name, 40)}` : null;
  return h(
    'div',
    { class: 'jt-columns' },
    rows.length > 0 && h('div', {}, label('params', note), findable(rows, 'find a param'), h('table', {}, h('tbody', {}, rows))),
    tags.length > 0 && h('div', {}, label('tags', more(frame.n_tags, tags.length)), h('table', {}, h('tbody', {}, tags)))
  );
}

/** A box that leaves only the rows in sight which hold what is typed; nothing where the rows are few. */
export function findable(rows: HTMLElement[], name: string): Child {
  if (rows.length <= FEW) {
    return null;
  }
  const box: HTMLInputElement = h('input', {
    class: 'jt-filter jt-find',
    type: 'search',
    placeholder: name,
    'aria-label': name,
    spellcheck: 'false',
    autocomplete: 'off',
    oninput: () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row, i) => (row.hidden = !words.every(word => texts[i]!.includes(word))));
    }
  });
  const texts = rows.map(row => (row.textContent ?? '').toLowerCase());
  return box;
}

function more(n: number, shown: number): string | null {
  return n > shown ? `${shown} of ${n}` : null;
}
