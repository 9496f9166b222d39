// The files of a run by folder, and the chosen one beside them.

import { type Child, h, replace } from '../dom';
import { asFault } from '../frames';
import { formatBytes } from '../format';
import { faultMark } from '../marks';
import { previewBlock } from './preview';
import type { Artifact, Page, Preview } from './frame';

const ORDER = ['image', 'html', 'table', 'json', 'text'];

export async function drawFiles(page: Page): Promise<Child> {
  const { frame } = page;
  const files = frame.artifacts.length === frame.n_artifacts ? frame.artifacts : await page.ask<Artifact[]>('artifacts');
  const part = new FilesPart(page, files);
  await part.showFirst();
  return part.node;
}

class FilesPart {
  readonly node = h('div', { class: 'jt-halves jt-files' });
  private readonly shown = h('div', { class: 'jt-beside', role: 'region', 'aria-label': 'preview' });
  private readonly buttons = new Map<string, HTMLElement>();
  private turn = 0;

  constructor(
    private readonly page: Page,
    private readonly files: Artifact[]
  ) {
    const folders = new Map<string, Artifact[]>();
    for (const file of files) {
      const folder = file.path.split('/').slice(0, -1).join('/');
      folders.set(folder, [...(folders.get(folder) ?? []), file]);
    }
    const list = [...folders].map(([folder, inside]) => [
      folder && h('li', { class: 'jt-folder' }, `${folder}/`),
      inside.map(file => this.item(file, folder !== ''))
    ]);
    this.node.append(h('ul', { class: 'jt-file-list' }, list), this.shown);
  }

  /** Show the file that was chosen before, else one that says most at a glance. */
  async showFirst(): Promise<void> {
    const { files } = this;
    const chosen = files.find(file => file.path === this.page.memory.get('files'));
    let shown: string | undefined;
    let next = chosen ?? ORDER.flatMap(kind => files.filter(file => file.kind === kind))[0] ?? files[0];
    // Another may be chosen meanwhile, in the part that this one takes the place of.
    while (next && next.path !== shown) {
      shown = next.path;
      await this.choose(next);
      next = files.find(file => file.path === this.page.memory.get('files'));
    }
  }

  private item(file: Artifact, inFolder: boolean): HTMLElement {
    const name = file.path.split('/').pop() ?? file.path;
    const attributes = { type: 'button', class: inFolder ? 'jt-file jt-inside' : 'jt-file', title: file.path, 'aria-pressed': 'false' };
    const button = h('button', { ...attributes, onclick: () => void this.choose(file) }, h('span', { class: 'jt-cut' }, name), h('span', { class: 'jt-muted jt-num' }, formatBytes(file.n_bytes)));
    this.buttons.set(file.path, button);
    return h('li', {}, button);
  }

  private async choose(file: Artifact): Promise<void> {
    const turn = ++this.turn;
    this.page.memory.set('files', file.path);
    this.buttons.forEach((button, path) => button.setAttribute('aria-pressed', String(path === file.path)));
    const head = this.head(file);
    // At once, for a click on "download" to be about the file that was just chosen.
    replace(this.shown, head);
    try {
      const preview = await this.page.ask<Preview>('preview', { path: file.path });
      if (turn === this.turn) {
        replace(this.shown, head, previewBlock(preview));
      }
    } catch (error) {
      if (turn === this.turn) {
        replace(this.shown, head, faultMark(asFault(error)));
      }
    }
  }

  private head(file: Artifact): HTMLElement {
    const fault = h('div');
    const button: HTMLButtonElement = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.download(file, button, fault) }, 'download');
    return h('div', {}, h('div', { class: 'jt-cell-head' }, h('b', {}, file.path), h('span', { class: 'jt-muted' }, formatBytes(file.n_bytes)), h('span', { class: 'jt-end' }, button)), fault);
  }

  private async download(file: Artifact, button: HTMLButtonElement, fault: HTMLElement): Promise<void> {
    button.disabled = true;
    try {
      const { name, data } = await this.page.ask<{ name: string; data: string }>('download', { path: file.path });
      // Never of a type that a browser would show: it is to be kept, and not to be run at this page's address.
      const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
      const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
      h('a', { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      replace(fault);
    } catch (error) {
      replace(fault, faultMark(asFault(error)));
    }
    button.disabled = false;
  }
}
