// JSON as nested details: the first levels open, each level's elements made when it is opened.

import { type Child, h } from '../dom';
import { plural } from '../format';
import type { JsonTree } from './frame';

const OPEN_ROWS = 30;

export function jsonTree(tree: JsonTree): HTMLElement {
  return h('div', { class: 'jt-json' }, nodeBlock(null, tree, 0, true));
}

function nodeBlock(key: string | null, node: JsonTree, depth: number, open: boolean): HTMLElement {
  const name: Child = key === null ? null : [h('span', {}, key), h('span', { class: 'jt-muted' }, ': ')];
  if (!node.n || (node.kind !== 'object' && node.kind !== 'array')) {
    return h('div', {}, name, plainValue(node));
  }
  const noun = node.kind === 'object' ? plural(node.n, 'key') : plural(node.n, 'item');
  const summary = h('summary', {}, name, h('span', { class: 'jt-muted' }, node.kind === 'object' ? `{ ${noun} }` : `[ ${noun} ]`));
  const details = h('details', { ontoggle: () => details.open && grow() }, summary);
  const grow = (): void => {
    if (details.children.length === 1) {
      const few = node.entries.length <= OPEN_ROWS;
      const rows = node.entries.map(([each, child]) => nodeBlock(each, child, depth + 1, depth < 1 && few && child.entries.length <= OPEN_ROWS));
      const rest = node.n - node.entries.length;
      details.append(h('div', { class: 'jt-inner' }, rows, rest > 0 && h('div', { class: 'jt-muted' }, `${plural(rest, 'more')}`.replace('mores', 'more'))));
    }
  };
  if (open) {
    details.open = true;
    grow();
  }
  return details;
}

function plainValue(node: JsonTree): Child {
  if (node.kind === 'object' || node.kind === 'array') {
    return h('span', { class: 'jt-muted' }, node.kind === 'object' ? '{ }' : '[ ]');
  }
  if (node.kind === 'string') {
    const rest = node.n - [...node.text].length;
    return [h('span', { class: 'jt-py-text' }, JSON.stringify(node.text)), rest > 0 && h('span', { class: 'jt-muted' }, ` ${rest} more characters`)];
  }
  return h('span', { class: 'jt-py-number' }, node.text);
}
