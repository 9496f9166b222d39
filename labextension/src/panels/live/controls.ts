// What can be done to a run while it trains: its knobs, stopping it, and notes. Each says what became of it.

import { h, replace } from '../dom';
import { type Fault, asFault } from '../frames';
import { shorten } from '../format';
import type { Knob, KnobValue, LiveCallbacks, LiveFrame } from './news';

type Report = (said: string | Fault) => void;

/** One row a knob: its name, a field that holds its value, and whether the loop has taken what was asked. */
export class Knobs {
  readonly node = h('div', { class: 'jt-strip jt-knobs', role: 'group', 'aria-label': 'knobs', hidden: true });
  private readonly fields = new Map<string, KnobField>();
  private runId = '';

  constructor(
    private readonly callbacks: LiveCallbacks,
    private readonly report: Report
  ) {}

  update(frame: LiveFrame): void {
    this.runId = frame.run_id ?? '';
    const names = frame.knobs.map(knob => knob.name).join('\n');
    if (names !== [...this.fields.keys()].join('\n')) {
      this.fields.clear();
      for (const knob of frame.knobs) {
        this.fields.set(knob.name, new KnobField(knob, value => this.turn(knob.name, value)));
      }
      replace(this.node, [...this.fields.values()].map(field => field.node));
    }
    this.node.hidden = frame.knobs.length === 0;
    frame.knobs.forEach(knob => this.fields.get(knob.name)!.update(knob, frame.status === 'RUNNING'));
  }

  private async turn(name: string, value: KnobValue): Promise<void> {
    try {
      await this.callbacks.knob({ run_id: this.runId, name, value });
      this.report(`asked the loop to take ${name} = ${value}`);
    } catch (error) {
      this.fields.get(name)?.reset();
      this.report(asFault(error));
    }
  }
}

class KnobField {
  readonly node: HTMLElement;
  private knob: Knob;
  private sent: KnobValue | null = null;
  private readonly input: HTMLInputElement;
  private readonly state = h('span', { class: 'jt-muted' });

  constructor(
    knob: Knob,
    private readonly turn: (value: KnobValue) => Promise<void>
  ) {
    this.knob = knob;
    const isFlag = typeof knob.value === 'boolean';
    this.input = h('input', {
      type: isFlag ? 'checkbox' : 'text',
      class: isFlag ? null : 'jt-filter',
      inputmode: typeof knob.value === 'number' ? 'decimal' : null,
      autocomplete: 'off',
      spellcheck: 'false',
      title: 'the loop reads it anew; Enter changes it',
      onchange: () => this.send(),
      onkeydown: (event: KeyboardEvent) => this.onKey(event)
    });
    this.reset();
    this.node = h('label', { class: 'jt-knob' }, h('span', { title: knob.name }, shorten(knob.name, 30)), this.input, this.state);
  }

  update(knob: Knob, isRunning: boolean): void {
    const changed = knob.value !== this.knob.value;
    this.knob = knob;
    this.input.disabled = !isRunning;
    if (changed || !isRunning) {
      this.sent = null;
    }
    if (changed && (document.activeElement !== this.input || this.input.type === 'checkbox')) {
      this.reset();
    }
    const waiting = isRunning ? (this.sent ?? knob.asked) : null;
    this.state.textContent = waiting === null ? '' : `is ${knob.value} until the loop looks`;
  }

  reset(): void {
    this.sent = null;
    if (typeof this.knob.value === 'boolean') {
      this.input.checked = this.knob.value;
    } else {
      this.input.value = String(this.knob.value);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      this.send();
    } else if (event.key === 'Escape') {
      this.reset();
    }
  }

  private send(): void {
    const text = this.input.value.trim();
    const isNumber = isNumeric(this.knob.value) && text !== '' && Number.isFinite(Number(text));
    const value = this.input.type === 'checkbox' ? this.input.checked : isNumber ? Number(text) : text;
    if (value === '' || String(value) === String(this.knob.value)) {
      this.reset();
    } else if (value !== this.sent) {
      this.sent = value;
      void this.turn(value);
    }
  }
}

/** Whether a knob holds a number; those that JSON has no sign for come as texts. */
function isNumeric(value: KnobValue): boolean {
  return typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(String(value));
}

/** What is done after the stop was asked for: a sweep goes by trials, all else by what its loop calls a round. */
function stopText(kind: string): string {
  return `stop after this ${kind === 'sweep' ? 'trial' : 'epoch'}`;
}

function stopTitle({ kind, is_listening }: LiveFrame): string {
  if (kind === 'sweep') {
    return 'no other trial begins; a trial that looks at run.should_stop ends itself';
  }
  return is_listening ? 'run.should_stop turns true; the loop ends itself' : 'run.should_stop turns true. This loop has not looked at it yet.';
}

/** The foot: stop, note, and what was said last. */
export class Actions {
  readonly node: HTMLElement;
  private frame!: LiveFrame;
  private isStopping = false;
  private readonly stopButton = h(
    'button',
    { class: 'jt-button', type: 'button', onclick: () => void this.stop() },
    stopText('')
  );
  private readonly noteInput = h('input', {
    class: 'jt-filter',
    type: 'text',
    'aria-label': 'note',
    placeholder: 'add a note',
    maxlength: 2000,
    autocomplete: 'off',
    onkeydown: (event: KeyboardEvent) => void (event.key === 'Enter' && this.note())
  });
  private readonly said = h('span', { class: 'jt-said', role: 'status' });

  constructor(
    private readonly callbacks: LiveCallbacks,
    private readonly report: Report
  ) {
    this.node = h('div', { class: 'jt-foot' }, this.stopButton, h('span', { class: 'jt-note-form' }, this.noteInput), this.said);
  }

  update(frame: LiveFrame): void {
    if (frame.run_id !== this.frame?.run_id) {
      this.isStopping = false;
      replace(this.said);
    }
    this.frame = frame;
    this.node.hidden = frame.run_id === null;
    const isRunning = frame.status === 'RUNNING';
    const asked = frame.stop_asked || this.isStopping;
    this.stopButton.hidden = !isRunning;
    this.stopButton.disabled = asked;
    this.stopButton.textContent = asked ? 'asked to stop' : stopText(frame.kind);
    this.stopButton.title = stopTitle(frame);
    if (isRunning && asked && !frame.is_listening) {
      this.tell('The loop has not looked at run.should_stop yet; it stops when it does.');
    }
  }

  /** Say what became of something, here where it was asked for. */
  tell(said: string | Fault): void {
    const text = typeof said === 'string' ? said : [said.message, said.hint].filter(Boolean).join(' ');
    if (this.said.textContent !== text) {
      replace(this.said, h('span', { class: typeof said === 'string' ? 'jt-muted' : 'jt-bad' }, text));
    }
  }

  private async stop(): Promise<void> {
    this.isStopping = true;
    this.update(this.frame);
    try {
      await this.callbacks.stop({ run_id: this.frame.run_id! });
    } catch (error) {
      this.isStopping = false;
      this.update(this.frame);
      this.report(asFault(error));
    }
  }

  private async note(): Promise<void> {
    const text = this.noteInput.value.trim();
    if (!text) {
      return;
    }
    try {
      await this.callbacks.note({ run_id: this.frame.run_id!, text });
      this.noteInput.value = '';
      this.report('note kept');
    } catch (error) {
      this.report(asFault(error));
    }
  }
}
