/** Reads what a socket receives. Whatever comes, it becomes one of four things, and nothing is thrown. */

import type { ErrorCode, Frame, GatewayError, StepStatus, WaitingFor } from "../../../typescript/protocol.ts";

/** A frame of a later release: it says nothing to this client, but its `seq` counts. */
export interface UnknownFrame {
  type: "unknown";
  requestId?: string;
  attempt?: number;
  seq?: number;
}

export type Parsed =
  | { kind: "frame"; frame: Frame }
  | { kind: "unknown"; frame: UnknownFrame }
  | { kind: "gateway"; answer: GatewayError }
  | { kind: "garbage"; why: string };

type Members = Record<string, unknown>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isInteger: Check = (value) => Number.isSafeInteger(value);
const isCount: Check = (value) => isInteger(value) && (value as number) >= 0;
const isAttempt: Check = (value) => isCount(value) && (value as number) >= 1;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSpan: Check = (value) => isObject(value) && isCount(value.start) && isCount(value.end);
const isUsage: Check = (value) => isObject(value) && isCount(value.inputTokens) && isCount(value.outputTokens);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const OF_AN_ATTEMPT = { requestId: isText, attempt: isAttempt, seq: isCount };

/** The members of each type of frame; further ones are ignored. */
const FRAMES: Record<Frame["type"], Record<string, Check>> = {
  accepted: { requestId: isText, messageId: isText, deadlineSeconds: isInteger },
  pong: {},
  started: OF_AN_ATTEMPT,
  delta: { ...OF_AN_ATTEMPT, text: isText },
  citation: { ...OF_AN_ATTEMPT, text: isText, source: maybe(isText), span: maybe(isSpan) },
  step: { ...OF_AN_ATTEMPT, name: isText, status: isText, index: isCount, count: isCount },
  heartbeat: { ...OF_AN_ATTEMPT, waitingFor: maybe(isText) },
  retrying: { ...OF_AN_ATTEMPT, delaySeconds: isInteger, code: isText },
  completed: {
    ...OF_AN_ATTEMPT,
    truncated: isFlag,
    sessionId: maybe(isText),
    sessionRestarted: maybe(isFlag),
    stopReason: maybe(isText),
    usage: maybe(isUsage),
  },
  error: {
    requestId: isText,
    code: isText,
    message: isText,
    retryable: isFlag,
    field: maybe(isText),
    attempt: maybe(isAttempt),
    seq: maybe(isCount),
  },
};

const STATUSES = new Set<StepStatus>(["started", "completed", "failed"]);
const WAITED_FOR = new Set<WaitingFor>(["quota", "service"]);
const CODES = new Set<ErrorCode>([
  "invalid_request",
  "unknown_action",
  "message_too_large",
  "unauthorized",
  "unavailable",
  "throttled",
  "content_blocked",
  "deadline_exceeded",
  "attempts_exhausted",
  "internal",
]);

export function parse(text: unknown): Parsed {
  if (typeof text !== "string") {
    return { kind: "garbage", why: "a binary message, where the protocol has text only" };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "garbage", why: "a message that isn't JSON" };
  }
  if (!isObject(value)) {
    return { kind: "garbage", why: "JSON that isn't an object" };
  }
  if (value.type === undefined && [value.message, value.connectionId, value.requestId].every(isText)) {
    return { kind: "gateway", answer: value as unknown as GatewayError };
  }
  if (typeof value.type !== "string") {
    return { kind: "garbage", why: "an object without a type" };
  }
  return frameOf(value.type, value);
}

function frameOf(type: string, value: Members): Parsed {
  if (!Object.hasOwn(FRAMES, type)) {
    return unknown(value);
  }
  const members = FRAMES[type as Frame["type"]];
  const wrong = Object.keys(members).find((name) => !members[name]?.(value[name]));
  if (wrong !== undefined) {
    return { kind: "garbage", why: `a frame ${type} whose ${wrong} isn't as the protocol says` };
  }
  if (type === "step" && !STATUSES.has(value.status as StepStatus)) {
    return unknown(value);
  }
  if (type === "heartbeat" && value.waitingFor !== undefined && !WAITED_FOR.has(value.waitingFor as WaitingFor)) {
    return unknown(value);
  }
  const frame = "code" in value && !CODES.has(value.code as ErrorCode) ? { ...value, code: "internal" } : value;
  return { kind: "frame", frame: frame as unknown as Frame };
}

function unknown(value: Members): Parsed {
  const frame: UnknownFrame = { type: "unknown" };
  if (isText(value.requestId)) frame.requestId = value.requestId as string;
  if (isAttempt(value.attempt)) frame.attempt = value.attempt as number;
  if (isCount(value.seq)) frame.seq = value.seq as number;
  return { kind: "unknown", frame };
}
