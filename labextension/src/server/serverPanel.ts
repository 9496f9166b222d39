// One panel that lives in the server (jtrack/server/panels.py): opened with params, then asked. A server that was started
// anew has forgotten it; it is then opened again, so that its page goes on as if nothing had been.

import type { Fault } from '../panels/frames';
import { type Api, ApiFault, type Place } from './api';

const GONE = 410;

interface Reply {
  panel_id: string;
  result?: unknown;
  error?: Fault;
}

export class ServerPanel {
  private panelId: string | null = null;

  constructor(
    private readonly api: Api,
    readonly place: Place,
    readonly name: string,
    private readonly params: object
  ) {}

  /** Make the panel; gives its frame, and rejects with a fault. */
  async open(): Promise<unknown> {
    return this.take(await this.post({ params: this.params }));
  }

  /** The frame as it is now. */
  look(): Promise<any> {
    return this.request({});
  }

  ask(method: string, params: object): Promise<any> {
    return this.request({ method, params });
  }

  private async request(question: object): Promise<unknown> {
    try {
      return this.take(await this.post({ ...question, panel_id: this.panelId }));
    } catch (error) {
      if (!(error instanceof ApiFault && error.status === GONE)) {
        throw error;
      }
      await this.open();
      return this.take(await this.post({ ...question, panel_id: this.panelId }));
    }
  }

  private post(question: object): Promise<Reply> {
    return this.api.post(`panels/${this.name}`, { ...this.place, ...question });
  }

  private take(reply: Reply): unknown {
    if (reply.error) {
      throw reply.error;
    }
    this.panelId = reply.panel_id;
    return reply.result;
  }
}
