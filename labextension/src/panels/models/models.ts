// The registry: the list of models, and of the chosen one its versions side by side. A click that changes something gets
// the panel anew, as the store has it then.

import { type Child, h, replace } from '../dom';
import { type Rendered, asFault } from '../frames';
import { exactMoment, formatAgo, plural, shorten } from '../format';
import { faultMark } from '../marks';
import type { Act, ModelPage, ModelsCallbacks, ModelsFrame, VersionColumn } from './frame';
import { modelList } from './list';
import { markdownElements } from './markdown';
import { sourcePart } from './source';
import { versionsTable } from './versions';

let nextId = 0;

export function renderModels(element: HTMLElement, frame: ModelsFrame, callbacks: ModelsCallbacks): Rendered<ModelsFrame> {
  const panel = new ModelsPanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

class ModelsPanel implements Rendered<ModelsFrame> {
  readonly node = h('div', {
    class: 'jtrack jt-models jt-registry jt-interactive',
    role: 'group',
    'aria-label': 'registered models'
  });
  private readonly fault = h('div', { 'aria-live': 'polite' });
  private readonly id = `jt-models-${nextId++}`;
  private wantsHistory = false;

  constructor(private readonly callbacks: ModelsCallbacks) {}

  update(frame: ModelsFrame): void {
    replace(this.fault);
    const page = frame.chosen;
    replace(
      this.node,
      this.head(frame),
      this.fault,
      page ? this.page(page) : modelList(frame, name => void this.open(name)),
      this.registerForm(frame)
    );
  }

  dispose(): void {
    this.node.remove();
  }

  /** Do what changes the registry, and show it as it is then; focus goes to what has the same name as before. */
  private readonly act: Act = async asked => {
    const focused = this.node.ownerDocument.activeElement?.getAttribute('aria-label');
    try {
      this.update(await asked);
      const named = [...this.node.querySelectorAll<HTMLElement>('[aria-label]')];
      named.find(each => focused && each.ariaLabel === focused)?.focus({ preventScroll: true });
    } catch (error) {
      replace(this.fault, faultMark(asFault(error)));
    }
  };

  private async open(name: string | null): Promise<void> {
    await this.act(this.callbacks.open({ name }));
    this.node.querySelector<HTMLElement>(name === null ? '.jt-list button' : '.jt-crumbs button')?.focus({ preventScroll: true });
  }

  private head({ chosen, n_models }: ModelsFrame): HTMLElement {
    if (chosen === null) {
      return h('div', { class: 'jt-head' }, h('b', { class: 'jt-name' }, 'registered models'), h('span', {}, plural(n_models, 'model')));
    }
    const back = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.open(null) }, 'registered models');
    return h(
      'div',
      { class: 'jt-head' },
      h('span', { class: 'jt-crumbs' }, back, '›', h('b', { class: 'jt-name' }, shorten(chosen.name, 80))),
      h('span', {}, plural(chosen.n_versions, 'version'))
    );
  }

  private page(page: ModelPage): Child[] {
    const tags = page.tags.map(([key, value]) => [h('span', { class: 'jt-badge' }, `${shorten(key, 30)} ${shorten(value, 40)}`), ' ']);
    const same = page.constants.slice(0, 10).map(([key, text]) => `${shorten(key, 32)} ${shorten(text, 60)}`);
    return [
      this.description(page.description, page.name),
      tags.length > 0 && h('div', { class: 'jt-line' }, tags),
      versionsTable(page, this.callbacks, this.act),
      same.length > 0 && h('div', { class: 'jt-line jt-muted' }, `same in all: ${same.join(', ')}`),
      page.versions.slice(0, 4).filter(version => version.description.length > 0).map(version => this.note(version)),
      sourcePart(page, this.callbacks),
      this.history(page)
    ];
  }

  private note(version: VersionColumn): HTMLElement {
    const title = h('div', { class: 'jt-label jt-as-is jt-note' }, h('b', {}, `version ${version.version}`));
    return h('div', {}, title, this.description(version.description, `version ${version.version}`, version.version));
  }

  /** The description, and a way to write it anew in its place. */
  private description(tree: ModelPage['description'], what: string, version?: number): HTMLElement {
    const area = h('div', { class: 'jt-markdown' });
    const edit = h('button', { type: 'button', class: 'jt-link', 'aria-label': `describe ${what}`, onclick: () => void write() }, tree.length ? 'edit' : 'describe it');
    const show = (): void => replace(area, markdownElements(tree), edit);
    const write = async (): Promise<void> => {
      try {
        this.writeIn(area, await this.callbacks.description({ version }), what, version, () => (show(), edit.focus()));
      } catch (error) {
        replace(this.fault, faultMark(asFault(error)));
      }
    };
    show();
    return area;
  }

  private writeIn(area: HTMLElement, text: string, what: string, version: number | undefined, cancelled: () => void): void {
    const field = h('textarea', { rows: Math.min(Math.max(text.split('\n').length + 1, 3), 12), 'aria-label': `description of ${what}, in Markdown` });
    field.value = text;
    const save = h('button', { type: 'button', class: 'jt-action', onclick: () => void this.act(this.callbacks.describe({ description: field.value, version })) }, 'save');
    const cancel = h('button', { type: 'button', class: 'jt-link', onclick: cancelled }, 'cancel');
    replace(area, field, h('div', { class: 'jt-row' }, save, cancel));
    field.focus();
  }

  private history(page: ModelPage): HTMLElement {
    const now = new Date();
    const rows = page.moves.map(({ at, user_name, text }) =>
      h('tr', {}, h('td', { class: 'jt-muted', title: exactMoment(at) }, formatAgo(at, now)), h('td', { class: 'jt-muted' }, user_name ?? ''), h('td', {}, text))
    );
    const details: HTMLDetailsElement = h(
      'details',
      { open: this.wantsHistory, ontoggle: () => (this.wantsHistory = details.open) },
      h('summary', {}, `history: ${plural(page.n_moves, 'move')}`),
      h('div', { class: 'jt-moves', tabindex: 0, role: 'region', 'aria-label': 'history' }, h('table', {}, h('tbody', {}, rows)))
    );
    return h('div', { class: 'jt-part' }, details);
  }

  private registerForm({ candidates, chosen, models }: ModelsFrame): HTMLElement | null {
    if (!candidates.length) {
      return null;
    }
    const now = new Date();
    const label = ({ run_name, path, started_at }: ModelsFrame['candidates'][number]): string =>
      `${shorten(run_name, 32)}${path ? ` · ${shorten(path, 24)}` : ''} · ${formatAgo(started_at, now)}`;
    const model = h('select', { 'aria-label': 'model of a run' }, candidates.map(each => h('option', { value: each.uri }, label(each))));
    const names = h('datalist', { id: `${this.id}-names` }, models.map(({ name }) => h('option', { value: name })));
    const name = h('input', { type: 'text', 'aria-label': 'name to register it as', placeholder: 'name', list: names.id, value: chosen?.name ?? '' });
    const register = (event: Event): void => {
      event.preventDefault();
      if (name.value.trim()) {
        void this.act(this.callbacks.register({ model_uri: model.value, name: name.value.trim() }));
      } else {
        name.focus();
      }
    };
    return h('form', { class: 'jt-form', onsubmit: register }, h('span', { class: 'jt-muted' }, 'register'), model, h('span', { class: 'jt-muted' }, 'as'), name, names, h('button', { type: 'submit', class: 'jt-action' }, 'register'));
  }
}
