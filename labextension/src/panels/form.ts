// A line that asks for something before it is done: what it is about, some fields, a verb, and a way out. Enter means
// it, Escape doesn't.

import { h } from './dom';

let nextId = 0;

/** `done` is told whether it is meant; the line stays until its owner takes it away. Until what `done` gives has come,
 * nobody can mean it twice, but can always leave: an answer may never come. */
export function askForm(about: string, fields: HTMLElement[], verb: string, done: (isMeant: boolean) => unknown): HTMLElement {
  const submit = async (): Promise<void> => {
    if (button.ariaDisabled !== 'true') {
      // Not disabled in earnest: the focus on it would be lost, and Escape with it.
      button.ariaDisabled = 'true';
      await done(true);
      button.ariaDisabled = null;
    }
  };
  const button = h('button', { class: 'jt-link', type: 'button', onclick: () => void submit() }, verb);
  const onkeydown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      // On a button Enter is a click on that one.
      if (event.key === 'Escape' || (event.target as Element).matches('[data-cancel]')) {
        done(false);
      } else {
        void submit();
      }
    }
  };
  return h(
    'div',
    { class: 'jt-form', role: 'group', 'aria-label': about, onkeydown },
    h('span', {}, about),
    fields,
    button,
    h('button', { class: 'jt-link', type: 'button', 'data-cancel': true, onclick: () => done(false) }, 'cancel')
  );
}

export function field(name: string, label: string, example: string): HTMLInputElement {
  return h('input', { class: 'jt-filter', type: 'text', name, 'aria-label': label, placeholder: example, autocomplete: 'off', spellcheck: 'false' });
}

/** Ask under which name a model is to be registered, offering `names`; `done` gets the name, or null for none. */
export function nameForm(about: string, names: string[], done: (name: string | null) => unknown): HTMLElement {
  const known = h('datalist', { id: `jt-names-${nextId++}` }, names.map(each => h('option', { value: each })));
  const name = field('name', 'name of the registered model', names.length ? 'a new name, or one there is' : 'name of the model');
  if (names.length) {
    name.setAttribute('list', known.id);
  }
  return askForm(about, [name, known], 'register', isMeant => {
    const text = name.value.trim();
    return !isMeant || text ? done(isMeant ? text : null) : name.focus();
  });
}
