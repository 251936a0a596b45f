import { expect, test } from "vitest";
import { againWords, seconds, statusOf } from "../src/page/words.ts";
import { asked, type Request } from "../src/selador/request.ts";

const request = (members: Partial<Request>): Request => ({ ...asked("a", { text: "May I keep a dog?" }, 0), ...members });

test.each<[Partial<Request>, number, string]>([
  [{}, 0, "Waiting for a connection"],
  [{ messages: 1, sendAt: undefined }, 0, "Sent, waiting for a sign"],
  [{ messages: 1, sendAt: 1000 }, 0, "The service didn't take the question; it is sent again in a moment"],
  [{ state: "queued", times: { asked: 0, accepted: 500 } }, 3500, "In the queue for 3.0 s, waiting for a free worker"],
  [{ state: "answering" }, 0, "Thinking"],
  [{ state: "answering", attempt: 2, text: "Ye" }, 0, "Answering (attempt 2)"],
  [{ state: "answering", waitingFor: "quota" }, 0, "Waiting for the model's quota"],
  [{ state: "answering", waitingFor: "service" }, 0, "Waiting until the model can be reached"],
  [
    { state: "answering", times: { asked: 0, lastFrame: 0 } },
    25_000,
    "No sign for 25 s: its worker may have died. Another takes over after a minute",
  ],
  [
    { state: "retrying", attempt: 1, retry: { code: "throttled", at: 4200 } },
    0,
    "The model's quota is used up for now. Attempt 2 begins in 5 s",
  ],
  [
    { state: "retrying", attempt: 1, retry: { code: "unavailable", at: 4200 } },
    5000,
    "The service isn't available. Attempt 2 begins as soon as a worker is free",
  ],
  [
    { state: "retrying", attempt: 1, retry: { code: "throttled", at: 5900 }, times: { asked: 0, lastFrame: 900 } },
    0,
    "The model's quota is used up for now. Attempt 2 begins in 5 s",
  ],
  [
    { state: "completed", times: { asked: 0, firstWord: 450, ended: 12_300 } },
    0,
    "Answered in 12 s, first word after 450 ms.",
  ],
  [
    { state: "completed", truncated: true, sessionRestarted: true, times: { asked: 0, ended: 900 } },
    0,
    "Answered in 900 ms. The answer isn't whole: the model reached its limit. " +
      "The conversation before had ended: this answer knows nothing of it.",
  ],
  [
    { state: "completed", truncated: true, stopReason: "cancelled", times: { asked: 0, ended: 900 } },
    0,
    "Answered in 900 ms. The answer was stopped, so it isn't whole.",
  ],
  [{ state: "failed", error: { code: "internal", message: "it broke" } }, 0, "It broke."],
  [{ state: "refused", error: { code: "invalid_request", message: "" } }, 0, "The service refused the question."],
  [
    { state: "unanswered", error: { message: "Too Many Requests" } },
    0,
    "The question was sent three times, and nothing says that the service has it. Its last word: Too Many Requests.",
  ],
  [{ state: "lost", reason: "silence" }, 0, "For two minutes nothing came, so the answer counts as lost."],
])("a request %o is told in words", (members, now, words) => {
  expect(statusOf(request(members), now).words).toBe(words);
});

test("no state is told in a code", () => {
  const states: Request["state"][] = ["sending", "queued", "answering", "retrying", "completed", "failed", "refused"];
  const ends: Request["state"][] = ["unanswered", "unsent", "lost", "incomplete", "stopped"];

  for (const state of [...states, ...ends]) expect(statusOf(request({ state }), 0).words).toMatch(/^[A-Z][^_]+$/);
});

test("what can't be mended by asking again doesn't say so", () => {
  expect(againWords(request({ again: "never" }))).toBeUndefined();
  expect(againWords(request({ again: "in a minute" }))).toBe("Ask again in a minute");
});

test("seconds have no more digits than help", () => {
  expect([7.4, 450, 1250, 12_345].map(seconds)).toEqual(["7 ms", "450 ms", "1.3 s", "12 s"]);
});
