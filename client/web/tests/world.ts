/** A client among sockets, timers and a clock that tests move by hand. */

import { Client, type Address, type Snapshot, type Socket, type Surroundings, type Watched } from "../src/selador/client.ts";
import type { Request } from "../src/selador/request.ts";

/** What a client did of its own accord. */
export type Deed =
  | { at: number; client: "connects"; socket: FakeSocket; subprotocols: string[] }
  | { at: number; client: "sends"; socket: FakeSocket; message: Record<string, unknown> }
  | { at: number; client: "closes"; socket: FakeSocket };

export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;

  constructor(
    readonly url: string,
    private readonly tell: (deed: "sends" | "closes", socket: FakeSocket, text: string) => void,
  ) {}

  send(text: string): void {
    this.tell("sends", this, text);
  }

  close(): void {
    this.tell("closes", this, "");
  }

  // What the server and the network do. Of an event the client reads these members alone.
  opens(): void {
    this.onopen?.call(this as never, {} as Event);
  }

  says(data: unknown): void {
    this.onmessage?.call(this as never, { data } as MessageEvent);
  }

  closes(code: number): void {
    this.onclose?.call(this as never, { code } as CloseEvent);
  }
}

interface Timer {
  at: number;
  then: () => void;
}

export class World {
  now = 0;
  readonly deeds: Deed[] = [];
  readonly watched: Watched[] = [];
  readonly client: Client;
  #timers: Timer[] = [];
  #ids = 0;

  constructor(address: Address = { url: "ws://here/local" }, openFails?: Error, earlier: Request[] = []) {
    const surroundings: Surroundings = {
      open: (url, subprotocols) => {
        if (openFails) throw openFails;
        const socket: FakeSocket = new FakeSocket(url, (client, from, text) =>
          this.deeds.push(
            client === "closes"
              ? { at: this.now, client, socket: from }
              : { at: this.now, client, socket: from, message: JSON.parse(text) as Record<string, unknown> },
          ),
        );
        this.deeds.push({ at: this.now, client: "connects", socket, subprotocols });
        return socket;
      },
      now: () => this.now,
      after: (milliseconds, then) => {
        const timer = { at: this.now + milliseconds, then };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
      random: () => 0.5, // waits are neither longer nor shorter than the protocol's
      newId: () => `id-${++this.#ids}`,
      watch: (what) => this.watched.push(what),
    };
    this.client = new Client(address, surroundings, earlier);
  }

  /** Move the clock; each timer fires at its time. */
  passTo(at: number): void {
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.at <= at).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.then();
    }
    this.now = at;
  }

  /** Move the clock as a frozen page sees it: no timer fires before the end. */
  freezeTo(at: number): void {
    this.now = at;
  }

  get snapshot(): Snapshot {
    return this.client.snapshot();
  }

  request(key: string): Request {
    const found = this.snapshot.requests.all.find((request) => request.key === key);
    if (found === undefined) throw new Error(`no request ${key}`);
    return found;
  }

  get sockets(): FakeSocket[] {
    return this.deeds.filter((deed) => deed.client === "connects").map(({ socket }) => socket);
  }

  get socket(): FakeSocket {
    const newest = this.sockets.at(-1);
    if (newest === undefined) throw new Error("no socket was opened");
    return newest;
  }

  sentOver(socket: FakeSocket): Record<string, unknown>[] {
    return this.deeds.flatMap((deed) => (deed.client === "sends" && deed.socket === socket ? [deed.message] : []));
  }

  says(frame: object, socket = this.socket): void {
    socket.says(JSON.stringify(frame));
  }
}
