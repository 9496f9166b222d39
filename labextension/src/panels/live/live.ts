// The live panel: one run while it trains. News are put into the frame as they come and drawn at once where the panel
// is seen; where it isn't, it says so, and whoever sends stops.

import { h, replace } from '../dom';
import { type Fault, type Rendered, asNumber } from '../frames';
import { exactMoment, formatDuration, formatNumber, plural, shorten, withThousands } from '../format';
import { stateMark } from '../marks';
import { Actions, Knobs } from './controls';
import { type LiveCallbacks, type LiveFrame, type LiveNews, applyNews } from './news';
import { progressText, systemTexts } from './text';
import { Tile } from './tile';

const MOST_TILES = 8;
const WATCH_MS = 8000;
const TICK_MS = 200;
const LOOK_MS = 500;
const SILENT_S = 20;
/** A panel that gets no word looks whether its run still runs, and waits twice as long before it looks again. */
const LOOK_ASIDE_S = 5;
/** A screen reader is told where things stand this often, and at once when the state changes. */
const TELL_MS = 30_000;
const EMPTY = 'No run is running. The next one shows here: put %%track in front of a cell that trains.';

export function renderLive(element: HTMLElement, frame: LiveFrame, callbacks: LiveCallbacks): LivePanel {
  const panel = new LivePanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  panel.begin();
  return panel;
}

export class LivePanel implements Rendered<LiveFrame> {
  readonly node = h('div', { class: 'jtrack jt-live-panel jt-interactive', role: 'group', 'aria-label': 'live' });
  private frame!: LiveFrame;
  private heardAt = 0;
  private lookAsideS = LOOK_ASIDE_S;
  private toldAt = 0;
  private toldState = '';
  private isSeen = false;
  private askedAt: number | null = null;
  private timers: number[] = [];
  private readonly tiles = new Map<string, Tile>();
  private readonly state = h('span');
  private readonly name = h('b', { class: 'jt-name' });
  private readonly where = h('span', { class: 'jt-where' });
  private readonly step = h('span', { class: 'jt-num' });
  private readonly elapsed = h('span', { class: 'jt-num' });
  private readonly silence = h('span', { class: 'jt-bad' });
  private readonly fault = h('div', { class: 'jt-strip jt-bad', hidden: true });
  private readonly bar = h('progress', { class: 'jt-bar', max: 1, 'aria-label': 'progress' });
  private readonly barText = h('span', { class: 'jt-num' });
  private readonly progress = h('div', { class: 'jt-strip jt-progress', hidden: true }, this.bar, this.barText);
  private readonly tileArea = h('div', { class: 'jt-tiles' });
  private readonly more = h('details', { class: 'jt-strip', hidden: true });
  private readonly system = h('div', { class: 'jt-strip jt-muted jt-system', hidden: true });
  private readonly notes = h('div', { class: 'jt-strip jt-notes', role: 'log', tabindex: 0, 'aria-label': 'notes', hidden: true });
  private readonly spoken = h('div', { class: 'jt-hidden', role: 'status' });
  private readonly knobs: Knobs;
  private readonly actions: Actions;
  private readonly observer: IntersectionObserver;
  private readonly onVisibility = (): void => this.see(this.isSeen);

  constructor(private readonly callbacks: LiveCallbacks) {
    const report = (said: string | Fault): void => this.actions.tell(said);
    this.knobs = new Knobs(callbacks, report);
    this.actions = new Actions(callbacks, report);
    const end = h('span', { class: 'jt-end' }, this.silence, this.step, this.elapsed);
    const head = h('div', { class: 'jt-head' }, h('span', {}, this.state, ' ', this.name), this.where, end);
    const parts = [this.fault, this.progress, this.tileArea, this.more, this.system, this.knobs.node, this.notes];
    replace(this.node, head, parts, this.actions.node, this.spoken);
    this.observer = new IntersectionObserver(entries => this.see(entries[entries.length - 1]!.isIntersecting));
  }

