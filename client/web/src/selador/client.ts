/**
 * Asks over a WebSocket that comes and goes.
 *
 * It decides nothing about frames: request.ts and requests.ts do. Sockets, timers, randomness and ids are arguments.
 * After each event `#settle` does whatever is due and sets one timer for what is due next.
 */

import { MAX_FRAME_BYTES, SUBPROTOCOL } from "../../../typescript/protocol.ts";
import { closeInWords, MOST_TRIES, OLDEST_MS, OPENS_WITHIN_MS, PING_AFTER_MS, waitMs, whyUnreachable } from "./connection.ts";
import { parse } from "./frames.ts";
import * as life from "./request.ts";
import type { Question, Request } from "./request.ts";
import { after, each, NONE, type Requests } from "./requests.ts";

/** The part of a browser's WebSocket that is used. */
export type Socket = Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "send" | "close">;

export interface Surroundings {
  open(url: string, subprotocols: string[]): Socket;
  now(): number;
  /** Call `then` after so many milliseconds, unless the returned function was called before. */
  after(milliseconds: number, then: () => void): () => void;
  random(): number;
  newId(): string;
  /** Is told of each message, and of what connections do. */
  watch?(what: Watched): void;
}

export interface Watched {
  readonly at: number;
  readonly direction: "sent" | "received" | "connection";
  readonly text: string;
}

export interface Address {
  readonly url: string;
  /** A function gives the token of each new connection, so that it can renew one; a text is what a user pasted. */
  readonly token?: string | (() => string);
}

/** `connecting`: one opens, or something waits for one. `unreachable`: given up until the next question. */
export interface Connection {
  readonly state: "closed" | "connecting" | "open" | "unreachable";
  /** What went wrong last. */
  readonly words?: string;
}

export interface Snapshot {
  readonly connection: Connection;
  readonly requests: Requests;
}

/** One socket. A retired one takes no new request, and is closed as soon as none is under way over it. */
interface Line {
  readonly socket: Socket;
  /** The requests whose newest message went over it. */
  readonly keys: Set<string>;
  openedAt?: number;
  usedAt: number;
  isRetired: boolean;
}

/** A timer that comes so late belonged to a page that the browser had frozen. */
const FROZEN_MS = 5_000;
const READING_MS = 1_000;

export class Client {
  #snapshot: Snapshot = { connection: { state: "closed" }, requests: NONE };
  #published = this.#snapshot;
  readonly #listeners = new Set<() => void>();
  #line: Line | undefined;
  readonly #retired = new Set<Line>();
  #isWanted = false;
  #failures = 0;
  #retryAt = 0;
  #words: string | undefined;
  #cancelTimer = () => {};

  /** `earlier` are the requests that a page showed before it was loaded again. */
  constructor(
    private address: Address,
    private readonly surroundings: Surroundings,
    earlier: readonly Request[] = [],
  ) {
    const all = earlier.map((request) => life.leftBehind(request, surroundings.now()));
    this.#snapshot = this.#published = { ...this.#snapshot, requests: { ...NONE, all } };
  }

