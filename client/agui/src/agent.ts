/** Selador as an agent of AG-UI. */

import { AbstractAgent, type AgentConfig, type BaseEvent, EventType, type RunAgentInput } from "@ag-ui/client";
import { Observable } from "rxjs";
import type { Client } from "../../web/src/selador/client.ts";
import { asked, isUnderWay, type Question, type Request } from "../../web/src/selador/request.ts";
import { eventsBetween } from "./events.ts";

/**
 * Asks the newest message of the user over `client`; a thread is a conversation.
 *
 * A run with `forwardedProps` `{workflow, inputs}` runs that workflow instead.
 */
export class SeladorAgent extends AbstractAgent {
  /** The session of each thread. */
  private sessions = new Map<string, string>();
  private key: string | undefined;

  constructor(
    private client: Client,
    config?: AgentConfig,
  ) {
    super(config);
  }

  run(input: RunAgentInput): Observable<BaseEvent> {
    return new Observable((run) => {
      const { threadId, runId } = input;
      run.next({ type: EventType.RUN_STARTED, threadId, runId } as BaseEvent);
      const question = questionOf(input, this.sessions.get(threadId));
      if (question === undefined) {
        run.next({ type: EventType.RUN_ERROR, message: "the thread has no message of its user to answer" } as BaseEvent);
        run.complete();
        return;
      }
      const key = (this.key = this.client.ask(question));
      let seen: Request = asked(key, question, 0);
      const look = () => {
        const now = this.client.snapshot().requests.all.find((request) => request.key === key);
        if (run.closed || now === undefined || now === seen) return;
        for (const event of eventsBetween(seen, now, input)) run.next(event);
        seen = now;
        if (!isUnderWay(now)) {
          if (now.sessionId !== undefined) this.sessions.set(threadId, now.sessionId);
          run.complete();
        }
      };
      const leave = this.client.subscribe(look);
      look();
      return leave;
    });
  }

  /** Stop the answer. The protocol can only close the connection for that: docs/protocol.md. */
  override abortRun(): void {
    if (this.key !== undefined) this.client.stop(this.key);
  }

  override clone(): SeladorAgent {
    const copy = super.clone() as SeladorAgent;
    copy.client = this.client;
    copy.sessions = this.sessions;
    return copy;
  }
}

function questionOf({ messages, forwardedProps }: RunAgentInput, sessionId: string | undefined): Question | undefined {
  const { workflow, inputs } = (forwardedProps ?? {}) as { workflow?: string; inputs?: Record<string, string> };
  if (workflow !== undefined) {
    return { type: "workflow", workflow, inputs: inputs ?? {} };
  }
  const newest = messages.findLast(({ role }) => role === "user")?.content;
  const text = typeof newest === "string" ? newest : textOf(newest);
  return text === undefined ? undefined : { text, ...(sessionId === undefined ? {} : { sessionId }) };
}

/** The text of a message that has several parts; pictures and files are left out. */
function textOf(parts: unknown): string | undefined {
  if (!Array.isArray(parts)) return undefined;
  const texts = parts.flatMap((part: { type?: string; text?: string }) => (part.type === "text" ? [part.text ?? ""] : []));
  return texts.length === 0 ? undefined : texts.join("\n");
}
