// Files that several of the runs have under one path, shown side by side: images, tables, texts.

import { h, replace } from '../dom';
import { type CompareCallbacks, type CompareFrame, type ComparedFile, asFault } from '../frames';
import { plural, shorten } from '../format';
import { N_COLOURS, faultMark } from '../marks';
import { previewBlock } from '../run/preview';

const AT_ONCE = 4;

export class FilesBeside {
  readonly node = h('div', { class: 'jt-files-beside' });
  private readonly bar = h('div', { class: 'jt-toolbar' });
  private readonly shown = h('div', { class: 'jt-columns-of-files' });
  private readonly more = h('button', { type: 'button', class: 'jt-link', onclick: () => this.showMore() });
  private waiting: number[] = [];
  private path = '';
  private turn = 0;

  constructor(
    private readonly frame: CompareFrame,
    private readonly callbacks: CompareCallbacks
  ) {
    replace(this.node, this.bar, this.shown, this.more);
    this.more.hidden = true;
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      const files = await this.callbacks.files();
      const note = h('span', { class: 'jt-muted' });
      const select: HTMLSelectElement = h(
        'select',
        { 'aria-label': 'file', onchange: () => this.choose(files[Number(select.value)]!, note) },
        files.map((file, i) => h('option', { value: i }, shorten(file.path, 60)))
      );
      replace(this.bar, h('label', {}, 'file ', select), note);
      if (files[0]) {
        this.choose(files[0], note);
      }
    } catch (error) {
      replace(this.shown, faultMark(asFault(error)));
    }
  }

  private choose(file: ComparedFile, note: HTMLElement): void {
    this.turn++;
    this.path = file.path;
    replace(note, `in ${plural(file.runs.length, 'run')}${file.is_same ? ', the same in all' : ''}`);
    replace(this.shown);
    this.waiting = file.is_same ? file.runs.slice(0, 1) : [...file.runs];
    this.showMore();
  }

  private showMore(): void {
    this.waiting.splice(0, AT_ONCE).forEach(run => void this.add(run, this.turn));
    this.more.hidden = this.waiting.length === 0;
    replace(this.more, `${plural(this.waiting.length, 'more run')}`);
  }

  private async add(index: number, turn: number): Promise<void> {
    const run = this.frame.runs[index]!;
    const body = h('div');
    const head = h('div', {}, h('b', { class: `jt-letter jt-cat-${index % N_COLOURS}` }, run.letter), ` ${shorten(run.run_name, 40)}`);
    this.shown.append(h('div', { class: 'jt-one-file' }, head, body));
    try {
      const preview = await this.callbacks.preview({ run: index, path: this.path });
      if (turn === this.turn) {
        replace(body, previewBlock(preview));
      }
    } catch (error) {
      replace(body, faultMark(asFault(error)));
    }
  }
}
