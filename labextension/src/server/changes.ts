// Tells who listens that something was logged. The server is asked in one long request after the other, never in two at
// once: a browser has six connections to a server for everything, and JupyterLab has several tabs.

import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

import type { Api, Place } from './api';

const ALONE_S = 25;
/** With several stores each has its turn. */
const IN_TURN_S = 2;
const RETRY_MS = [1000, 2000, 5000, 10000];

interface Watched {
  place: Place;
  token: string | null;
  listeners: Set<() => void>;
}

interface Answer {
  token: string;
  changed: boolean;
}

export class Changes {
  private readonly watched = new Map<string, Watched>();
  private isRunning = false;
  private wake = new AbortController();
  private n_failures = 0;

  constructor(private readonly api: Api) {
    document.addEventListener('visibilitychange', () => this.wake.abort());
  }

  /** Call `listener` when the store of a place changes, or may have while the server was away. */
  watch(place: Place, listener: () => void): IDisposable {
    let key: string | null = null;
    let isOver = false;
    const begin = async (): Promise<void> => {
      // Two notebooks in one folder have one store, and need one request.
      const store = await this.storeOf(place);
      if (!isOver) {
        key = store;
        this.add(store, place, listener);
      }
    };
    void begin();
    return new DisposableDelegate(() => {
      isOver = true;
      if (key !== null) {
        this.remove(key, listener);
      }
    });
  }

  private async storeOf(place: Place): Promise<string> {
    try {
      return (await this.api.where(place)).store_path;
    } catch {
      return JSON.stringify(place);
    }
  }

  private add(key: string, place: Place, listener: () => void): void {
    const found = this.watched.get(key);
    if (found) {
      found.listeners.add(listener);
      return;
    }
    this.watched.set(key, { place, token: null, listeners: new Set([listener]) });
    this.wake.abort();
    if (!this.isRunning) {
      void this.run();
    }
  }

  private remove(key: string, listener: () => void): void {
    const found = this.watched.get(key);
    found?.listeners.delete(listener);
    if (found?.listeners.size === 0) {
      this.watched.delete(key);
      this.wake.abort();
    }
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.watched.size > 0) {
      this.wake = new AbortController();
      if (document.hidden) {
        await this.sleep(null);
      }
      for (const watched of [...this.watched.values()]) {
        if (!this.wake.signal.aborted) {
          await this.ask(watched);
        }
      }
    }
    this.isRunning = false;
  }

  private async ask(watched: Watched): Promise<void> {
    const { signal } = this.wake;
    const timeout = watched.token === null ? 0 : this.watched.size > 1 ? IN_TURN_S : ALONE_S;
    try {
      const words = { ...watched.place, since: watched.token ?? undefined, timeout };
      const answer = await this.api.get<Answer>('changes', words, signal);
      const isNews = watched.token !== null && answer.changed;
      watched.token = answer.token;
      if (isNews || this.n_failures > 0) {
        watched.listeners.forEach(listener => listener());
      }
      this.n_failures = 0;
    } catch {
      if (!signal.aborted) {
        await this.sleep(RETRY_MS[Math.min(this.n_failures++, RETRY_MS.length - 1)]!);
      }
    }
  }

  /** Until the time is up (never, for null) or something wakes it. */
  private sleep(ms: number | null): Promise<void> {
    const { signal } = this.wake;
    return new Promise(resolve => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** Let `work` follow its calls without two of it at once, and with a pause after each; the last call is never lost. */
export function paced(work: () => Promise<void>, pauseMs: number): () => void {
  let isBusy = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      await work();
      await new Promise(resolve => setTimeout(resolve, pauseMs));
    }
    isBusy = false;
  };
  return () => {
    isWanted = true;
    if (!isBusy) {
      void run();
    }
  };
}
