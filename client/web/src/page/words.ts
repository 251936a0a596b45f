/** What a request's state is called on the page. Pure. */

import type { ErrorCode } from "../../../typescript/protocol.ts";
import type { Request } from "../selador/request.ts";

/** A heartbeat comes after 15 s in which nothing else was sent. */
const QUIET_MS = 20_000;

export interface Status {
  readonly words: string;
  readonly tone: "waiting" | "done" | "warning" | "error";
}

const CODES: Record<ErrorCode, string> = {
  invalid_request: "The service refused the question",
  unknown_action: "The service doesn't know what was asked of it",
  message_too_large: "The question is too long",
  unauthorized: "The service refuses the token",
  unavailable: "The service isn't available",
  throttled: "The model's quota is used up for now",
  content_blocked: "A guardrail blocked the question or the answer",
  deadline_exceeded: "It took too long",
  attempts_exhausted: "Every attempt failed",
  internal: "Something is wrong in the service",
};

const LOST = {
  deadline: "The service gave no end before its deadline, so the answer counts as lost.",
  silence: "For two minutes nothing came, so the answer counts as lost.",
  connection: "The connection was lost, and with it the answer.",
};

/** Return how a request stands. `lastTick` may be a second old; what came since then is newer. */
export function statusOf(request: Request, lastTick: number): Status {
  const now = Math.max(lastTick, request.times.lastFrame ?? 0, request.times.accepted ?? 0);
  switch (request.state) {
    case "sending":
    case "queued":
    case "answering":
    case "retrying":
      return { words: waitingWords(request, now), tone: request.state === "retrying" ? "warning" : "waiting" };
    case "completed":
      return completedStatus(request);
    case "failed":
    case "refused":
      return { words: errorWords(request), tone: "error" };
    case "unanswered":
      return { words: unansweredWords(request), tone: "error" };
    case "unsent":
      return { words: "The question was not sent: there is no connection.", tone: "error" };
    case "lost":
      return { words: LOST[request.reason ?? "connection"], tone: "error" };
    case "incomplete":
      return { words: "A part of the answer is missing.", tone: "error" };
    case "stopped":
      return { words: "You stopped this answer.", tone: "warning" };
  }
}

/** Return what to call asking the same again; undefined if that won't help. */
export function againWords({ again }: Request): string | undefined {
  switch (again) {
    case undefined:
    case "never":
      return undefined;
    case "soon":
    case "on a new connection":
      return "Ask again";
    default:
      return `Ask again ${again}`;
  }
}

export function seconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.round(milliseconds / 1000)} s`;
}

function waitingWords(request: Request, now: number): string {
  const { state, messages, sendAt, waitingFor, retry, attempt, text, times } = request;
  if (state === "sending") {
    if (messages === 0) return "Waiting for a connection";
    if (sendAt === undefined) return "Sent, waiting for a sign";
    return "The service didn't take the question; it is sent again in a moment";
  }
  if (state === "queued") return `In the queue for ${seconds(now - (times.accepted ?? now))}, waiting for a free worker`;
  if (state === "retrying") {
    const why = CODES[retry?.code ?? "internal"];
    const wait = Math.max(0, (retry?.at ?? now) - now);
    return `${why}. Attempt ${attempt + 1} begins ${wait > 0 ? `in ${Math.ceil(wait / 1000)} s` : "as soon as a worker is free"}`;
  }
  if (waitingFor === "quota") return "Waiting for the model's quota";
  if (waitingFor === "service") return "Waiting until the model can be reached";
  const quiet = now - (times.lastFrame ?? now);
  if (quiet > QUIET_MS) return `No sign for ${seconds(quiet)}: its worker may have died. Another takes over after a minute`;
  const which = attempt > 1 ? ` (attempt ${attempt})` : "";
  return text === "" ? `Thinking${which}` : `Answering${which}`;
}

function completedStatus({ times, truncated, stopReason, sessionRestarted }: Request): Status {
  const took = seconds((times.ended ?? times.asked) - times.asked);
  const first = times.firstWord === undefined ? "" : `, first word after ${seconds(times.firstWord - times.asked)}`;
  const notes = [
    truncated
      ? stopReason === "cancelled"
        ? "The answer was stopped, so it isn't whole."
        : "The answer isn't whole: the model reached its limit."
      : "",
    sessionRestarted ? "The conversation before had ended: this answer knows nothing of it." : "",
  ].filter(Boolean);
  const words = [`Answered in ${took}${first}.`, ...notes].join(" ");
  return { words, tone: notes.length > 0 ? "warning" : "done" };
}

function unansweredWords({ error }: Request): string {
  const said = error?.message ? ` Its last word: ${sentence(error.message)}` : "";
  return `The question was sent three times, and nothing says that the service has it.${said}`;
}

/** Return what the service says itself; a service of another release may say nothing. */
function errorWords({ error }: Request): string {
  return error?.message ? sentence(error.message) : `${CODES[error?.code ?? "internal"]}.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
