// What changed in the code between two versions: the cell of one's run against that of the other.

import { h, replace } from '../dom';
import { differenceBlock } from '../difference';
import { asFault } from '../frames';
import { faultMark } from '../marks';
import type { ModelPage, ModelsCallbacks } from './frame';

export function sourcePart(page: ModelPage, callbacks: ModelsCallbacks): HTMLElement | null {
  const first = page.source;
  if (first === null) {
    return null;
  }
  const body = h('div', {}, differenceBlock(first.difference, 'unified'));
  const show = async (): Promise<void> => {
    try {
      const pair = await callbacks.difference({ left: Number(from.value), right: Number(to.value) });
      replace(body, differenceBlock(pair.difference, 'unified'));
    } catch (error) {
      replace(body, faultMark(asFault(error)));
    }
  };
  const choice = (name: string, chosen: number): HTMLSelectElement =>
    h(
      'select',
      { 'aria-label': `source ${name}`, onchange: () => void show() },
      page.versions.map(({ version }, place) => h('option', { value: version, selected: place === chosen }, `version ${version}`))
    );
  const [from, to] = [choice('from', first.left), choice('to', first.right)];
  return h('div', { class: 'jt-part' }, h('div', { class: 'jt-row' }, h('b', { class: 'jt-label' }, 'source'), from, '→', to), body);
}
