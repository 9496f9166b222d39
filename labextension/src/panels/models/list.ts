// The list of registered models.

import { h, scrollArea } from '../dom';
import { MISSING, exactMoment, formatAgo, plural, shorten } from '../format';
import type { AliasMark, ModelRow, ModelsFrame } from './frame';

export function modelList(frame: ModelsFrame, open: (name: string) => void): HTMLElement {
  if (!frame.models.length) {
    return h('div', { class: 'jt-empty' }, 'No registered models yet. ', h('code', {}, '%register @last NAME'), ' registers the model of the last run.');
  }
  const now = new Date();
  const rest = frame.n_models - frame.models.length;
  return scrollArea(
    'registered models',
    'jt-runs jt-list',
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'name'),
          h('th', { scope: 'col', class: 'jt-num' }, 'versions'),
          h('th', { scope: 'col' }, 'aliases'),
          h('th', { scope: 'col' }, 'stages'),
          h('th', { scope: 'col', class: 'jt-num' }, 'updated')
        )
      ),
      h('tbody', {}, frame.models.map(model => row(model, now, open)))
    ),
    rest > 0 && h('div', { class: 'jt-line jt-muted' }, `${plural(rest, 'more model')}`)
  );
}

export function aliasMark({ alias, version }: AliasMark): HTMLElement {
  return h('span', { class: 'jt-badge', title: `${alias} is version ${version}` }, `@${shorten(alias, 30)} ${version}`);
}

function row(model: ModelRow, now: Date, open: (name: string) => void): HTMLElement {
  const name = h('button', { type: 'button', title: model.name, onclick: () => open(model.name) }, shorten(model.name, 60));
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, name, model.summary && h('div', { class: 'jt-muted' }, model.summary)),
    h('td', { class: 'jt-num' }, model.n_versions),
    h('td', {}, model.aliases.length ? model.aliases.map(mark => [aliasMark(mark), ' ']) : MISSING),
    h('td', {}, model.stages.join(', ') || MISSING),
    h('td', { class: 'jt-num', title: exactMoment(model.updated_at) }, formatAgo(model.updated_at, now))
  );
}
