// What can be done with a sweep from its lines: end it while it runs, and register its best model when it is over.

import { h, replace } from '../dom';
import { nameForm } from '../form';
import type { ParallelCallbacks, ParallelFrame } from './frame';

/** Shows an error where the panel shows them; null takes the last one away. */
type Report = (error: unknown) => void;

export class StopSweep {
  readonly node = h('button', { class: 'jt-button', type: 'button', hidden: true, onclick: () => void this.stop() }, 'stop the sweep');
  private runId: string | null = null;
  private isAsked = false;

  constructor(
    private readonly callbacks: ParallelCallbacks,
    private readonly report: Report
  ) {
    this.node.title = 'no other trial begins, and run.should_stop turns true in those under way';
  }

  update(frame: ParallelFrame): void {
    this.runId = frame.parent_run_id;
    this.node.hidden = !frame.is_stoppable;
    this.isAsked &&= frame.is_stoppable;
    this.draw();
  }

  private draw(): void {
    this.node.disabled = this.isAsked;
    this.node.textContent = this.isAsked ? 'asked to stop' : 'stop the sweep';
  }

  private async stop(): Promise<void> {
    this.isAsked = true;
    this.draw();
    try {
      await this.callbacks.stop({ run_id: this.runId! });
      this.report(null);
    } catch (error) {
      this.isAsked = false;
      this.draw();
      this.report(error);
    }
  }
}

/** A button in the foot that turns into a field for the name, and into what became of it. */
export class RegisterBest {
  readonly node = h('span', { hidden: true });
  private runId: string | null = null;
  private readonly open = h('button', { class: 'jt-link', type: 'button', title: "register the best run's model", onclick: () => this.ask() }, 'register best');

  constructor(
    private readonly callbacks: ParallelCallbacks,
    private readonly report: Report
  ) {
    this.node.append(this.open);
  }

  update({ best, is_live }: ParallelFrame): void {
    this.node.hidden = is_live || !best?.has_model;
    if (best && best.run_id !== this.runId) {
      this.runId = best.run_id;
      replace(this.node, this.open);
    }
  }

  private ask(): void {
    replace(this.node, nameForm('register it as', [], name => this.register(name)));
    this.node.querySelector('input')!.focus();
  }

  private async register(name: string | null): Promise<void> {
    if (name === null) {
      this.report(null);
      replace(this.node, this.open);
      this.open.focus();
      return;
    }
    try {
      const version = await this.callbacks.register({ run_id: this.runId!, name });
      this.report(null);
      replace(this.node, h('span', { class: 'jt-muted', role: 'status' }, `registered as ${version.name} version ${version.version}`));
    } catch (error) {
      this.report(error);
    }
  }
}
