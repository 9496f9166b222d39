// How a panel's host carries its questions, and how a panel is drawn with nothing else than that.

import type { Rendered } from './frames';

/** Carries a panel's question to whoever holds the runs; it rejects with a fault. */
export interface Ask {
  (method: string, params: object): Promise<any>;
  /** Whether what is new comes to `Rendered.push` by itself; a panel that wants it has to ask where it doesn't. */
  pushes?: boolean;
  /** Carries a question about one run to another who has it, where whoever holds the panel gives no answer. */
  aside?(method: string, params: { run_id: string }): Promise<any>;
}

export type Draw = (element: HTMLElement, frame: any, ask: Ask) => Rendered<any>;
