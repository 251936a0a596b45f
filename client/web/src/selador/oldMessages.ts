/**
 * Lets a page go on that spoke to another service: its messages become questions, and answers become the frames that it
 * knows. What those are called is data, such as src/config/oldMessages.ts.
 *
 * Attempts, repeated frames, silence and lost connections stay the Client's business. The page sees none of them.
 */

import type { Client } from "./client.ts";
import { isUnderWay, type Question, type Request } from "./request.ts";

/**
 * A frame as the page knows it: a text that is sent as it is, or an object that is sent as JSON; null if it knows none
 * such. In its texts `$text`, `$message` and `$sessionId` stand for an answer's.
 */
export type OldFrame = string | { readonly [member: string]: unknown } | null;

export interface OldMessages {
  /** What each member of a message is to us. A member that isn't named here is an error: it may have meant something. */
  readonly members: Readonly<Record<string, "text" | "sessionId" | "nothing">>;
  readonly frames: {
    /** The next part of the answer. */
    readonly part: OldFrame;
    /** Parts were told, and the answer begins anew: what was told doesn't count. */
    readonly again: OldFrame;
    /** The answer is complete; `$text` is all of it. */
    readonly completed: OldFrame;
    /** It failed; `$message` says why. */
    readonly failed: OldFrame;
  };
}

/** What the page was told of an answer. */
interface Told {
  readonly attempt: number;
  readonly characters: number;
  readonly hasEnded: boolean;
}

const NOTHING: Told = { attempt: 0, characters: 0, hasEnded: false };

/** Return the question that a message of the page asks. A message that is no JSON object is the question's text. */
export function questionOf(message: string, { members }: OldMessages): Question {
  const question: { text?: string; sessionId?: string } = {};
  for (const [member, value] of Object.entries(membersOf(message) ?? { [textOf(members)]: message })) {
    const meaning = Object.hasOwn(members, member) ? members[member] : undefined;
    if (meaning === undefined) throw new Error(`the table of old messages doesn't say what ${member} is`);
    if (meaning === "nothing") continue;
    if (typeof value !== "string") throw new Error(`${member} is the question's ${meaning}, but no text`);
    if (question[meaning] !== undefined) throw new Error(`${member} is a second ${meaning} of one question`);
    question[meaning] = value;
  }
  const { text, sessionId } = question;
  if (text === undefined) throw new Error("no member of the message is the question's text");
  return sessionId === undefined ? { text } : { text, sessionId };
}

/** Return the frames that the page lacks, and what it was told after them. */
function framesFor(request: Request, told: Told, { frames }: OldMessages): { told: Told; sent: string[] } {
  const sent: (string | undefined)[] = [];
  let { attempt, characters, hasEnded } = told;
  if (request.attempt > attempt) {
    if (characters > 0) sent.push(written(frames.again, request, ""));
    [attempt, characters, hasEnded] = [request.attempt, 0, false];
  }
  if (request.text.length > characters) {
    sent.push(written(frames.part, request, request.text.slice(characters)));
    characters = request.text.length;
  }
  if (!isUnderWay(request) && !hasEnded) {
    sent.push(written(request.state === "completed" ? frames.completed : frames.failed, request, request.text));
    hasEnded = true;
  }
  return { told: { attempt, characters, hasEnded }, sent: sent.filter((frame) => frame !== undefined) };
}

/** Stands where the page has its WebSocket. It has handlers as properties, and no event listeners. */
export class OldSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  #state: string | undefined;
  readonly #told = new Map<string, Told>();

  constructor(
    private readonly client: Client,
    private readonly old: OldMessages,
  ) {
    client.subscribe(() => this.#look());
    client.connect();
  }

  send(message: string): void {
    this.#told.set(this.client.ask(questionOf(message, this.old)), NOTHING);
    this.#look();
  }

  close(): void {
    this.client.close();
  }

  #look(): void {
    const { connection, requests } = this.client.snapshot();
    const changed = connection.state !== this.#state;
    this.#state = connection.state;
    if (changed && connection.state === "open") this.onopen?.();
    for (const request of requests.all) {
      const before = this.#told.get(request.key);
      if (before === undefined) continue;
      const { told, sent } = framesFor(request, before, this.old);
      this.#told.set(request.key, told);
      for (const data of sent) this.onmessage?.({ data });
    }
    if (changed && connection.state === "unreachable") this.onclose?.({ code: 1006 });
  }
}

function membersOf(message: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function textOf(members: OldMessages["members"]): string {
  return Object.keys(members).find((member) => members[member] === "text") ?? "text";
}

function written(frame: OldFrame, request: Request, text: string): string | undefined {
  if (frame === null) return undefined;
  const message = request.error?.message ?? `the answer is ${request.state}`;
  const known: Record<string, string> = { $text: text, $message: message, $sessionId: request.sessionId ?? "" };
  const fill = (template: string) => template.replace(/\$(?:text|message|sessionId)/g, (name) => known[name] ?? "");
  if (typeof frame === "string") return fill(frame);
  return JSON.stringify(frame, (_, value: unknown) => (typeof value === "string" ? fill(value) : value));
}
