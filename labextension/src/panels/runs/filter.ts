// The filter in the head of the table: a text that is asked for with Enter, and completed while it is typed by whoever
// knows the keys. Places in it count characters, as in Python; the browser counts UTF-16 units.

import { h, replace } from '../dom';
import type { Fault } from '../frames';
import { showBeside } from '../menu';
import type { Completion, Completions, RunsFrame } from './frame';

const PAUSE_MS = 60;
const MOST_SHOWN = 12;
const KINDS: Record<Completion['kind'], string> = { name: '', operator: '', value: 'value', word: '' };
let nBoxes = 0;

interface FilterCallbacks {
  complete(asked: { text: string; position: number }): Promise<Completions>;
  search(text: string): void;
  escape(): void;
}

export class FilterBox {
  readonly node: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLElement;
  private asked = '';
  private found: Completions = { start: 0, end: 0, choices: [] };
  private active = -1;
  private timer = 0;
  /** Counts the questions: only the newest is answered. */
  private turn = 0;

  constructor(private readonly callbacks: FilterCallbacks) {
    const id = `jt-completions-${++nBoxes}`;
    this.input = h('input', {
      class: 'jt-filter',
      type: 'text',
      role: 'combobox',
      'aria-label': 'filter runs',
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': id,
      spellcheck: 'false',
      autocomplete: 'off',
      oninput: () => this.askSoon(),
      onkeydown: (event: KeyboardEvent) => this.onKey(event),
      onblur: () => this.close()
    });
    this.list = h('div', { class: 'jt-completions', id, role: 'listbox', 'aria-label': 'completions', hidden: true });
    // A click in the list would take the focus from the text, and so close it.
    this.list.addEventListener('pointerdown', event => event.preventDefault());
    this.node = h('div', { class: 'jt-search', role: 'search' }, this.input, this.list);
  }

  update(frame: RunsFrame): void {
    const isTyping = document.activeElement === this.input && this.input.value.trim() !== this.asked;
    this.asked = frame.query.filter_string;
    if (!isTyping) {
      this.input.value = this.asked;
    }
    this.input.placeholder = `such as ${exampleFilter(frame)}`;
    this.input.removeAttribute('aria-invalid');
  }

  /** Select the word that a fault is about. */
  showFault({ position }: Fault, text: string): void {
    this.input.setAttribute('aria-invalid', String(position !== null));
    if (position !== null) {
      const start = unitsOf(text, position);
      const end = start + (/^\S+/.exec(text.slice(start))?.[0].length ?? 0);
      this.input.value = text;
      this.input.focus({ preventScroll: true });
      this.input.setSelectionRange(start, end);
    }
  }

  dispose(): void {
    this.close();
  }

  private onKey(event: KeyboardEvent): void {
    const isOpen = !this.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    // Not a form: JupyterLab keeps Enter in a form of an output from submitting it.
    if (isOpen && step) {
      this.activate((this.active + step + this.shown.length + (this.active < 0 && step < 0 ? 1 : 0)) % this.shown.length);
    } else if (isOpen && (event.key === 'Tab' || (event.key === 'Enter' && this.active >= 0)) && !event.shiftKey) {
      this.take(Math.max(this.active, 0));
    } else if (event.key === 'Enter') {
      this.close();
      this.callbacks.search(this.input.value.trim());
    } else if (event.key === 'Escape') {
      if (isOpen) {
        this.close();
      } else {
        this.input.value = this.asked;
        this.input.removeAttribute('aria-invalid');
        this.callbacks.escape();
      }
    } else if (event.key === ' ' && event.ctrlKey) {
      void this.ask();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private get shown(): Completion[] {
    return this.found.choices.slice(0, MOST_SHOWN);
  }

  private askSoon(): void {
    clearTimeout(this.timer);
    this.turn++;
    this.timer = setTimeout(() => void this.ask(), PAUSE_MS);
  }

  private async ask(): Promise<void> {
    const turn = ++this.turn;
    const text = this.input.value;
    try {
      const found = await this.callbacks.complete({ text, position: [...text.slice(0, this.input.selectionStart ?? 0)].length });
      if (turn === this.turn && document.activeElement === this.input) {
        this.open(found);
      }
    } catch {
      // Help that can't be had is no news while one types.
      this.close();
    }
  }

  private open(found: Completions): void {
    this.found = found;
    this.active = -1;
    const options = this.shown.map(({ text, kind }, index) =>
      h('div', { role: 'option', id: `${this.list.id}-${index}`, 'aria-selected': 'false', onclick: () => this.take(index) }, h('code', {}, text), KINDS[kind] && h('span', { class: 'jt-muted' }, KINDS[kind]))
    );
    replace(this.list, options);
    this.list.hidden = options.length === 0;
    this.input.setAttribute('aria-expanded', String(options.length > 0));
    this.input.removeAttribute('aria-activedescendant');
    if (options.length > 0) {
      showBeside(this.list, this.input);
    }
  }

  private activate(index: number): void {
    this.list.children[this.active]?.setAttribute('aria-selected', 'false');
    this.active = index;
    const option = this.list.children[index];
    option?.setAttribute('aria-selected', 'true');
    this.input.setAttribute('aria-activedescendant', option?.id ?? '');
  }

  private take(index: number): void {
    const choice = this.shown[index];
    if (!choice) {
      return;
    }
    const { value } = this.input;
    const [start, end] = [unitsOf(value, this.found.start), unitsOf(value, this.found.end)];
    const text = choice.text === '(' ? choice.text : `${choice.text} `;
    this.input.setRangeText(text, start, value[end] === ' ' ? end + 1 : end, 'end');
    this.close();
    void this.ask();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.turn++;
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }
}

/** How many UTF-16 units the first characters of a text are. */
function unitsOf(text: string, nCharacters: number): number {
  return [...text].slice(0, nCharacters).join('').length;
}

/** A filter that finds something: the best run, and those that come near. */
function exampleFilter({ columns }: RunsFrame): string {
  const metric = columns.find(column => column.kind === 'metrics' && column.best !== null);
  if (!metric || metric.best === null) {
    return 'metrics.accuracy > 0.9';
  }
  const isLower = metric.direction === 'lower';
  return `${metric.id} ${isLower ? '<' : '>'} ${roundedBeside(metric.best, isLower)}`;
}

/** Two digits of a number, rounded upwards or downwards so that it stays on its side. */
export function roundedBeside(value: number, isUpwards: boolean): number {
  if (value === 0 || !Number.isFinite(value)) {
    return value;
  }
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  const whole = value / unit;
  const rounded = isUpwards ? Math.floor(whole) + 1 : Math.ceil(whole) - 1;
  return Number((rounded * unit).toPrecision(2));
}
