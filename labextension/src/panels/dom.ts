// Elements from values. Text only ever becomes text: there is no way to put HTML in.

export type Child = Node | string | number | null | false | undefined | Child[];
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: any) => void)>;

const SVG = 'http://www.w3.org/2000/svg';

/** An element; a function under `onclick` and the like listens, null and false leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(name), attributes, children);
}

export function s<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** A copy of an element with all that is in it, but for what listens. */
export function copyOf<E extends Element>(element: E): E {
  return element.cloneNode(true) as E;
}

/** An area that scrolls by itself: reached by keyboard too, and with a name that is read out. */
export function scrollArea(name: string, kind: string, ...children: Child[]): HTMLElement {
  return h('div', { class: `jt-scroll ${kind}`.trim(), tabindex: 0, role: 'group', 'aria-label': name }, children);
}

/** Put children in the place of what an element has. */
export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren(...flat(children));
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(key.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : String(value));
    }
  }
  element.append(...flat(children));
  return element;
}

function flat(children: Child[]): (Node | string)[] {
  return children.flatMap(child => {
    if (Array.isArray(child)) {
      return flat(child);
    }
    if (child === null || child === undefined || child === false) {
      return [];
    }
    return [child instanceof Node ? child : String(child)];
  });
}
