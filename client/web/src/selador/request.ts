/**
 * One request and what its user sees: docs/protocol.md, "Attempts and the end", "Silence" and "Asking again".
 *
 * Pure: each function returns the request as it is afterwards. Times are milliseconds of one clock. Where the protocol
 * leaves a choice, client/cases/README.md says what is chosen.
 */

import type {
  Accepted,
  Citation,
  ErrorCode,
  ErrorFrame,
  Frame,
  Pong,
  Query,
  Step,
  Usage,
  WaitingFor,
  Workflow,
} from "../../../typescript/protocol.ts";
import type { UnknownFrame } from "./frames.ts";

/** What is asked; the client gives each message of it a `requestId`. */
export type Question = Omit<Query, "action" | "requestId"> | Omit<Workflow, "action" | "requestId">;

/** `sending` waits for a connection, or for a sign that it is queued. From `completed` on they are ends. */
export type State =
  | "sending"
  | "queued"
  | "answering"
  | "retrying"
  | "completed"
  | "failed"
  | "refused"
  | "unanswered"
  | "unsent"
  | "lost"
  | "incomplete"
  | "stopped";

export type Again = "never" | "on a new connection" | "soon" | "in a minute" | "in a few minutes";

export interface Request {
  /** Its name here. The server knows it by `requestId`, which each message of it has anew. */
  readonly key: string;
  readonly question: Question;
  readonly state: State;
  readonly requestId?: string;
  readonly earlierIds: readonly string[];
  /** When it is to be sent, if nothing under way answers it. */
  readonly sendAt?: number;
  readonly messages: number;
  readonly hasRenewedToken: boolean;
  readonly attempt: number;
  readonly nextSeq: number;
  readonly text: string;
  readonly citations: readonly Citation[];
  /** The newest frame of each step, by its index. */
  readonly steps: readonly Step[];
  readonly waitingFor?: WaitingFor;
  readonly retry?: { readonly code: ErrorCode; readonly at: number };
  /** What it was refused with, or what ended it. `code` is missing in API Gateway's own answers. */
  readonly error?: { readonly code?: ErrorCode; readonly message: string; readonly field?: string };
  readonly again?: Again;
  /** Why it is lost. */
  readonly reason?: "deadline" | "silence" | "connection";
  readonly sessionId?: string;
  readonly sessionRestarted: boolean;
  readonly truncated: boolean;
  readonly stopReason?: string;
  readonly usage?: Usage;
  /** By when it counts as lost. */
  readonly deadline?: number;
  readonly times: Times;
}

export interface Times {
  readonly asked: number;
  readonly sent?: number;
  readonly accepted?: number;
  readonly started?: number;
  readonly firstWord?: number;
  readonly lastFrame?: number;
  readonly ended?: number;
}

/** What a change may depend on besides the request. `random` is from 0 to 1: clients don't send again all at once. */
export interface Moment {
  readonly now: number;
  readonly random: number;
}

/** API Gateway gives up on the handler after 29 s. */
const FIRST_FRAME_MS = 35_000;
/** After a minute the queue hands out the request of a worker that has died. */
const SILENCE_MS = 120_000;
const MOST_MESSAGES = 3;

export function isUnderWay({ state }: Request): boolean {
  return state === "sending" || state === "queued" || state === "answering" || state === "retrying";
}

/** Return whether a message of it is out, and nothing says what became of that. */
export function isUnanswered({ state, sendAt }: Request): boolean {
  return state === "sending" && sendAt === undefined;
}

export function asked(key: string, question: Question, now: number): Request {
  return {
    key,
    question,
    state: "sending",
    earlierIds: [],
    sendAt: now,
    messages: 0,
    hasRenewedToken: false,
    attempt: 0,
    nextSeq: 0,
    text: "",
    citations: [],
    steps: [],
    sessionRestarted: false,
    truncated: false,
    times: { asked: now },
  };
}

export function sent(request: Request, requestId: string, now: number): Request {
  const earlierIds = request.requestId === undefined ? [] : [...request.earlierIds, request.requestId];
  const times = { ...request.times, sent: now };
  return { ...request, requestId, earlierIds, sendAt: undefined, messages: request.messages + 1, times };
}

/** Return the request after a frame with its `requestId`: "Which frames count", row by row. */
export function received(request: Request, frame: Exclude<Frame, Pong> | UnknownFrame, moment: Moment): Request {
  if (frame.type === "accepted") {
    return isUnderWay(request) ? accepted(request, frame, moment.now) : request;
  }
  if (frame.attempt === undefined || frame.seq === undefined) {
    return frame.type === "error" ? refused(request, frame, moment) : request;
  }
  const mayReopen = request.state === "failed" || request.state === "incomplete";
  if (frame.attempt < request.attempt || !(isUnderWay(request) || mayReopen)) {
    return request;
  }
  const current = frame.attempt > request.attempt ? begun(request, frame.attempt, moment.now) : request;
  if (!isUnderWay(current) || frame.seq < current.nextSeq) {
    return current;
  }
  if (frame.seq > current.nextSeq) {
    return ended(current, "incomplete", moment.now, { again: "soon" });
  }
  const times = { ...current.times, lastFrame: moment.now };
  return shown({ ...current, waitingFor: undefined, nextSeq: frame.seq + 1, times }, frame, moment.now);
}

/** Return the request after an error without an attempt: the answer to its message. */
export function refused(request: Request, frame: ErrorFrame, moment: Moment): Request {
  if (!isUnanswered(request)) {
    return request; // it was queued after all, or is about to be sent again
  }
  const error = errorOf(frame);
  if (frame.retryable) {
    return doubted(request, moment, error);
  }
  return ended(request, "refused", moment.now, {
    error,
    again: frame.code === "unauthorized" ? "on a new connection" : "never",
  });
}

