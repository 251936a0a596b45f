/** The requests of a client, and which of them a message of the server belongs to. Pure, as request.ts is. */

import type { Parsed } from "./frames.ts";
import { doubted, isUnanswered, received, refused, type Moment, type Request } from "./request.ts";

export interface Requests {
  readonly all: readonly Request[];
  /** What the server said that is a fault of it or of this client, in words. The newest is last. */
  readonly faults: readonly string[];
}

export const NONE: Requests = { all: [], faults: [] };
const MOST_FAULTS = 100;

/** Return the requests after `change`; the same object if it changes none. */
export function each(requests: Requests, change: (request: Request) => Request): Requests {
  const all = requests.all.map(change);
  return all.some((request, index) => request !== requests.all[index]) ? { ...requests, all } : requests;
}

/** Return the requests after a message of the server. */
export function after(requests: Requests, parsed: Parsed, moment: Moment): Requests {
  switch (parsed.kind) {
    case "garbage":
      return withFault(requests, `The server sent ${parsed.why}.`);
    case "gateway": {
      const { message } = parsed.answer;
      const fault = `API Gateway answered one of the messages, unknown which: ${message}`;
      return toTheUnanswered(requests, (request) => doubted(request, moment, { message }), fault);
    }
    case "frame":
    case "unknown": {
      const { frame } = parsed;
      if (frame.type === "pong") return requests;
      if (requests.all.some(({ requestId }) => requestId === frame.requestId)) {
        return each(requests, (request) =>
          request.requestId === frame.requestId ? received(request, frame, moment) : request,
        );
      }
      const isStray = frame.type === "error" && frame.attempt === undefined && !wasSent(requests, frame.requestId);
      if (!isStray) return requests;
      // An error for an id that was never sent answers a message whose own id couldn't be read.
      const fault = `The server refused one of the messages, unknown which: ${frame.message}`;
      return toTheUnanswered(requests, (request) => refused(request, frame, moment), fault);
    }
  }
}

function wasSent(requests: Requests, requestId: string): boolean {
  return requests.all.some(({ earlierIds }) => earlierIds.includes(requestId));
}

function toTheUnanswered(requests: Requests, change: (request: Request) => Request, fault: string): Requests {
  return requests.all.filter(isUnanswered).length === 1
    ? each(requests, (request) => (isUnanswered(request) ? change(request) : request))
    : withFault(requests, fault);
}

function withFault(requests: Requests, fault: string): Requests {
  return { ...requests, faults: [...requests.faults, fault].slice(-MOST_FAULTS) };
}
