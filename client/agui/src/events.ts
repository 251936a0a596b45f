/**
 * What AG-UI's events say of a request. Pure.
 *
 * AG-UI wants a stream that is ordered, whole and without repeats. The client below has made one of frames that may be
 * late, doubled or void: so the events are the difference between two of its snapshots of a request.
 */

import { type BaseEvent, EventType, type Message } from "@ag-ui/client";
import { isUnderWay, type Request } from "../../web/src/selador/request.ts";

export interface Run {
  readonly threadId: string;
  readonly runId: string;
  /** The messages that the run began with. */
  readonly messages: readonly Message[];
}

type Event = BaseEvent & Record<string, unknown>;

/** Return the events that lead from `before` to `after`, which the same run has asked. */
export function eventsBetween(before: Request, after: Request, run: Run): Event[] {
  const isSuperseded = before.attempt !== after.attempt;
  const old = isSuperseded ? { ...before, text: "", steps: [], citations: [] } : before;
  return [
    ...(isSuperseded ? withdrawn(before, run) : []),
    ...waiting(before, after),
    ...steps(old, after),
    ...words(old, after),
    ...after.citations.slice(old.citations.length).map(({ text, source, span }) => custom("citation", { text, source, span })),
    ...(isUnderWay(after) ? [] : end(after, run)),
  ];
}

/** A new attempt makes the half answer void: a snapshot of the messages takes it away. */
function withdrawn(request: Request, run: Run): Event[] {
  const closed = closing(request);
  return request.text === "" ? closed : [...closed, { type: EventType.MESSAGES_SNAPSHOT, messages: run.messages }];
}

/** End what is open: AG-UI takes no end of a run before. */
function closing(request: Request): Event[] {
  const open = request.steps.filter(({ status }) => status === "started");
  return [
    ...open.map(({ name }) => ({ type: EventType.STEP_FINISHED, stepName: name })),
    ...(request.text === "" ? [] : [{ type: EventType.TEXT_MESSAGE_END, messageId: messageIdOf(request) }]),
  ];
}

function waiting(before: Request, after: Request): Event[] {
  const { state, waitingFor, retry } = after;
  const isNews = state !== before.state || waitingFor !== before.waitingFor;
  return isNews && isUnderWay(after) ? [custom("state", { state, waitingFor, retryCode: retry?.code })] : [];
}

function steps(before: Request, after: Request): Event[] {
  return after.steps.flatMap(({ index, name, status }) => {
    const old = before.steps.find((step) => step.index === index);
    const begins = old === undefined ? [{ type: EventType.STEP_STARTED, stepName: name }] : [];
    const ends = status !== "started" && (old === undefined || old.status === "started");
    return ends ? [...begins, { type: EventType.STEP_FINISHED, stepName: name }] : begins;
  });
}

function words(before: Request, after: Request): Event[] {
  if (after.text.length === before.text.length) return [];
  const messageId = messageIdOf(after);
  const begins = { type: EventType.TEXT_MESSAGE_START, messageId, role: "assistant" };
  const delta = after.text.slice(before.text.length);
  return [...(before.text === "" ? [begins] : []), { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta }];
}

function end(request: Request, { threadId, runId }: Run): Event[] {
  const { state, error, again, reason, sessionId, truncated, usage } = request;
  const closed = closing(request);
  if (state === "completed") {
    const result = { sessionId, truncated, usage };
    return [...closed, { type: EventType.RUN_FINISHED, threadId, runId, result }];
  }
  if (state === "stopped") {
    return [...closed, { type: EventType.RUN_FINISHED, threadId, runId, outcome: { type: "cancelled" } }];
  }
  const message = error?.message ?? `the answer is ${state}${reason === undefined ? "" : ` (${reason})`}; ask again ${again}`;
  return [...closed, { type: EventType.RUN_ERROR, message, code: error?.code ?? state }];
}

function custom(name: string, value: object): Event {
  return { type: EventType.CUSTOM, name: `selador.${name}`, value };
}

function messageIdOf({ key, attempt }: Request): string {
  return `${key}-${attempt}`;
}
