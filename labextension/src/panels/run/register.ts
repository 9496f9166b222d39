// Registering the model of the run that is shown: a link in the head that turns into a field for the name, and into what
// became of it.

import { h, replace } from '../dom';
import { asFault } from '../frames';
import { nameForm } from '../form';
import { faultMark } from '../marks';
import type { RunFrame } from './frame';

export interface RegisterActions {
  names(): Promise<string[]>;
  /** Register the model of the run, and say as what. */
  register(name: string): Promise<string>;
  /** Show this where the page shows faults; null takes the last one away. */
  report(fault: HTMLElement | null): void;
}

export class RegisterModel {
  readonly node = h('span');
  private runId: string | null = null;
  private readonly open = h('button', { type: 'button', class: 'jt-link', title: "register this run's model", onclick: () => void this.ask() }, 'register');

  constructor(private readonly actions: RegisterActions) {}

  update({ run_id, has_model, is_deleted }: RunFrame): void {
    this.node.hidden = !has_model || is_deleted;
    if (run_id !== this.runId) {
      this.runId = run_id;
      replace(this.node, this.open);
    }
  }

  private async ask(): Promise<void> {
    const run = this.runId;
    try {
      const names = await this.actions.names();
      if (run === this.runId) {
        replace(this.node, nameForm('register its model as', names, name => this.register(name)));
        this.node.querySelector('input')!.focus({ preventScroll: true });
      }
    } catch (error) {
      this.actions.report(faultMark(asFault(error)));
    }
  }

  private async register(name: string | null): Promise<void> {
    const run = this.runId;
    this.actions.report(null);
    if (name === null) {
      replace(this.node, this.open);
      this.open.focus({ preventScroll: true });
      return;
    }
    try {
      const version = await this.actions.register(name);
      if (run === this.runId) {
        replace(this.node, h('span', { role: 'status' }, `registered as ${version}`));
      }
    } catch (error) {
      // The name that was typed stays, to be mended.
      this.actions.report(faultMark(asFault(error)));
    }
  }
}
