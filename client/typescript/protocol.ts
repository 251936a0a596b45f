// Generated from functions/shared/selador_shared/protocol.py by `make protocol`: change that, not this.

export const SUBPROTOCOL = "selador.v1";

/** Bytes; API Gateway takes no larger one. */
export const MAX_FRAME_BYTES = 32768;

/** Keeps an idle connection open (API Gateway closes one after 10 minutes of silence). */
export interface Ping {
  action: "ping";
}

/** A question to the query agent. The handler also refuses a `text` of blanks, and one that is longer than the deployed agent takes. */
export interface Query {
  action: "invoke";
  type?: "query";
  text: string;
  requestId?: string | null;
  sessionId?: string | null;
}

/** A named workflow to run with `inputs`. The handler also refuses a workflow that the deployment doesn't have, and inputs that the workflow doesn't take. */
export interface Workflow {
  action: "invoke";
  type: "workflow";
  workflow: string;
  inputs?: Record<string, string>;
  requestId?: string | null;
}

export type Message = Ping | Query | Workflow;

/** The request is durably queued. No terminal frame within `deadlineSeconds` means that it was lost. It may come after any frame of an attempt. After a terminal frame it means nothing. */
export interface Accepted {
  type: "accepted";
  requestId: string;
  messageId: string;
  deadlineSeconds: number;
}

/** A source of the text so far: the passage's `text`, its address, and the part of the answer that it supports. */
export interface Citation {
  requestId: string;
  attempt: number;
  seq: number;
  type: "citation";
  text: string;
  source?: string;
  span?: Span;
}

/** Terminal: the whole answer was delivered. `sessionId` continues the conversation. `sessionRestarted` is there where it is true: the session that the query named has ended, or never was; the answer knows nothing of it, and `sessionId` is a new one. `truncated`: the answer is not whole, since the model reached its limit of tokens or, if `stopReason` is `cancelled`, since its user stopped it. */
export interface Completed {
  requestId: string;
  attempt: number;
  seq: number;
  type: "completed";
  sessionId?: string;
  sessionRestarted?: boolean;
  usage?: Usage;
  stopReason?: string;
  truncated: boolean;
}

/** A part of the answer's text, to be appended in the order of `seq`. */
export interface Delta {
  requestId: string;
  attempt: number;
  seq: number;
  type: "delta";
  text: string;
}

/** Terminal. With an `attempt` the request has failed; without one it answers the message itself. `field` names the member of the message that breaks a rule. `retryable`: the same may succeed later, under a new `requestId` if there is an `attempt`. */
export interface ErrorFrame {
  type: "error";
  requestId: string;
  code: ErrorCode;
  message: string;
  field?: string;
  retryable: boolean;
  attempt?: number;
  seq?: number;
}

/** Why a request failed. Count one that you don't know as `internal`. */
export type ErrorCode = "invalid_request" | "unknown_action" | "message_too_large" | "unauthorized" | "unavailable" | "throttled" | "content_blocked" | "deadline_exceeded" | "attempts_exhausted" | "internal";

/** Nothing else was sent for 15 s. `waitingFor` says why, if the attempt waits before it asks again. */
export interface Heartbeat {
  requestId: string;
  attempt: number;
  seq: number;
  type: "heartbeat";
  waitingFor?: WaitingFor;
}

/** Answers `ping`. Of all frames it alone belongs to no request. */
export interface Pong {
  type: "pong";
}

/** The attempt failed; another follows in about `delaySeconds`. */
export interface Retrying {
  requestId: string;
  attempt: number;
  seq: number;
  type: "retrying";
  delaySeconds: number;
  code: ErrorCode;
}

/** Characters `start` to `end` of the whole answer, counted from 0, the last one included. A character is a Unicode code point, as far as AWS tells. */
export interface Span {
  start: number;
  end: number;
}

/** An attempt begins. A client discards what an earlier attempt sent. */
export interface Started {
  requestId: string;
  attempt: number;
  seq: number;
  type: "started";
}

/** A step of a workflow or of a search starts or ends; `index` counts from 0 to `count` - 1. A workflow's `count` is fixed; a search's is the number of steps so far. After `failed` the attempt ends. */
export interface Step {
  requestId: string;
  attempt: number;
  seq: number;
  type: "step";
  name: string;
  status: StepStatus;
  index: number;
  count: number;
}

/** What became of a workflow's step. Ignore a frame with one that you don't know. */
export type StepStatus = "started" | "completed" | "failed";

/** Tokens, if the agent reports them (a knowledge base doesn't), and the service tier of the models. If several tiers served one answer, `serviceTier` names all of them, separated by commas. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  serviceTier?: string;
}

/** `quota`: the model's quota is used up. `service`: the model, or what it reads, isn't ready or can't be reached. Ignore a frame with one that you don't know. */
export type WaitingFor = "quota" | "service";

export type Frame = Accepted | Pong | Started | Delta | Citation | Step | Heartbeat | Retrying | Completed | ErrorFrame;

/** What ends a request. */
export type TerminalFrame = Completed | ErrorFrame;

/** API Gateway's own answer to a message that it didn't hand on: no frame of the protocol, for it has no `type`. `requestId` is API Gateway's, not the client's. `message` is a sentence such as `Forbidden`, `Too Many Requests` or `Internal server error`. */
export interface GatewayError {
  type?: undefined;
  message: string;
  connectionId: string;
  requestId: string;
}

/** All that a client may receive. */
export type Received = Frame | GatewayError;
