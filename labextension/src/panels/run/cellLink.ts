// The way from a run's page to the cell that made it, where the page around it can open notebooks.

import { h } from '../dom';
import type { Fault } from '../frames';
import { tell } from '../tell';
import type { RunFrame } from './frame';

export function cellLink(frame: RunFrame, refuse: (fault: Fault) => void): HTMLElement | null {
  const { run_id, run_name, execution_count, notebook_path, cell_id, parent } = frame;
  const isItsOwn = (notebook_path ?? cell_id) !== null;
  if (!isItsOwn && !parent) {
    return null;
  }
  const whose = isItsOwn ? run_name : `${run_name}, which ${parent!.run_name} holds`;
  const go = (): void => {
    if (!tell(link, 'jtrack-go-to-cell', { run_id })) {
      refuse({ message: 'From here no notebook can be opened.', hint: notebook_path ?? frame.source_name, position: null });
    }
  };
  const name = `go to the cell of ${whose}`;
  const text = execution_count === null ? 'cell' : `cell [${execution_count}]`;
  const link: HTMLElement = h('button', { type: 'button', class: 'jt-link', title: name, 'aria-label': name, onclick: go }, text);
  return link;
}
