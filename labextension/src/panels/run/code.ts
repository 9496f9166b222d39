// The cells that made a run, as they were executed, and what changed in the tracked one since the run before.

import { type Child, h, replace } from '../dom';
import { asFault } from '../frames';
import { plural, shorten, withThousands } from '../format';
import { differenceBlock } from '../difference';
import { faultMark } from '../marks';
import { pythonSpans } from './python';
import type { Page, PageCell, SourceDifference } from './frame';

export async function drawCode(page: Page): Promise<Child> {
  const { frame } = page;
  const isWhole = frame.cells.length === frame.n_cells && frame.cells.every(cell => !cell.n_hidden);
  const cells = isWhole ? frame.cells : await page.ask<PageCell[]>('cells');
  return [changes(page), cells.map(cell => cellBlock(cell))];
}

function changes(page: Page): Child {
  const { previous, cells } = page.frame;
  if (!previous || cells[0]?.role !== 'tracked') {
    return null;
  }
  const body = h('div');
  const ask = async (): Promise<void> => {
    try {
      replace(body, differenceBlock(await page.ask<SourceDifference>('difference'), 'split'));
    } catch (error) {
      replace(body, faultMark(asFault(error)));
    }
  };
  let asked = false;
  const details = h(
    'details',
    {
      class: 'jt-part',
      ontoggle: () => {
        if (details.open && !asked) {
          asked = true;
          void ask();
        }
      }
    },
    h('summary', {}, `changes since ${shorten(previous.run_name, 40)}`),
    body
  );
  return details;
}

function cellBlock(cell: PageCell): HTMLElement {
  const count = cell.execution_count === null ? '' : ` [${cell.execution_count}]`;
  const name = cell.role === 'tracked' ? `cell${count}` : `came from cell${count}`;
  const copy = h('button', { type: 'button', class: 'jt-link', onclick: () => void copyText(cell.source, copy) }, 'copy');
  return h(
    'div',
    { class: 'jt-part' },
    h(
      'div',
      { class: 'jt-cell-head' },
      h('b', {}, name),
      cell.notebook_path && h('span', { class: 'jt-muted', title: cell.notebook_path }, cell.notebook_path.split('/').pop()),
      cell.cell_id && h('span', { class: 'jt-muted', title: cell.cell_id }, 'id ', h('code', {}, shorten(cell.cell_id, 16))),
      h('span', { class: 'jt-muted' }, plural(cell.source.trimEnd().split('\n').length, 'line')),
      h('span', { class: 'jt-end' }, copy)
    ),
    h('pre', { class: 'jt-source', tabindex: 0, 'aria-label': `source of ${name}` }, pythonSpans(cell.source)),
    cell.n_hidden > 0 && h('div', { class: 'jt-muted' }, `… ${withThousands(String(cell.n_hidden))} more characters`)
  );
}

async function copyText(text: string, button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    replace(button, 'copied');
  } catch {
    // A page that was not asked for by https may not write there.
    replace(button, 'copying is not allowed here');
  }
}