  // Both are handed on as functions, so they are bound.
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): Snapshot => this.#snapshot;

  /** Open a connection now. Without this, the first question does. */
  connect(): void {
    this.#isWanted = true;
    this.#failures = 0;
    this.#settle();
  }

  /** Close all connections. Answers under way stop at the server's next frame. */
  close(): void {
    this.#isWanted = false;
    this.#words = undefined;
    this.#retryAt = 0;
    for (const line of this.#lines()) {
      this.#leave(line);
    }
    this.#change(each(this.#requests, (request) => life.stopped(request, this.#now)));
    this.#settle();
  }

  /** Talk to another address, or with another token. */
  use(address: Address): void {
    this.close();
    this.address = address;
    this.connect();
  }

  /** Ask. Return the request's key. */
  ask(question: Question): string {
    const key = this.surroundings.newId();
    if (this.#snapshot.connection.state === "unreachable") {
      this.#failures = 0;
      this.#retryAt = 0;
    }
    this.#change({ ...this.#requests, all: [...this.#requests.all, life.asked(key, question, this.#now)] });
    this.#settle();
    return key;
  }

  /** Stop an answer: its connection is closed, as soon as no other answer needs it. */
  stop(key: string): void {
    if (!this.#requests.all.some((one) => one.key === key && life.isUnderWay(one))) return;
    this.#change(each(this.#requests, (one) => (one.key === key ? life.stopped(one, this.#now) : one)));
    const line = this.#lineOf(key);
    if (line !== undefined) this.#retire(line);
    this.#settle();
  }

  /** Forget the requests that have ended. */
  forget(): void {
    this.#change({ all: this.#requests.all.filter(life.isUnderWay), faults: [] });
    this.#settle();
  }

  #settle(): void {
    const now = this.#now;
    const opening = this.#opening;
    if (opening && now - opening.usedAt >= OPENS_WITHIN_MS) {
      this.#hangUp(opening);
      this.#closed(opening, 1006);
      return;
    }
    this.#send();
    if (this.#needsLine() && now >= this.#retryAt) this.#open();
    for (const line of this.#busyLines()) {
      if (now - line.usedAt >= PING_AFTER_MS) this.#write(line, JSON.stringify({ action: "ping" }));
    }
    for (const line of this.#retired) {
      if (!this.#isBusy(line)) this.#leave(line);
    }
    this.#publish();
    this.#setTimer();
  }

  /** Send what is due, over a connection that is open and not too old. */
  #send(): void {
    const now = this.#now;
    for (const request of this.#requests.all.filter(({ sendAt }) => sendAt !== undefined && sendAt <= now)) {
      if (this.#line?.openedAt !== undefined && now - this.#line.openedAt >= OLDEST_MS) {
        this.#retire(this.#line);
      }
      const requestId = this.surroundings.newId();
      const text = JSON.stringify({ action: "invoke", ...request.question, requestId });
      const bytes = new TextEncoder().encode(text).length;
      if (bytes > MAX_FRAME_BYTES) {
        this.#put(life.tooLarge(request, bytes, MAX_FRAME_BYTES, now));
      } else if (this.#line?.openedAt !== undefined) {
        this.#lineOf(request.key)?.keys.delete(request.key);
        this.#line.keys.add(request.key);
        this.#write(this.#line, text);
        this.#put(life.sent(request, requestId, now));
      }
    }
  }

  #open(): void {
    const { url, token } = this.address;
    const bearer = typeof token === "function" ? token() : token;
    let socket: Socket;
    try {
      socket = this.surroundings.open(url, bearer ? [SUBPROTOCOL, `bearer.${bearer}`] : [SUBPROTOCOL]);
    } catch (error) {
      // The browser refuses the address or the token: to try again would change nothing.
      this.#giveUp(`The browser refuses this address or token: ${error instanceof Error ? error.message : error}`);
      return;
    }
    const line: Line = { socket, keys: new Set(), usedAt: this.#now, isRetired: false };
    this.#line = line;
    socket.onopen = () => this.#opened(line);
    socket.onmessage = ({ data }) => this.#received(line, data);
    socket.onclose = ({ code }) => this.#closed(line, code);
  }

  #opened(line: Line): void {
    line.openedAt = line.usedAt = this.#now;
    this.#failures = 0;
    this.#words = undefined;
    this.#isWanted = false;
    this.#tell("connection", "open");
    this.#settle();
  }

  #received(line: Line, data: unknown): void {
    line.usedAt = this.#now;
    this.#tell("received", typeof data === "string" ? data : "(binary)");
    this.#change(after(this.#requests, parse(data), this.#moment()));
    this.#renewTokens();
    this.#settle();
  }

  /** Send what an expired token refused over a connection with a new token, once. */
  #renewTokens(): void {
    if (typeof this.address.token !== "function") return;
    for (const request of this.#requests.all) {
      const line = this.#lineOf(request.key);
      if (request.state === "refused" && request.again === "on a new connection" && !request.hasRenewedToken && line) {
        line.keys.delete(request.key);
        this.#retire(line);
        this.#put(life.withNewToken(request, this.#now));
      }
    }
  }

  #closed(line: Line, code: number): void {
    const wasOpen = line.openedAt !== undefined;
    this.#tell("connection", `closed with ${code}`);
    this.#drop(line, code);
    this.#words = closeInWords(code, wasOpen);
    if (!wasOpen) {
      this.#failures += 1;
      if (this.#failures >= MOST_TRIES) {
        this.#giveUp(whyUnreachable(this.address.token, this.#now));
      } else {
        this.#retryAt = this.#now + waitMs(this.#failures, this.surroundings.random());
      }
    }
    this.#settle();
  }

  #giveUp(words: string): void {
    this.#failures = MOST_TRIES;
    this.#isWanted = false;
    this.#words = words;
    this.#change(each(this.#requests, (one) => (one.sendAt === undefined ? one : life.unsent(one, this.#now))));
  }

  #retire(line: Line): void {
    line.isRetired = true;
    if (this.#line === line) this.#line = undefined;
    this.#retired.add(line);
    if (!this.#isBusy(line)) this.#leave(line);
  }

  #leave(line: Line): void {
    this.#hangUp(line);
    this.#drop(line, 1000);
  }

  /** Close a socket without hearing of it again. */
  #hangUp({ socket }: Line): void {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#tell("connection", "closed by this client");
  }

  #drop(line: Line, code: number): void {
    if (this.#line === line) this.#line = undefined;
    this.#retired.delete(line);
    const moment = this.#moment();
    this.#change(each(this.#requests, (one) => (line.keys.has(one.key) ? life.disconnected(one, code, moment) : one)));
  }

  #write(line: Line, text: string): void {
    line.usedAt = this.#now;
    this.#tell("sent", text);
    line.socket.send(text);
  }

  #needsLine(): boolean {
    if (this.#line || this.#failures >= MOST_TRIES) return false;
    return this.#isWanted || this.#requests.all.some((request) => this.#isWaitingForLine(request));
  }

  get #opening(): Line | undefined {
    return this.#line?.openedAt === undefined ? this.#line : undefined;
  }

  #isBusy(line: Line): boolean {
    return this.#requests.all.some((request) => line.keys.has(request.key) && life.isUnderWay(request));
  }

  #lines(): Line[] {
    return this.#line ? [this.#line, ...this.#retired] : [...this.#retired];
  }

  #busyLines(): Line[] {
    return this.#lines().filter((line) => this.#isBusy(line));
  }

  #lineOf(key: string): Line | undefined {
    return this.#lines().find(({ keys }) => keys.has(key));
  }

  #setTimer(): void {
    const opening = this.#opening;
    const due = Math.min(
      ...this.#requests.all.map((request) => (this.#isWaitingForLine(request) ? Infinity : life.dueAt(request))),
      ...this.#busyLines().map(({ usedAt }) => usedAt + PING_AFTER_MS),
      this.#needsLine() ? this.#retryAt : Infinity,
      opening ? opening.usedAt + OPENS_WITHIN_MS : Infinity,
    );
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    if (due < Infinity) {
      this.#cancelTimer = this.surroundings.after(Math.max(due - this.#now, 0), () => this.#timeHasCome(due));
    }
  }

  /** In a page that was frozen, messages wait to be read: they come before the clock judges anything. */
  #timeHasCome(due: number): void {
    if (this.#now - due > FROZEN_MS) {
      this.#cancelTimer = this.surroundings.after(READING_MS, () => this.#judge());
    } else {
      this.#judge();
    }
  }

  #judge(): void {
    const moment = this.#moment();
    this.#change(each(this.#requests, (request) => life.passed(request, moment)));
    this.#settle();
  }

  /** Its time has come, but the connection's hasn't: that one's event is what is waited for. */
  #isWaitingForLine({ sendAt }: Request): boolean {
    return sendAt !== undefined && sendAt <= this.#now;
  }

  get #requests(): Requests {
    return this.#snapshot.requests;
  }

  get #now(): number {
    return this.surroundings.now();
  }

  #moment(): life.Moment {
    return { now: this.#now, random: this.surroundings.random() };
  }

  #put(request: Request): void {
    this.#change(each(this.#requests, (old) => (old.key === request.key ? request : old)));
  }

  #change(requests: Requests): void {
    if (requests !== this.#snapshot.requests) {
      this.#snapshot = { ...this.#snapshot, requests };
    }
  }

  /** Tell the listeners, if anything has changed since they were told last. */
  #publish(): void {
    const connection = this.#connection();
    const { state, words } = this.#snapshot.connection;
    if (connection.state !== state || connection.words !== words) {
      this.#snapshot = { ...this.#snapshot, connection };
    }
    if (this.#snapshot !== this.#published) {
      this.#published = this.#snapshot;
      for (const listener of this.#listeners) listener();
    }
  }

  #connection(): Connection {
    const words = this.#words;
    if (this.#line?.openedAt !== undefined) return { state: "open", words };
    if (this.#failures >= MOST_TRIES) return { state: "unreachable", words };
    const somethingWaits = this.#isWanted || this.#requests.all.some(({ sendAt }) => sendAt !== undefined);
    return { state: this.#line || somethingWaits ? "connecting" : "closed", words };
  }

  #tell(direction: Watched["direction"], text: string): void {
    this.surroundings.watch?.({ at: this.#now, direction, text });
  }
}
