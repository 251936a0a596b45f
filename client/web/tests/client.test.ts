/** What the table of cases can't say: of pages, browsers and tokens. */

import { expect, test } from "vitest";
import type { Request } from "../src/selador/request.ts";
import { World } from "./world.ts";

const accepted = { type: "accepted", requestId: "", messageId: "m-1", deadlineSeconds: 60 };
const started = { type: "started", requestId: "", attempt: 1, seq: 0 };
const delta = { type: "delta", requestId: "", attempt: 1, seq: 1, text: "Yes." };
const completed = { type: "completed", requestId: "", attempt: 1, seq: 2, truncated: false };

/** A client that has asked one question, and the question's key. */
function asking(world = new World()): { world: World; key: string; says: (frame: object) => void } {
  const key = world.client.ask({ text: "May I keep a dog?" });
  world.socket.opens();
  const requestId = world.request(key).requestId;
  return { world, key, says: (frame) => world.says({ ...frame, requestId }) };
}

const jwt = (claims: object) => `h.${btoa(JSON.stringify(claims))}.s`;

test("StrictMode's connect, close and connect leave one connection", () => {
  const world = new World();

  world.client.connect();
  world.client.close();
  world.client.connect();

  expect(world.deeds.map(({ client }) => client)).toEqual(["connects", "closes", "connects"]);
  expect(world.sockets[0]?.onopen).toBeNull();
  world.socket.opens();
  expect(world.snapshot.connection.state).toBe("open");
});

test("a page that was frozen reads what waits before it counts a request as lost", () => {
  const { world, key, says } = asking();
  says(accepted);

  world.freezeTo(3_600_000);
  says(started);
  says(delta);
  says(completed);
  world.passTo(3_605_000);

  expect(world.request(key)).toMatchObject({ state: "completed", text: "Yes." });
});

test("a page that was frozen past a deadline tells it if nothing waits to be read", () => {
  const { world, key, says } = asking();
  says(accepted);

  world.freezeTo(3_600_000);
  world.passTo(3_600_000);
  expect(world.request(key).state).toBe("queued");
  world.passTo(3_601_000);

  expect(world.request(key)).toMatchObject({ state: "lost", reason: "deadline" });
});

test("two clients, as two tabs have them, know nothing of each other", () => {
  const { world: one, key, says } = asking();
  const { world: other, key: another } = asking();
  other.client.stop(another);

  says(started);
  says(delta);
  says(completed);

  expect(one.request(key).state).toBe("completed");
  expect(other.request(another).state).toBe("stopped");
});

test("closing stops what is under way, and leaves no timer that would send it again", () => {
  const { world, key } = asking();

  world.client.close();
  world.passTo(3_600_000);

  expect(world.request(key).state).toBe("stopped");
  expect(world.deeds.map(({ client }) => client)).toEqual(["connects", "sends", "closes"]);
});

test("another address takes the next question", () => {
  const { world } = asking();

  world.client.use({ url: "wss://there/prod", token: "a.b.c" });
  world.client.ask({ text: "And a cat?" });
  world.socket.opens();

  expect(world.socket.url).toBe("wss://there/prod");
  expect(world.sentOver(world.socket)).toMatchObject([{ text: "And a cat?" }]);
});

test("an address that the browser refuses is told in its words, and not tried again", () => {
  const world = new World({ url: "nowhere" }, new SyntaxError("The URL 'nowhere' is invalid."));

  const key = world.client.ask({ text: "May I keep a dog?" });
  world.passTo(600_000);

  expect(world.snapshot.connection.state).toBe("unreachable");
  expect(world.snapshot.connection.words).toContain("The URL 'nowhere' is invalid.");
  expect(world.request(key).state).toBe("unsent");
});

test("a service that can't be reached with a token that has expired says that it has expired", () => {
  const world = new World({ url: "wss://there/prod", token: jwt({ exp: -1 }) });

  world.client.connect();
  for (let tries = 0; tries < 5; tries += 1) {
    world.socket.closes(1006);
    world.passTo(world.now + 10_000);
  }

  expect(world.snapshot.connection).toEqual({ state: "unreachable", words: "The token has expired. Paste a new one." });
});

test("200 KB of text in 20,000 frames are put together in their order", () => {
  const { world, key, says } = asking();
  says(started);

  for (let seq = 1; seq <= 20_000; seq += 1) says({ ...delta, seq, text: String(seq).padStart(10) });

  const { text } = world.request(key);
  expect(text).toHaveLength(200_000);
  expect(text.endsWith("     19999     20000")).toBe(true);
});

test("a listener is told once for each message, with a snapshot that no later one changes", () => {
  const { world, key, says } = asking();
  const seen: string[] = [];
  const leave = world.client.subscribe(() => seen.push(world.request(key).text));
  const before = world.snapshot;

  says(started);
  says(delta);
  says(delta);
  leave();
  says(completed);

  expect(seen).toEqual(["", "Yes."]);
  expect(before.requests.all[0]?.state).toBe("sending");
});

test("whoever watches sees every message both ways, with its time", () => {
  const { world, says } = asking();
  world.passTo(1500);
  says(accepted);

  expect(world.watched.map(({ at, direction }) => [at, direction])).toEqual([
    [0, "connection"],
    [0, "sent"],
    [1500, "received"],
  ]);
});

test("a late refusal of the first message means nothing once the second is sent", () => {
  const { world, key, says } = asking();
  const first = world.request(key).requestId;
  const refusal = { type: "error", code: "internal", message: "why", retryable: true };
  says(refusal);
  world.passTo(1000);
  const second = world.request(key).requestId;

  says({ ...refusal, retryable: false });

  expect(second).not.toBe(first);
  expect(world.request(key)).toMatchObject({ state: "sending", messages: 2 });
  expect(world.snapshot.requests.faults).toEqual([]);
});

test("a replay of a failed request isn't held to the deadline of its first life", () => {
  const { world, key, says } = asking();
  says(accepted);
  says({ type: "error", attempt: 1, seq: 0, code: "attempts_exhausted", message: "why", retryable: true });
  world.passTo(59_000);

  says({ ...started, attempt: 4 });
  world.passTo(178_999);

  expect(world.request(key).state).toBe("answering");
  world.passTo(179_000);
  expect(world.request(key)).toMatchObject({ state: "lost", reason: "silence" });
});

test("a token is renewed once for a request, and then its user is told", () => {
  const tokens = ["t-1", "t-2", "t-3"];
  const { world, key, says } = asking(new World({ url: "wss://there/prod", token: () => tokens.shift() ?? "" }));
  const unauthorized = { type: "error", code: "unauthorized", message: "the token has expired", retryable: false };
  says(unauthorized);
  world.socket.opens();

  world.says({ ...unauthorized, requestId: world.request(key).requestId });

  expect(world.sockets).toHaveLength(2);
  expect(world.request(key)).toMatchObject({ state: "refused", again: "on a new connection" });
});

test("a page that is loaded again shows what it had, and what was under way as lost with its connection", () => {
  const { world, key, says } = asking();
  says(started);
  says(delta);
  const kept = JSON.parse(JSON.stringify(world.snapshot.requests.all)) as Request[];

  const reloaded = new World({ url: "ws://here/local" }, undefined, kept);

  expect(reloaded.request(key)).toMatchObject({ state: "lost", reason: "connection", text: "Yes.", again: "soon" });
  expect(reloaded.deeds).toEqual([]);
});
