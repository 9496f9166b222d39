// A menu below a button, and how anything is put beside an anchor: in the browser's top layer, so that neither a short
// panel nor an output's own scrolling cuts it off.

import { h } from './dom';

const GAP = 4;

export interface MenuItem {
  label: string;
  checked?: boolean;
  disabled?: boolean;
  act(): void;
}

/** Show `node`, which is in the page already, below `anchor`, or above where there is no room. */
export function showBeside(node: HTMLElement, anchor: HTMLElement): void {
  node.popover = 'manual';
  if (!node.matches(':popover-open')) {
    node.showPopover();
  }
  const at = anchor.getBoundingClientRect();
  const isAbove = at.bottom + GAP + node.offsetHeight > innerHeight && at.top > GAP + node.offsetHeight;
  node.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - node.offsetWidth - GAP))}px`;
  node.style.top = `${isAbove ? at.top - GAP - node.offsetHeight : at.bottom + GAP}px`;
}

/** A menu of `place` below an anchor; it goes when something is chosen or the focus leaves it. */
export function openMenu(place: HTMLElement, anchor: HTMLElement, label: string, items: MenuItem[]): void {
  place.querySelector('.jt-menu')?.remove();
  let closed = false;
  const close = (refocus: boolean): void => {
    if (!closed) {
      closed = true;
      anchor.setAttribute('aria-expanded', 'false');
      menu.remove();
      if (refocus) {
        anchor.focus({ preventScroll: true });
      }
    }
  };
  const buttons = items.map(item => menuButton(item, () => close(true)));
  const menu = h('div', { class: 'jt-menu', role: 'menu', 'aria-label': label }, buttons);
  menu.addEventListener('keydown', event => {
    const open = buttons.filter(button => !button.disabled);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const at = open.indexOf(document.activeElement as HTMLButtonElement);
      open[(at + step + open.length) % open.length]!.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      close(true);
    }
    if (step || event.key === 'Escape') {
      event.preventDefault();
    }
    event.stopPropagation();
  });
  menu.addEventListener('focusout', event => {
    if (!menu.contains(event.relatedTarget as Node | null)) {
      close(false);
    }
  });
  place.append(menu);
  showBeside(menu, anchor);
  anchor.setAttribute('aria-expanded', 'true');
  buttons.find(button => !button.disabled)?.focus({ preventScroll: true });
}

function menuButton({ label, checked, disabled, act }: MenuItem, close: () => void): HTMLButtonElement {
  const isChoice = checked !== undefined;
  return h(
    'button',
    {
      type: 'button',
      role: isChoice ? 'menuitemcheckbox' : 'menuitem',
      'aria-checked': isChoice ? String(checked) : null,
      disabled: disabled ?? false,
      onclick: () => {
        close();
        act();
      }
    },
    h('i', { 'aria-hidden': 'true' }, checked ? '✓' : ''),
    label
  );
}
