/** A page's old messages and frames, by a table. */

import { expect, test } from "vitest";
import { OLD_MESSAGES } from "../src/config/oldMessages.ts";
import { OldSocket, questionOf, type OldMessages } from "../src/selador/oldMessages.ts";
import { World } from "./world.ts";

const OBJECTS: OldMessages = {
  members: { action: "nothing", question: "text", chat: "sessionId" },
  frames: {
    part: null,
    again: null,
    completed: { type: "answer", body: { answer: "$text" }, chat: "$sessionId", final: true },
    failed: { type: "error", reason: "Sorry: $message" },
  },
};

/** An old page that has asked, and all that it was told. */
function page(old: OldMessages, message: object): { world: World; told: string[]; says: (frame: object) => void } {
  const world = new World();
  const socket = new OldSocket(world.client, old);
  const told: string[] = [];
  socket.onopen = () => socket.send(JSON.stringify(message));
  socket.onmessage = ({ data }) => told.push(data);
  socket.onclose = ({ code }) => told.push(`closed with ${code}`);
  world.socket.opens();
  const says = (frame: object) => world.says({ requestId: world.snapshot.requests.all[0]?.requestId, ...frame });
  return { world, told, says };
}

const accepted = { type: "accepted", messageId: "m-1", deadlineSeconds: 60 };
const started = { type: "started", attempt: 1, seq: 0 };

test.each([
  [{ action: "invokeModel", prompt: "Pets?", parameters: { temperature: 0 } }, { text: "Pets?" }],
  [{ action: "invoke", prompt: "Pets?", sessionId: "s-1" }, { text: "Pets?", sessionId: "s-1" }],
  [{ action: "sendmessage", message: "Pets?" }, { text: "Pets?" }],
  [{ action: "sendmessage", data: "Pets?" }, { text: "Pets?" }],
])("%o asks %o", (message, question) => {
  expect(questionOf(JSON.stringify(message), OLD_MESSAGES)).toEqual(question);
});

test.each(["Pets?", '"Pets?"', "[1]"])("%s, which is no JSON object, is the question itself", (message) => {
  expect(questionOf(message, OLD_MESSAGES)).toEqual({ text: message });
});

test.each([
  [{ prompt: "Pets?", persona: "a pirate" }, "doesn't say what persona is"],
  [{ prompt: "Pets?", constructor: "a pirate" }, "doesn't say what constructor is"],
  [{ prompt: ["Pets?"] }, "prompt is the question's text, but no text"],
  [{ prompt: "Pets?", message: "Dogs?" }, "message is a second text"],
  [{ action: "invoke" }, "no member of the message is the question's text"],
])("%o is refused, for nothing that a page says is passed over", (message, why) => {
  expect(() => questionOf(JSON.stringify(message), OLD_MESSAGES)).toThrow(why);
});

test("the service gets a question as its protocol has it", () => {
  const { world } = page(OLD_MESSAGES, { action: "sendmessage", message: "Pets?" });

  expect(world.sentOver(world.socket)).toEqual([{ action: "invoke", text: "Pets?", requestId: "id-2" }]);
});

test("the page gets the parts of its own answer and its end, each once", () => {
  const { world, told, says } = page(OLD_MESSAGES, { prompt: "Pets?" });

  says(accepted);
  says(started);
  says({ type: "delta", attempt: 1, seq: 1, text: "Yes, " });
  says({ type: "delta", attempt: 1, seq: 1, text: "Yes, " });
  says({ type: "delta", attempt: 1, seq: 2, text: "in 3B." });
  says({ type: "completed", attempt: 1, seq: 3, truncated: false });
  world.client.ask({ text: "And dogs?" });

  expect(told).toEqual(["Yes, ", "in 3B.", "<End of LLM response>"]);
});

test("the page is told that an answer begins anew, if it has a part of it", () => {
  const { told, says } = page(OLD_MESSAGES, { prompt: "Pets?" });

  says(started);
  says({ type: "started", attempt: 2, seq: 0 });
  says({ type: "delta", attempt: 2, seq: 1, text: "Ye" });
  says({ type: "started", attempt: 3, seq: 0 });
  says({ type: "delta", attempt: 3, seq: 1, text: "Yes." });
  says({ type: "completed", attempt: 3, seq: 2, truncated: false });

  expect(told).toEqual(["Ye", "\n\n(The answer begins anew.)\n\n", "Yes.", "<End of LLM response>"]);
});

test("a page that knows whole answers only gets one frame, as JSON, after all attempts", () => {
  const { told, says } = page(OBJECTS, { action: "ask", question: "Pets?", chat: "c-1" });

  says({ type: "delta", attempt: 1, seq: 0, text: "Ye" });
  says({ type: "delta", attempt: 2, seq: 0, text: 'Yes, "$message".' });
  says({ type: "completed", attempt: 2, seq: 1, truncated: false, sessionId: "c-1" });

  expect(told.map((frame) => JSON.parse(frame) as unknown)).toEqual([
    { type: "answer", body: { answer: 'Yes, "$message".' }, chat: "c-1", final: true },
  ]);
});

test("a refusal and a lost service are told in the page's words", () => {
  const { told, says } = page(OBJECTS, { question: "Pets?" });

  says({ type: "error", code: "content_blocked", message: "blocked", retryable: false });

  expect(told).toEqual(['{"type":"error","reason":"Sorry: blocked"}']);
});

test("the page hears that the service can't be reached, and that its question went nowhere", () => {
  const world = new World();
  const socket = new OldSocket(world.client, OLD_MESSAGES);
  const told: string[] = [];
  socket.onmessage = ({ data }) => told.push(data);
  socket.onclose = ({ code }) => told.push(`closed with ${code}`);
  socket.send("Pets?");

  for (let tries = 1; tries <= 5; tries++) {
    world.socket.closes(1006);
    world.passTo(world.now + 60_000);
  }

  expect(told).toEqual(["the answer is unsent", "closed with 1006"]);
});
