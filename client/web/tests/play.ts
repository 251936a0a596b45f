/** Plays a case of the table, client/cases/README.md, to a client. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Client } from "../src/selador/client.ts";
import type { Again, Question, Request } from "../src/selador/request.ts";
import { supportedText } from "../src/selador/spans.ts";
import { type FakeSocket, World } from "./world.ts";

export type Members = Record<string, unknown>;
export interface Step extends Members {
  at: number;
}
export interface Case {
  name: string;
  title: string;
  given?: string;
  tokens?: string[];
  clients?: string[];
  steps: Step[];
}

const FOLDER = new URL("../../cases/", import.meta.url);
const read = (name: string) => unfolded(JSON.parse(readFileSync(new URL(name, FOLDER), "utf-8")));
export const CASES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => read(name) as Case[])
  .filter(({ clients }) => clients === undefined || clients.includes("browser"));

/** Return the value with the text that each `$repeat` stands for. */
function unfolded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfolded);
  if (typeof value !== "object" || value === null) return value;
  if ("$repeat" in value && "times" in value) return String(value.$repeat).repeat(Number(value.times));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unfolded(member)]));
}

/** Who asks and stops for the user. What is asked has a key once `asks` has given it. */
export interface User {
  asks(client: Client, question: Question): string | Promise<string>;
  stops(client: Client, key: string): void;
  /** Look at what a client shows of a request. */
  sees?(key: string, expected: Members): void;
}

const PLAIN: User = {
  asks: (client, question) => client.ask(question),
  stops: (client, key) => client.stop(key),
};

/** Return the steps of a case, those that are given before its own included. */
export function stepsOf({ given, steps }: Case): Step[] {
  return given === undefined ? steps : [...(read(`given/${given}.json`) as Step[]), ...steps];
}

export class Play {
  readonly world: World;
  readonly #keys = new Map<string, string>();
  readonly #sockets = new Map<string, FakeSocket>();
  readonly #ids = new Map<string, string>();
  #newest: FakeSocket | undefined;
  #seen = 0;

  constructor(
    { tokens }: Case,
    private readonly user: User = PLAIN,
  ) {
    let used = 0;
    const token =
      tokens === undefined || tokens.length === 1 ? tokens?.[0] : () => tokens[Math.min(used++, tokens.length - 1)] ?? "";
    this.world = new World({ url: "ws://here/local", token });
  }

  async step(step: Step): Promise<void> {
    this.world.passTo(Math.round(step.at * 1000));
    if ("client" in step) {
      this.#expect(step);
      return;
    }
    this.expectNothing();
    if ("user" in step) await this.#act(step);
    if ("server" in step) this.#server(step);
    if ("shows" in step) this.#shows(step.shows as Members);
  }

  expectNothing(): void {
    const unexpected = this.world.deeds.slice(this.#seen).map(({ socket: _, ...deed }) => deed);
    assert.deepEqual(unexpected, [], "the client did what no step expects");
  }

  async #act(step: Step): Promise<void> {
    const { client } = this.world;
    const name = String(step.request);
    if (step.user === "connects") {
      client.connect();
    } else if (step.user === "asks") {
      const session = step.sessionId === undefined ? {} : { sessionId: String(step.sessionId) };
      this.#keys.set(name, await this.user.asks(client, { text: String(step.text), ...session }));
    } else if (step.user === "runs") {
      const inputs = step.inputs as Record<string, string>;
      this.#keys.set(name, await this.user.asks(client, { type: "workflow", workflow: String(step.workflow), inputs }));
    } else {
      this.user.stops(client, this.#keyOf(name));
    }
  }

  #server(step: Step): void {
    const socket = this.#socketOf(step);
    if (step.server === "accepts") socket.opens();
    if (step.server === "refuses") socket.closes(1006); // a browser sees no status
    if (step.server === "closes") socket.closes(Number(step.code));
    if (step.server === "sends") {
      socket.says("text" in step ? step.text : this.#withIds(JSON.stringify(step.frame)));
    }
  }

  #expect(step: Step): void {
    const deed = this.world.deeds[this.#seen++];
    assert(deed, `the client did nothing, and should: ${JSON.stringify(step)}`);
    assert.deepEqual([deed.client, deed.at], [step.client, Math.round(step.at * 1000)]);
    if (deed.client === "connects") {
      assert.deepEqual(deed.subprotocols.toSorted(), (step.subprotocols as string[]).toSorted());
      this.#newest = deed.socket;
      if (step.connection !== undefined) this.#sockets.set(String(step.connection), deed.socket);
      return;
    }
    assert.equal(deed.socket, this.#socketOf(step));
    if (deed.client === "sends") this.#expectMessage(deed.message, step.message as Members);
  }

  #expectMessage(sent: Members, expected: Members): void {
    const { requestId: name } = expected;
    if (name !== undefined) {
      if (!this.#ids.has(String(name))) {
        assert(![...this.#ids.values()].includes(String(sent.requestId)), "an id was used again");
        this.#ids.set(String(name), String(sent.requestId));
      }
    }
    const whole = sent.action === "invoke" ? { type: "query", ...sent } : sent;
    assert.deepEqual(whole, JSON.parse(this.#withIds(JSON.stringify(expected))));
  }

  #shows({ connection, faults, requests = {} }: Members): void {
    const { snapshot } = this.world;
    if (connection !== undefined) assert.equal(snapshot.connection.state, connection);
    if (faults !== undefined) assert.equal(snapshot.requests.faults.length, faults);
    for (const [name, members] of Object.entries(requests as Record<string, Members>)) {
      const all = shown(this.world.request(this.#keyOf(name)));
      assert.deepEqual(Object.fromEntries(Object.keys(members).map((member) => [member, all[member]])), members);
      this.user.sees?.(this.#keyOf(name), members);
    }
  }

  #withIds(json: string): string {
    return json.replaceAll(/"(\$\d+)"/g, (_, name: string) => JSON.stringify(this.#ids.get(name)));
  }

  #keyOf(name: string): string {
    const key = this.#keys.get(name);
    if (key === undefined) throw new Error(`the case names no request ${name} before`);
    return key;
  }

  #socketOf(step: Step): FakeSocket {
    const socket = step.connection === undefined ? this.#newest : this.#sockets.get(String(step.connection));
    if (socket === undefined) throw new Error("the case names no such connection before");
    return socket;
  }
}

/** Return a request as the table of cases names its members. */
function shown(request: Request): Members {
  const again: Again | null = request.again ?? null;
  return {
    state: request.state,
    text: request.text,
    citations: request.citations.map(({ text, source, span }) => ({
      text,
      source: source ?? null,
      supports: span === undefined ? null : supportedText(request.text, span),
    })),
    steps: request.steps.map(({ name, status, index, count }) => ({ name, status, index, count })),
    attempt: request.attempt,
    waitingFor: request.waitingFor ?? null,
    sessionId: request.sessionId ?? null,
    sessionRestarted: request.sessionRestarted,
    truncated: request.truncated,
    code: request.error?.code ?? null,
    message: request.error?.message ?? null,
    field: request.error?.field ?? null,
    reason: request.reason ?? null,
    again,
  };
}
