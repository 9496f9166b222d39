// A description's elements, built from the tree that was read in the kernel or server. Only what is named here is made.

import { type Child, h } from '../dom';
import type { Markdown } from './frame';

const KNOWN = new Set(
  'p strong em s code pre ul ol li blockquote a br hr table thead tbody tr th td'.split(' ')
);

export function markdownElements(tree: (Markdown | string)[]): Child[] {
  return tree.map(node => (typeof node === 'string' ? node : element(node)));
}

function element({ tag, children, href, align }: Markdown): Child {
  const inside = markdownElements(children);
  if (/^h[1-6]$/.test(tag)) {
    return h('p', {}, h('b', {}, inside));
  }
  if (tag === 'a') {
    // Whatever it came from: a link leads to the web, and tells nobody where it was clicked.
    return href && /^(https?:\/\/|mailto:)/i.test(href)
      ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, inside)
      : h('span', {}, inside);
  }
  return KNOWN.has(tag) ? h(tag as 'p', { align }, inside) : inside;
}
