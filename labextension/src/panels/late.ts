// Says below a panel that an answer is long in coming, whatever was asked: one line, gone with the last late answer.

import { h } from './dom';

const LATE_MS = 3000;
/** What a panel asks by itself; nobody waits for it. */
const QUIET = new Set(['watch', 'look', 'lines', 'brush']);

export class Late {
  private readonly node: HTMLElement;
  private n_late = 0;

  /** Below what is in `host`, `why` is what stands there. */
  constructor(
    private readonly host: HTMLElement,
    why: string
  ) {
    this.node = h('div', { class: 'jtrack jt-late', role: 'status' }, why);
  }

  /** Give the answer on, and tell of it while it is late. */
  async of<T>(method: string, answer: Promise<T>): Promise<T> {
    let late = 0;
    const timer = setTimeout(() => {
      late = Number(!QUIET.has(method));
      this.count(late);
    }, LATE_MS);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      this.count(-late);
    }
  }

  private count(change: number): void {
    this.n_late += change;
    if (this.n_late > 0) {
      this.host.append(this.node);
    } else {
      this.node.remove();
    }
  }
}
