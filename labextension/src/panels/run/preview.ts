// A file as a page shows it. Images are images, texts are text; a page of HTML is shown in a frame that has no origin,
// no network and, until someone asks for them, no scripts.

import { type Child, h, replace, scrollArea } from '../dom';
import { formatBytes, plural, shorten } from '../format';
import { jsonTree } from './jsonTree';
import { markdownBlocks } from './markdown';
import { pythonSpans } from './python';
import type { Preview, PreviewTable } from './frame';
import { sketchFigure } from './sketch';

// What a page brings along, and no host. Forms, and scripts where they aren't asked for, are the sandbox's to hold back.
const POLICY = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src data: blob: 'unsafe-inline' 'unsafe-eval'; frame-src 'none'">`;
const MOST_MARKDOWN = 20_000;

export function previewBlock(preview: Preview): HTMLElement {
  return scrollArea(`preview of ${preview.path}`, 'jt-preview', preview.note && h('div', { class: 'jt-muted' }, preview.note), content(preview));
}

function content(preview: Preview): Child {
  const { path, image, text, table, figure, tree, html } = preview;
  if (image !== null) {
    return h('img', { src: image, alt: path });
  }
  if (table) {
    return tableBlock(table);
  }
  if (figure) {
    return [sketchFigure(figure), figureNote(preview)];
  }
  if (tree) {
    return jsonTree(tree);
  }
  if (html !== null) {
    return htmlBlock(html, path);
  }
  return text === null ? null : textBlock(preview, text);
}

function textBlock(preview: Preview, text: string): Child {
  if (!text) {
    return h('div', { class: 'jt-muted' }, 'an empty file');
  }
  const cut = preview.is_cut && h('div', { class: 'jt-muted' }, `the beginning of ${formatBytes(preview.n_bytes)}`);
  if (/\.(md|markdown)$/i.test(preview.path) && text.length <= MOST_MARKDOWN) {
    return [h('div', { class: 'jt-prose' }, markdownBlocks(text)), cut];
  }
  const spans = /\.py$/i.test(preview.path) ? pythonSpans(text) : text;
  return [h('pre', { tabindex: 0, 'aria-label': preview.path }, spans), cut];
}

export function tableBlock(table: PreviewTable): HTMLElement {
  const n = table.columns.length;
  const counts = [
    table.n_rows === null ? `the first ${plural(table.rows.length, 'row')}` : table.n_rows > table.rows.length ? `${table.rows.length} of ${plural(table.n_rows, 'row')}` : plural(table.n_rows, 'row'),
    table.n_columns > n ? `${n} of ${plural(table.n_columns, 'column')}` : ''
  ].filter(Boolean);
  const side = (i: number): string | null => (table.is_numeric[i] ? 'jt-num' : null);
  return h(
    'div',
    {},
    h(
      'table',
      { class: 'jt-lined jt-data' },
      h('thead', {}, h('tr', {}, table.columns.map((column, i) => h('th', { scope: 'col', class: side(i), title: column.length > 30 ? column : null }, shorten(column, 30) || ' ')))),
      h('tbody', {}, table.rows.map(row => h('tr', {}, row.map((cell, i) => h('td', { class: side(i), title: cell.length > 40 ? cell : null }, shorten(cell, 40))))))
    ),
    h('div', { class: 'jt-muted' }, counts.join(', '))
  );
}

function figureNote({ figure, path }: Preview): Child {
  const left = figure!.left_out;
  const missing = left.length ? ` Not drawn: ${left.join(', ')}.` : '';
  return h('div', { class: 'jt-muted' }, `A sketch of a plotly figure.${missing} In full, in a cell: `, h('code', {}, `jtrack.show(…).figure(${JSON.stringify(path)})`));
}

function htmlBlock(html: string, path: string): Child {
  const area = h('div');
  const note = h('span', { class: 'jt-muted' });
  let scripts = true;
  const toggle = (): void => {
    scripts = !scripts;
    button.setAttribute('aria-pressed', String(scripts));
    replace(note, `shown without ${scripts ? '' : 'scripts, '}network or access to this page`);
    const sandbox = scripts ? 'allow-scripts' : '';
    // Before all that the page brings along, so that nothing in it can come before the policy.
    const frame = (look: object, page: string): HTMLElement => h('iframe', { ...look, title: path, sandbox, srcdoc: POLICY + page });
    // A link to a place in the page leads there from this base, and elsewhere from that of the page around.
    const inner = frame({ style: 'position:fixed;width:100%;height:100%;inset:0;border:0' }, `<base href="about:srcdoc">${html}`);
    // A policy holds for what a page loads. Where a script or a link leads the page's frame is for the page around to say.
    replace(area, frame({ class: 'jt-sandbox' }, inner.outerHTML));
  };
  const button = h('button', { type: 'button', class: 'jt-link', onclick: toggle }, 'run its scripts');
  toggle();
  const hasScript = /<script|\son\w+\s*=/i.test(html);
  return [h('div', { class: 'jt-cell-head' }, note, hasScript && h('span', { class: 'jt-end' }, button)), area];
}