  /** Begin to tell whether the panel is seen, and to count the time. */
  begin(): void {
    this.observer.observe(this.node);
    document.addEventListener('visibilitychange', this.onVisibility);
    this.timers = [
      window.setInterval(() => this.tick(), TICK_MS),
      window.setInterval(() => this.keepWatching(), WATCH_MS),
      window.setInterval(() => this.callbacks.pushes || void this.look(), LOOK_MS)
    ];
  }

  /** Take what is new; where it doesn't fit, ask for all there is. */
  push(news: LiveNews): void {
    const next = applyNews(this.frame, news);
    if (next) {
      this.update(next);
    } else {
      void this.look(-1);
    }
  }

  looksByItself(): boolean {
    return true;
  }

  update(frame: LiveFrame): void {
    this.frame = frame;
    this.heardAt = performance.now();
    this.lookAsideS = LOOK_ASIDE_S;
    if (this.isSeen || !this.node.isConnected || this.toldState === '') {
      this.draw();
    }
  }

  dispose(): void {
    this.timers.forEach(timer => window.clearInterval(timer));
    this.observer.disconnect();
    document.removeEventListener('visibilitychange', this.onVisibility);
    void this.callbacks.watch({ visible: false }).catch(() => undefined);
    this.node.remove();
  }

  private see(isSeen: boolean): void {
    const before = this.isSeen;
    this.isSeen = isSeen && !document.hidden;
    if (this.isSeen !== before) {
      this.keepWatching(true);
      this.draw();
    }
  }

  private get isOpen(): boolean {
    return this.frame.status === 'RUNNING' || this.frame.run_id === null;
  }

  private keepWatching(turned = false): void {
    if (turned || (this.isSeen && this.isOpen)) {
      this.callbacks.watch({ visible: this.isSeen }).then(news => this.push(news), () => undefined);
    }
  }

  private async look(since = this.frame.seq): Promise<void> {
    const now = performance.now();
    const isAsking = this.askedAt !== null && now - this.askedAt < WATCH_MS;
    if (isAsking || !this.isSeen || (!this.isOpen && since >= 0)) {
      return;
    }
    this.askedAt = now;
    try {
      this.push(await this.callbacks.look({ since }));
    } catch {
      // The next look may be answered; that nothing is heard shows in the head.
    } finally {
      this.askedAt = null;
    }
  }

  /** Whoever holds the panel says nothing: if the run is over, show that. */
  private async lookAside(): Promise<void> {
    try {
      const news = await this.callbacks.lookAside({ run_id: this.frame.run_id! });
      if ('whole' in news && news.whole!.run_id === this.frame.run_id && news.whole!.status !== 'RUNNING') {
        this.update(news.whole!);
      }
    } catch {
      // Nobody knows; that nothing is heard shows in the head.
    }
  }

  private tick(): void {
    if (!this.isSeen || this.frame.status !== 'RUNNING' || this.frame.elapsed_s === null) {
      return;
    }
    const silent = (performance.now() - this.heardAt) / 1000;
    this.elapsed.textContent = formatDuration(this.frame.elapsed_s + silent);
    this.silence.textContent = silent > SILENT_S ? `no word for ${formatDuration(Math.floor(silent))}` : '';
    if (this.callbacks.pushes && silent > this.lookAsideS) {
      this.lookAsideS *= 2;
      void this.lookAside();
    }
  }

  private draw(): void {
    const { frame } = this;
    this.drawHead();
    this.fault.hidden = frame.error === null;
    replace(this.fault, frame.error && h('code', {}, shorten(frame.error, 300)));
    this.progress.hidden = frame.progress === null;
    if (frame.progress) {
      this.bar.value = frame.progress.fraction;
      this.barText.textContent = progressText(frame.progress);
    }
    this.drawTiles();
    this.system.hidden = frame.system === null;
    replace(this.system, frame.system && systemTexts(frame.system).map(text => h('span', {}, text)));
    this.knobs.update(frame);
    this.drawNotes();
    this.actions.update(frame);
    this.tell();
  }

