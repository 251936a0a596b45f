/** A server whose every frame a test says, in place of the page's WebSocket. */

import type { Page, WebSocketRoute } from "playwright-core";

export class Scripted {
  readonly messages: Record<string, string>[] = [];
  #route: WebSocketRoute | undefined;
  #waiting: (() => void)[] = [];
  #seq = 0;
  #attempt = 0;

  static async on(page: Page): Promise<Scripted> {
    const server = new Scripted();
    await page.routeWebSocket(/./, (route) => {
      server.#route = route;
      route.onMessage((text) => {
        server.messages.push(JSON.parse(String(text)) as Record<string, string>);
        for (const wake of server.#waiting.splice(0)) wake();
      });
    });
    return server;
  }

  /** Wait until the page has sent so many messages. */
  async asked(count = 1): Promise<void> {
    while (this.messages.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  accepts(): void {
    this.#send({ type: "accepted", messageId: "m-1", deadlineSeconds: 2820 });
  }

  /** Begin an attempt, the first one or the next. */
  starts(attempt = 1): void {
    this.#attempt = attempt;
    this.#seq = 0;
    this.says("started");
  }

  /** Send the next frame of the attempt. */
  says(type: string, members: object = {}): void {
    this.#send({ type, attempt: this.#attempt, seq: this.#seq++, ...members });
  }

  completes(): void {
    this.says("completed", { truncated: false, sessionId: "s-1" });
  }

  refuses(members: object): void {
    this.#send({ type: "error", retryable: false, ...members });
  }

  sendsText(text: string): void {
    this.#route?.send(text);
  }

  async closes(code: number): Promise<void> {
    await this.#route?.close({ code });
  }

  #send(frame: object): void {
    const requestId = this.messages.findLast(({ action }) => action === "invoke")?.requestId;
    this.sendsText(JSON.stringify({ requestId, ...frame }));
  }
}
