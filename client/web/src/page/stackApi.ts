/** The laptop stack's state as JSON, below `/_control/` of the page's own address: docs/laptop-state.md. */

export interface StackState {
  readonly url: string;
  readonly at: string;
  readonly connections: readonly { readonly connectionId: string; readonly lastActiveAt: string }[];
  /** null while the control plane gives no answer, as `alarms`. */
  readonly queues: readonly Queue[] | null;
  readonly alarms: readonly { readonly name: string; readonly state: string; readonly reason: string }[] | null;
  readonly requests: readonly SeenRequest[];
  readonly failures: readonly Failure[];
}

export interface Queue {
  readonly name: string;
  readonly isDeadLetterQueue: boolean;
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly messages: readonly Message[];
}

export interface Message {
  readonly messageId: string;
  readonly requestId: string | null;
  readonly sentAt: string;
  readonly receiveCount: number;
}

export interface SeenRequest {
  readonly requestId: string;
  readonly state: string;
  readonly receivedAt: string;
  readonly lastAt: string;
  readonly attempt: number;
  readonly frames: number;
}

export interface Failure {
  readonly at: string;
  readonly text: string;
  readonly lookAt: readonly string[];
  readonly count: number;
}

export interface Timeline extends SeenRequest {
  readonly timeline: readonly Moment[];
}

/** What happened, with facts of its own: an attempt, a code, a status. */
export interface Moment {
  readonly at: string;
  readonly what: string;
  readonly [fact: string]: unknown;
}

export async function readState(signal?: AbortSignal): Promise<StackState> {
  return (await ask("GET", "state", undefined, signal)) as StackState;
}

export async function readTimeline(requestId: string): Promise<Timeline> {
  return (await ask("GET", `requests/${encodeURIComponent(requestId)}`)) as Timeline;
}

export async function readLogNames(): Promise<readonly string[]> {
  return ((await ask("GET", "logs")) as { logs: string[] }).logs;
}

export async function readLog(name: string, lines: number): Promise<readonly string[]> {
  return ((await ask("GET", `logs/${encodeURIComponent(name)}?lines=${lines}`)) as { lines: string[] }).lines;
}

/** Ask the stack for something: a fault, a redrive. */
export async function order(path: string, members: object = {}): Promise<void> {
  await ask("POST", path, members);
}

export async function takeBackFaults(): Promise<void> {
  await ask("DELETE", "faults");
}

async function ask(method: string, path: string, members?: object, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(`/_control/${path}`, {
    method,
    signal: signal ?? null,
    body: members === undefined ? null : JSON.stringify(members),
  });
  const text = await response.text();
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const answer: unknown = isJson && text ? JSON.parse(text) : undefined;
  if (!response.ok) {
    throw new Error((answer as { message?: string } | undefined)?.message ?? `the stack answered ${response.status}`);
  }
  if (method === "GET" && answer === undefined) throw new Error("the stack's answer isn't JSON");
  return answer;
}