  private drawHead(): void {
    const { frame } = this;
    if (frame.run_id === null) {
      replace(this.name, 'live');
      replace(this.where, EMPTY);
      [this.state, this.step, this.elapsed].forEach(part => replace(part));
      return;
    }
    const state = `${frame.run_id} ${frame.status}`;
    if (this.toldState !== state) {
      replace(this.state, stateMark(frame.status));
      this.state.classList.toggle('jt-pulse', frame.status === 'RUNNING');
      this.silence.textContent = '';
    }
    this.name.textContent = shorten(frame.run_name, 60);
    replace(
      this.where,
      h('span', { title: frame.run_id }, 'run ', h('code', {}, frame.run_id.slice(0, 8))),
      h('span', {}, shorten(frame.experiment_name, 60)),
      frame.execution_count !== null && h('span', {}, `cell [${frame.execution_count}]`)
    );
    this.step.textContent = frame.step === null ? '' : `step ${withThousands(String(frame.step))}`;
    this.elapsed.textContent = formatDuration(frame.elapsed_s);
  }

  private drawTiles(): void {
    const shown = this.frame.metrics.slice(0, MOST_TILES);
    const keys = shown.map(metric => metric.key);
    if (keys.join('\n') !== [...this.tiles.keys()].join('\n')) {
      const kept = new Map(this.tiles);
      this.tiles.clear();
      shown.forEach(metric => this.tiles.set(metric.key, kept.get(metric.key) ?? new Tile(metric)));
      replace(this.tileArea, [...this.tiles.values()].map(tile => tile.node));
    }
    shown.forEach(metric => this.tiles.get(metric.key)!.update(metric));
    if (!shown.length && this.frame.run_id !== null) {
      replace(this.tileArea, h('div', { class: 'jt-quiet' }, 'No metric was logged yet: jtrack.log_metric("loss", loss, step=epoch)'));
    }
    this.tileArea.hidden = this.frame.run_id === null;
    this.drawMore();
  }

  private drawMore(): void {
    const rest = this.frame.metrics.slice(MOST_TILES);
    this.more.hidden = rest.length === 0;
    if (!rest.length) {
      return;
    }
    if (!this.more.firstChild) {
      this.more.append(h('summary', {}), h('table', {}));
    }
    const [summary, table] = [...this.more.children] as [HTMLElement, HTMLElement];
    summary.textContent = `${plural(this.frame.n_metrics - MOST_TILES, 'more metric')}`;
    if ((this.more as HTMLDetailsElement).open) {
      const row = (metric: LiveFrame['metrics'][number]): HTMLElement =>
        h('tr', {}, h('th', { scope: 'row' }, shorten(metric.key, 40)), h('td', { class: 'jt-num' }, formatNumber(asNumber(metric.last))));
      replace(table, rest.map(row));
    }
  }

  private drawNotes(): void {
    const { notes } = this.frame;
    this.notes.hidden = notes.length === 0;
    if (this.notes.childElementCount !== notes.length) {
      const line = (note: LiveFrame['notes'][number]): HTMLElement =>
        h('div', {}, h('time', { class: 'jt-muted', title: exactMoment(note.at) }, new Date(note.at).toTimeString().slice(0, 8)), ' ', shorten(note.text, 400));
      replace(this.notes, notes.map(line));
      this.notes.scrollTop = this.notes.scrollHeight;
    }
  }

  private tell(): void {
    const { frame } = this;
    const state = `${frame.run_id} ${frame.status}`;
    const now = performance.now();
    const first = this.toldState === '';
    if (state === this.toldState && now - this.toldAt < TELL_MS) {
      return;
    }
    [this.toldState, this.toldAt] = [state, now];
    const metric = frame.metrics[0];
    const parts = [
      frame.run_id === null ? 'waiting for a run' : `${frame.run_name} ${frame.status.toLowerCase()}`,
      frame.step === null ? '' : `step ${frame.step}`,
      metric ? `${metric.key} ${formatNumber(asNumber(metric.last))}` : '',
      frame.progress ? progressText(frame.progress) : ''
    ];
    this.spoken.textContent = first ? '' : parts.filter(Boolean).join(', ');
  }
}
