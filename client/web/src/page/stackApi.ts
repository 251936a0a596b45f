/** The laptop stack's state as JSON, below `/_control/` of the page's own address: docs/laptop-state.md. */

export interface StackState {
  readonly url: string;
}

export async function readState(signal: AbortSignal): Promise<StackState> {
  return (await request("GET", "state", signal)) as StackState;
}

async function request(method: string, path: string, signal?: AbortSignal, body?: object): Promise<unknown> {
  const response = await fetch(`/_control/${path}`, {
    method,
    signal: signal ?? null,
    body: body === undefined ? null : JSON.stringify(body),
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
