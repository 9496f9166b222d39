// Tabs over one body of fixed height: arrow keys walk them, and what is shown is told to a screen reader.

import { h, replace } from '../dom';

let nextId = 0;

export class Tabs {
  readonly node = h('div', { class: 'jt-tabs', role: 'tablist', onkeydown: (event: KeyboardEvent) => this.onKey(event) });
  readonly body: HTMLElement;
  private readonly id = `jt-tabs-${nextId++}`;
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(private readonly choose: (name: string) => void) {
    this.body = h('div', { class: 'jt-tab-body', role: 'tabpanel', id: `${this.id}-body`, tabindex: 0 });
  }

  update(tabs: { name: string; note: string }[]): void {
    const focused = [...this.buttons].find(([, button]) => button === document.activeElement)?.[0];
    this.buttons.clear();
    for (const { name, note } of tabs) {
      const attributes = { type: 'button', role: 'tab', id: `${this.id}-${name}`, 'aria-controls': this.body.id };
      this.buttons.set(name, h('button', { ...attributes, onclick: () => this.choose(name) }, name, note && h('i', {}, note)));
    }
    replace(this.node, [...this.buttons.values()]);
    this.buttons.get(focused ?? '')?.focus({ preventScroll: true });
  }

  /** Show a part as the chosen tab's. */
  show(name: string, part: HTMLElement): void {
    for (const [each, button] of this.buttons) {
      button.setAttribute('aria-selected', String(each === name));
      button.tabIndex = each === name ? 0 : -1;
    }
    this.body.setAttribute('aria-labelledby', `${this.id}-${name}`);
    if (this.body.firstElementChild !== part) {
      this.body.scrollTop = 0;
      replace(this.body, part);
    }
  }

  /** Choose a tab and put the focus on it. */
  focus(name: string): void {
    if (this.buttons.has(name)) {
      this.choose(name);
      this.buttons.get(name)!.focus({ preventScroll: true });
    }
  }

  private onKey(event: KeyboardEvent): void {
    const names = [...this.buttons.keys()];
    const at = names.findIndex(name => this.buttons.get(name) === document.activeElement);
    const last = names.length - 1;
    const to: Record<string, number> = { ArrowLeft: at > 0 ? at - 1 : last, ArrowRight: at < last ? at + 1 : 0, Home: 0, End: last };
    const wanted = to[event.key];
    if (at >= 0 && wanted !== undefined) {
      event.preventDefault();
      this.focus(names[wanted]!);
    }
  }
}
