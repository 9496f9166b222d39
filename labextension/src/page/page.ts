// The page that jtrack serves by itself, at `<base_url>jtrack`: the same panels as in a notebook and in JupyterLab, over
// the same server. Where one is stands in the address behind the #, so that it can be kept, sent, and gone back from.

import { h, replace } from '../panels/dom';
import { asFault } from '../panels/frames';
import { faultMark } from '../panels/marks';
import { listen } from '../panels/tell';
import { Api, type Place } from '../server/api';
import { Changes } from '../server/changes';
import { PanelView } from '../server/panelView';
import { type Spot, parseSpot, spotHash } from '../server/spot';

/** So many panels stay as they were left; the one left longest ago is made anew when one comes back to it. */
const MOST_KEPT = 8;
const FIRST: Spot = { panel: 'runs', params: {} };

interface Kept {
  node: HTMLElement;
  view: PanelView;
  title: string;
}

class Page {
  private readonly place: Place;
  private readonly api: Api;
  private readonly changes: Changes;
  private readonly kept = new Map<string, Kept>();
  private readonly main = h('main', { class: 'jtp-main', tabindex: -1 });
  private readonly heading = h('h1', { class: 'jtp-hidden' });
  private readonly where = h('span', { class: 'jtp-where' });
  private readonly links: [Spot, HTMLAnchorElement][];
  private readonly resized = new ResizeObserver(() => this.resize());

  constructor(baseUrl: string) {
    this.place = placeOf(new URLSearchParams(location.search));
    this.api = new Api((path, init) => send(`${baseUrl}jtrack/api/${path}`, init));
    this.changes = new Changes(this.api);
    const link = (spot: Spot, text: string): [Spot, HTMLAnchorElement] => [spot, h('a', { href: spotHash(spot) }, text)];
    this.links = [link(FIRST, 'runs'), link({ panel: 'parallel', params: {} }, 'parallel'), link({ panel: 'live', params: {} }, 'live'), link({ panel: 'models', params: {} }, 'models')];
    const nav = h('nav', { class: 'jtp-nav', 'aria-label': 'panels' }, this.links.map(([, anchor]) => anchor));
    document.body.append(h('header', { class: 'jtp-head' }, h('b', {}, 'jtrack'), nav, this.where), this.heading, this.main);
  }

  begin(): void {
    window.addEventListener('hashchange', () => this.show());
    this.resized.observe(this.main);
    listen(document, 'jtrack-open-run', ({ run_id }, event) => {
      event.preventDefault();
      this.go({ panel: 'run', params: { run_id } });
    });
    listen(document, 'jtrack-open-panel', ({ panel, params }, event) => {
      event.preventDefault();
      this.go({ panel, params });
    });
    listen(document, 'jtrack-shown-run', ({ run_name }) => this.retitle(run_name));
    void this.tellWhere();
    this.show();
  }

  private go(spot: Spot): void {
    location.hash = spotHash(spot);
  }

  private async tellWhere(): Promise<void> {
    try {
      const { store_path } = await this.api.where(this.place);
      replace(this.where, store_path);
      this.where.title = `the runs in ${store_path}`;
    } catch (error) {
      replace(this.where, faultMark(asFault(error)));
    }
  }

  private show(): void {
    const hash = location.hash;
    const spot = parseSpot(hash) ?? FIRST;
    const found = this.kept.get(hash) ?? this.open(spot);
    // The one shown last is the last to be forgotten.
    this.kept.delete(hash);
    this.kept.set(hash, found);
    this.forget();
    replace(this.main, found.node);
    this.tellTitle(found);
    for (const [own, anchor] of this.links) {
      anchor.toggleAttribute('aria-current', own.panel === spot.panel && Object.keys(spot.params).length === 0);
    }
    this.resize();
    this.main.focus({ preventScroll: true });
  }

  /** The panel in front shows something else now. */
  private retitle(title: string): void {
    const kept = this.kept.get(location.hash);
    if (kept) {
      kept.title = title;
      this.tellTitle(kept);
    }
  }

  private open(spot: Spot): Kept {
    const node = h('div', { class: 'jtp-panel' });
    const args = { panel: spot.panel, params: modelParams(spot), place: this.place, label: spot.panel };
    return { node, view: new PanelView(node, this.api, this.changes, args, () => undefined), title: spot.panel };
  }

  private forget(): void {
    for (const [hash, { view }] of [...this.kept].slice(0, -MOST_KEPT)) {
      view.dispose();
      this.kept.delete(hash);
    }
  }

  private tellTitle({ node, title }: Kept): void {
    if (node.isConnected) {
      document.title = `${title} – jtrack`;
      replace(this.heading, title);
    }
  }

  private resize(): void {
    this.kept.get(location.hash)?.view.resize(this.main.clientHeight - 24);
  }
}

/** A page of everything shows all runs, however many there are. */
function modelParams({ panel, params }: Spot): Record<string, unknown> {
  return panel === 'runs' ? { max_results: 100_000, ...params } : params;
}

/** Which store is meant: the server's own, unless the address names another folder below its root. */
function placeOf(words: URLSearchParams): Place {
  const notebook = words.get('notebook_path');
  return notebook ? { notebook_path: notebook } : { store: words.get('store') ?? '' };
}

function send(url: string, init: RequestInit): Promise<Response> {
  const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const headers = { 'Content-Type': 'application/json', ...(xsrf ? { 'X-XSRFToken': xsrf } : {}) };
  return fetch(url, { ...init, headers, credentials: 'same-origin', cache: 'no-store' });
}

/** The token did its work when the page was asked for: from here on a cookie does, and nobody shall copy it from here. */
function hideToken(): void {
  const address = new URL(location.href);
  if (address.searchParams.has('token')) {
    address.searchParams.delete('token');
    history.replaceState(null, '', address);
  }
}

hideToken();
new Page(document.body.dataset.baseUrl ?? '/').begin();
