// Python's comments, texts and keywords told apart for the eye: by a scan from left to right, not by a grammar.

import { type Child, h } from '../dom';

const TOKEN =
  /(#[^\n]*)|((?:\b[rbfuRBFU]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|True|False|None)\b|(?<![\w.])(\d[\w.]*)/g;
const KINDS = ['jt-py-comment', 'jt-py-text', 'jt-py-word', 'jt-py-number'];
const MOST = 40_000;

export function pythonSpans(source: string): Child[] {
  if (source.length > MOST) {
    return [source];
  }
  const spans: Child[] = [];
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex(group => group !== undefined)];
    spans.push(source.slice(end, match.index), h('span', { class: kind }, match[0]));
    end = match.index + match[0].length;
  }
  return [...spans, source.slice(end)];
}
