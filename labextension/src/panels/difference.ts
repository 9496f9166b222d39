// What changed between two sources, one below the other or side by side, with the changed words marked.

import { type Child, h } from './dom';
import type { DiffRow, Line, SourcePair } from './frames';
import { plural } from './format';

export type DiffView = 'unified' | 'split';

export function differenceBlock(difference: SourcePair['difference'], view: DiffView): HTMLElement {
  const { rows, n_removed, n_added, n_hidden } = difference;
  if (!n_removed && !n_added) {
    return h('div', { class: 'jt-muted' }, 'same source');
  }
  const hidden = n_hidden ? h('div', { class: 'jt-muted' }, `${plural(n_hidden, 'more line')}`) : null;
  return h('div', {}, view === 'split' ? splitTable(rows) : unifiedBlock(rows), hidden);
}

function unifiedBlock(rows: DiffRow[]): HTMLElement {
  const lines: Child[] = [];
  let pending: Line[] = [];
  const flush = (): void => {
    lines.push(pending.map(line => h('ins', {}, '+ ', spans(line), '\n')));
    pending = [];
  };
  for (const row of rows) {
    if (row.kind === 'same' || row.kind === 'skipped') {
      flush();
      lines.push(h('span', {}, row.right ? ['  ', spans(row.right), '\n'] : `… ${row.n_skipped} equal`));
      continue;
    }
    if (row.left) {
      lines.push(h('del', {}, '- ', spans(row.left), '\n'));
    }
    if (row.right) {
      pending.push(row.right);
    }
  }
  flush();
  return h('pre', { class: 'jt-diff', tabindex: 0, 'aria-label': 'source difference' }, lines);
}

function splitTable(rows: DiffRow[]): HTMLElement {
  const body = rows.map(row => {
    if (row.kind === 'skipped') {
      return h('tr', {}, h('td', { colspan: 4, class: 'jt-muted' }, `… ${row.n_skipped} equal`));
    }
    const same = row.kind === 'same';
    return h('tr', {}, side(row.left, same ? 'span' : 'del'), side(row.right, same ? 'span' : 'ins'));
  });
  return h(
    'div',
    { class: 'jt-diff jt-split', tabindex: 0, role: 'group', 'aria-label': 'source difference, side by side' },
    h('table', {}, h('tbody', {}, body))
  );
}

function side(line: Line | null, name: 'del' | 'ins' | 'span'): HTMLElement[] {
  const changed = line && name !== 'span' ? `jt-${name}` : null;
  return [
    h('td', { class: 'jt-num jt-muted' }, line ? line.number : ''),
    h('td', { class: changed }, line ? h(name, {}, spans(line)) : '')
  ];
}

function spans(line: Line): Child[] {
  return line.spans.map(([text, changed]) => (changed ? h('b', {}, text) : text));
}
