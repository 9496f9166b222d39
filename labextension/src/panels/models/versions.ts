// A model's versions side by side: where each stands, its metrics, and what differs from the version before it.

import { type Child, h, scrollArea } from '../dom';
import { type ComparedMetric, type ComparedText, asNumber } from '../frames';
import { MISSING, exactMoment, formatAgo, formatNumber, shorten } from '../format';
import { tell } from '../tell';
import type { Act, ModelPage, ModelsCallbacks, VersionColumn } from './frame';

const STAGES = ['None', 'Staging', 'Production', 'Archived'];

export function versionsTable(page: ModelPage, callbacks: ModelsCallbacks, act: Act): HTMLElement {
  if (!page.versions.length) {
    return h('div', { class: 'jt-empty' }, 'No versions yet. ', h('code', {}, `%register @last ${page.name}`), ' registers the model of the last run.');
  }
  const now = new Date();
  const n = page.versions.length;
  const corner = page.n_versions > n ? `newest ${n} of ${page.n_versions}` : '';
  const each = (key: string, draw: (version: VersionColumn) => Child): HTMLElement =>
    h('tr', {}, keyCell(key), page.versions.map(version => h('td', { class: 'jt-num' }, draw(version))));
  return scrollArea(
    `versions of ${page.name}`,
    'jt-compare jt-versions',
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, h('td', { class: 'jt-muted' }, corner), page.versions.map(version => head(version, callbacks, act)), h('td', { class: 'jt-rest' }))
      ),
      h(
        'tbody',
        {},
        each('stage', version => stageChoice(version, callbacks, act)),
        each('run', runLink),
        each('made by', origin),
        page.versions.some(version => version.data.length > 0) && each('data', ({ data }) => h('span', { title: data.join('\n') }, shorten(data.join(', ') || MISSING, 40))),
        each('registered', version =>
          h('span', { title: `${exactMoment(version.created_at)}${version.user_name ? ` by ${version.user_name}` : ''}` }, formatAgo(version.created_at, now))
        )
      ),
      section('metrics', n, page.metrics.map(metricRow)),
      section('params that differ', n, page.params.map(textRow)),
      section('model', n, page.details.map(textRow))
    )
  );
}

function head(version: VersionColumn, callbacks: ModelsCallbacks, act: Act): HTMLElement {
  return h(
    'th',
    { scope: 'col', class: 'jt-num' },
    h('b', {}, `version ${version.version}`),
    h('div', { class: 'jt-badges' }, version.aliases.map(alias => badge(alias, callbacks, act)), aliasForm(version, callbacks, act))
  );
}

function badge(alias: string, callbacks: ModelsCallbacks, act: Act): HTMLElement {
  const remove = h('button', { type: 'button', 'aria-label': `take alias ${alias} away`, title: 'take it away', onclick: () => void act(callbacks.edit({ alias })) }, '×');
  return h('span', { class: 'jt-badge', title: alias }, `@${shorten(alias, 24)}`, remove);
}

/** A plus that becomes a field for an alias. */
function aliasForm({ version }: VersionColumn, callbacks: ModelsCallbacks, act: Act): HTMLElement {
  const field = h('input', {
    type: 'text',
    hidden: true,
    placeholder: 'alias',
    maxlength: 255,
    'aria-label': `alias for version ${version}`,
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === 'Enter' && field.value.trim()) {
        void act(callbacks.promote({ version, alias: field.value.trim() }));
      } else if (event.key === 'Escape') {
        field.hidden = true;
        plus.hidden = false;
        plus.focus();
      }
    }
  });
  const plus = h(
    'button',
    {
      type: 'button',
      class: 'jt-link',
      'aria-label': `put an alias on version ${version}`,
      onclick: () => {
        plus.hidden = true;
        field.hidden = false;
        field.focus();
      }
    },
    '+ alias'
  );
  return h('span', {}, plus, field);
}

function stageChoice({ version, stage }: VersionColumn, callbacks: ModelsCallbacks, act: Act): HTMLElement {
  const select: HTMLSelectElement = h(
    'select',
    { 'aria-label': `stage of version ${version}`, onchange: () => void act(callbacks.promote({ version, stage: select.value })) },
    STAGES.map(each => h('option', { value: each, selected: each === stage }, each))
  );
  return select;
}

function runLink({ run_id, run_name, source }: VersionColumn): Child {
  if (run_id === null) {
    return h('span', { title: source }, shorten(source, 24));
  }
  const name = shorten(run_name ?? run_id.slice(0, 8), 24);
  const link: HTMLElement = h(
    'button',
    { type: 'button', class: 'jt-link', title: `run ${run_id}`, onclick: () => tell(link, 'jtrack-open-run', { run_id, run_name: run_name ?? undefined }) },
    name
  );
  return link;
}

function origin({ notebook_path, execution_count }: VersionColumn): Child {
  const cell = execution_count === null ? '' : `cell [${execution_count}]`;
  const notebook = (notebook_path ?? '').split('/').pop() ?? '';
  const text = [cell, shorten(notebook, 24)].filter(Boolean).join(' of ');
  return text ? h('span', { title: notebook_path }, text) : MISSING;
}

function section(title: string, n: number, rows: HTMLElement[]): Child {
  return rows.length > 0 && h('tbody', {}, h('tr', {}, h('th', { class: 'jt-label', colspan: n + 2, scope: 'colgroup' }, h('b', {}, title))), rows);
}

function keyCell(key: string): HTMLElement {
  return h('th', { scope: 'row', title: key.length > 30 ? key : null }, shorten(key, 40));
}

function metricRow(metric: ComparedMetric): HTMLElement {
  const cells = metric.values.map(raw => {
    const value = asNumber(raw);
    const best = value !== null && value === metric.best;
    const text = formatNumber(value, metric.decimals);
    return h('td', { class: best ? 'jt-num jt-best' : 'jt-num', title: value === null ? null : `${value}${best ? ', best' : ''}` }, best ? h('b', {}, text) : text);
  });
  return h('tr', {}, keyCell(metric.key), cells);
}

function textRow(row: ComparedText): HTMLElement {
  const cells = row.texts.map((text, place) => {
    const isNew = place + 1 < row.texts.length && text !== row.texts[place + 1];
    return h('td', { class: isNew ? 'jt-num jt-new' : 'jt-num', title: text && text.length > 32 ? text : null }, text === null ? MISSING : shorten(text, 32));
  });
  return h('tr', {}, keyCell(row.key), cells);
}