/** Return a request that is to be sent again: that it is queued is doubtful, or it surely isn't. */
export function doubted(request: Request, { now, random }: Moment, error?: Request["error"]): Request {
  if (request.messages >= MOST_MESSAGES) {
    return ended(request, "unanswered", now, { error, again: "soon" });
  }
  return { ...request, error, sendAt: now + 1000 * 2 ** (request.messages - 1) * (0.5 + random) };
}

/** Return a request whose token was refused, to be sent at once with a new one. */
export function withNewToken(request: Request, now: number): Request {
  const times = { ...request.times, ended: undefined };
  return { ...request, state: "sending", again: undefined, error: undefined, sendAt: now, hasRenewedToken: true, times };
}

/** Return when the clock alone changes it: it is lost, or is sent again. */
export function dueAt(request: Request): number {
  if (!isUnderWay(request)) return Infinity;
  if (request.state === "sending") return request.sendAt ?? (request.times.sent ?? 0) + FIRST_FRAME_MS;
  return request.deadline ?? (request.times.lastFrame ?? 0) + SILENCE_MS;
}

/** Return the request as the clock has it. */
export function passed(request: Request, moment: Moment): Request {
  if (request.sendAt !== undefined || moment.now < dueAt(request)) {
    return request;
  }
  return request.state === "sending"
    ? doubted(request, moment)
    : ended(request, "lost", moment.now, {
        again: "soon",
        reason: request.deadline === undefined ? "silence" : "deadline",
      });
}

/** Return the request after the connection has closed that its message went over. */
export function disconnected(request: Request, closeCode: number, moment: Moment): Request {
  if (isUnanswered(request)) {
    return closeCode === 1003 || closeCode === 1009
      ? ended(request, "refused", moment.now, { again: "never", error: CLOSED_OVER_IT[closeCode] })
      : doubted(request, moment);
  }
  return isUnderWay(request) && request.state !== "sending"
    ? ended(request, "lost", moment.now, { again: "soon", reason: "connection" })
    : request;
}

const CLOSED_OVER_IT = {
  1003: { code: "invalid_request", message: "the server takes text only, and got something else" },
  1009: { code: "message_too_large", message: "the server takes messages of up to 32 KB" },
} as const;

/** Return a request that API Gateway would close the connection over, so that it isn't sent. */
export function tooLarge(request: Request, bytes: number, most: number, now: number): Request {
  const message = `the message has ${bytes} bytes, and may have ${most}`;
  return ended(request, "refused", now, { again: "never", error: { code: "message_too_large", message } });
}

export function unsent(request: Request, now: number): Request {
  return ended(request, "unsent", now, { again: "soon" });
}

export function stopped(request: Request, now: number): Request {
  return isUnderWay(request) ? ended(request, "stopped", now, { again: "soon" }) : request;
}

/** Return a request of a page that is no more: its connection has gone with the page. */
export function leftBehind(request: Request, now: number): Request {
  return isUnderWay(request) ? ended(request, "lost", now, { again: "soon", reason: "connection" }) : request;
}

function accepted(request: Request, frame: Accepted, now: number): Request {
  const state = request.attempt === 0 ? "queued" : request.state;
  const deadline = request.deadline ?? now + frame.deadlineSeconds * 1000; // a second `accepted` doesn't move it
  const times = { ...request.times, accepted: now };
  return { ...request, state, error: undefined, sendAt: undefined, deadline, times };
}

/** An attempt begins, whatever its first frame is: what an earlier one said is void. */
function begun(request: Request, attempt: number, now: number): Request {
  const isReplay = !isUnderWay(request); // its message was sent anew, so the old deadline says nothing
  return {
    ...request,
    state: "answering",
    sendAt: undefined,
    error: undefined,
    again: undefined,
    retry: undefined,
    deadline: isReplay ? undefined : request.deadline,
    attempt,
    nextSeq: 0,
    text: "",
    citations: [],
    steps: [],
    times: { ...request.times, started: now, firstWord: undefined, ended: undefined },
  };
}

function shown(request: Request, frame: Exclude<Frame, Pong | Accepted> | UnknownFrame, now: number): Request {
  switch (frame.type) {
    case "delta": {
      const times = { ...request.times, firstWord: request.times.firstWord ?? now };
      return { ...request, text: request.text + frame.text, times };
    }
    case "citation":
      return { ...request, citations: [...request.citations, frame] };
    case "step":
      return { ...request, steps: withStep(request.steps, frame) };
    case "heartbeat":
      return { ...request, waitingFor: frame.waitingFor };
    case "retrying":
      return { ...request, state: "retrying", retry: { code: frame.code, at: now + frame.delaySeconds * 1000 } };
    case "completed": {
      const { sessionId, sessionRestarted = false, truncated, stopReason, usage } = frame;
      return ended(request, "completed", now, { sessionId, sessionRestarted, truncated, stopReason, usage });
    }
    case "error": {
      const later = frame.code === "deadline_exceeded" ? "in a minute" : "in a few minutes";
      return ended(request, "failed", now, { error: errorOf(frame), again: frame.retryable ? later : "never" });
    }
    case "started":
    case "unknown":
      return request;
  }
}

function withStep(steps: readonly Step[], step: Step): readonly Step[] {
  return [...steps.filter((other) => other.index !== step.index), step].sort((a, b) => a.index - b.index);
}

function ended(request: Request, state: State, now: number, facts: Partial<Request>): Request {
  const times = { ...request.times, ended: now };
  return { ...request, state, sendAt: undefined, waitingFor: undefined, ...facts, times };
}

function errorOf({ code, message, field }: ErrorFrame): Request["error"] {
  return { code, message, field };
}
