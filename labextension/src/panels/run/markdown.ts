// A small part of Markdown as elements: heads, lists, code, emphasis, links to the web. Whatever else stands there stays
// text, so nothing in it can become more than what is named here.

import { type Child, h } from '../dom';

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)|\[([^\]\n]+)\]\((\S+?)\)|(https?:\/\/[^\s<>)]+)/;

export function markdownBlocks(text: string): HTMLElement[] {
  const blocks: HTMLElement[] = [];
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  let i = 0;
  const take = (matches: (line: string) => boolean): string[] => {
    const taken: string[] = [];
    while (i < lines.length && matches(lines[i]!)) {
      taken.push(lines[i++]!);
    }
    return taken;
  };
  while (i < lines.length) {
    const line = lines[i]!;
    if (/^\s*```/.test(line)) {
      i++;
      blocks.push(h('pre', {}, take(each => !/^\s*```/.test(each)).join('\n')));
      i++;
    } else if (/^#{1,6}\s/.test(line)) {
      i++;
      blocks.push(h('p', {}, h('b', {}, inline(line.replace(/^#+\s+/, '')))));
    } else if (isItem(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = take(isItem).map(each => h('li', {}, inline(each.replace(/^\s*([-*+]|\d+[.)])\s+/, ''))));
      blocks.push(ordered ? h('ol', {}, items) : h('ul', {}, items));
    } else if (!line.trim()) {
      i++;
    } else {
      blocks.push(h('p', {}, inline(take(each => each.trim() !== '' && !isItem(each) && !/^(#{1,6}\s|\s*```)/.test(each)).join('\n'))));
    }
  }
  return blocks;
}

function isItem(line: string): boolean {
  return /^\s*([-*+]|\d{1,3}[.)])\s+\S/.test(line);
}

function inline(text: string): Child[] {
  const parts: Child[] = [];
  for (let rest = text; rest; ) {
    const match = INLINE.exec(rest);
    if (!match) {
      parts.push(rest);
      break;
    }
    parts.push(rest.slice(0, match.index), inlineElement(match));
    rest = rest.slice(match.index + match[0].length);
  }
  return parts;
}

function inlineElement([whole, , code, strong, emphasis, name, address, bare]: RegExpExecArray): Child {
  if (code !== undefined) {
    return h('code', {}, code.trim());
  }
  if (strong !== undefined) {
    return h('b', {}, inline(strong));
  }
  if (emphasis !== undefined) {
    return h('i', {}, inline(emphasis));
  }
  const target = bare ?? address ?? '';
  // Only to the web: a link could otherwise be a script.
  return /^https?:\/\//.test(target) ? h('a', { href: target, target: '_blank', rel: 'noopener noreferrer' }, name ?? bare ?? '') : whole;
}
