import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Client, type Snapshot, type Watched } from "../selador/client.ts";
import { readHistory, writeHistory } from "./history.ts";

/** The frames that the developer panel keeps. */
const MOST_FRAMES = 5_000;

export interface Frames {
  /** Each call returns the same array until another frame comes. */
  snapshot(): readonly Watched[];
  subscribe(listener: () => void): () => void;
}

export interface Conversation {
  readonly client: Client;
  readonly snapshot: Snapshot;
  readonly frames: Frames;
}

/** Return the page's client, connected to `url`, and what it shows. */
export function useClient(url: string, token: string): Conversation {
  const [{ client, frames }] = useState(() => {
    const log = new FrameLog();
    const made = new Client(
      { url },
      {
        open: (address, subprotocols) => new WebSocket(address, subprotocols),
        now: () => Date.now(), // goes on while the machine sleeps, as the server's deadlines do
        after: (milliseconds, then) => {
          const timer = setTimeout(then, milliseconds);
          return () => clearTimeout(timer);
        },
        random: Math.random,
        newId: newId,
        watch: (frame) => log.add(frame),
      },
      readHistory(sessionStorage),
    );
    return { client: made, frames: log };
  });
  const subscribe = useCallback((listener: () => void) => oncePerPicture(client.subscribe, listener), [client]);
  const snapshot = useSyncExternalStore(subscribe, client.snapshot);

  useEffect(() => {
    client.use({ url, token: token || undefined });
    return () => client.close();
  }, [client, url, token]);

  useEffect(() => {
    const reconnect = () => {
      if (client.snapshot().connection.state === "unreachable") client.connect();
    };
    window.addEventListener("online", reconnect);
    return () => window.removeEventListener("online", reconnect);
  }, [client]);

  useEffect(() => {
    const keep = () => writeHistory(sessionStorage, client.snapshot().requests.all);
    window.addEventListener("pagehide", keep);
    return () => window.removeEventListener("pagehide", keep);
  }, [client]);

  return useMemo(() => ({ client, snapshot, frames }), [client, snapshot, frames]);
}

/** `crypto.randomUUID` exists only in pages that came by https or from this machine. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Pass changes on at most once for each picture that the screen shows: frames may come faster. */
function oncePerPicture(subscribe: (listener: () => void) => () => void, listener: () => void): () => void {
  let picture = 0;
  const leave = subscribe(() => {
    picture ||= requestAnimationFrame(() => {
      picture = 0;
      listener();
    });
  });
  return () => {
    cancelAnimationFrame(picture);
    leave();
  };
}

class FrameLog implements Frames {
  #frames: readonly Watched[] = [];
  #waiting: Watched[] = [];
  readonly #listeners = new Set<() => void>();

  add(frame: Watched): void {
    this.#waiting.push(frame);
    for (const listener of this.#listeners) listener();
  }

  readonly snapshot = (): readonly Watched[] => {
    if (this.#waiting.length > 0) {
      this.#frames = [...this.#frames, ...this.#waiting].slice(-MOST_FRAMES);
      this.#waiting = [];
    }
    return this.#frames;
  };

  readonly subscribe = (listener: () => void): (() => void) =>
    oncePerPicture((each) => {
      this.#listeners.add(each);
      return () => this.#listeners.delete(each);
    }, listener);
}
