/** The binding by the table of cases, through AG-UI's own client, which verifies the order of events. */

import assert from "node:assert/strict";
import { AbstractAgent, type BaseEvent, EventType, type RunAgentInput } from "@ag-ui/client";
import { Observable } from "rxjs";
import { expect, test } from "vitest";
import type { Client, Surroundings } from "../../web/src/selador/client.ts";
import type { Question } from "../../web/src/selador/request.ts";
import { CASES, type Case, type Members, Play, stepsOf, type User } from "../../web/tests/play.ts";
import { World } from "../../web/tests/world.ts";
import { SeladorAgent } from "../src/agent.ts";

/** Let AG-UI's client work off what it was given: it does so in promises. */
const settled = () => new Promise((then) => setTimeout(then));

/** A run of an agent, and what AG-UI's client has made of it. */
class Run {
  ending: "finished" | "cancelled" | "error" | undefined;
  failure: Error | undefined;
  readonly events: string[] = [];
  readonly #first: number;

  constructor(
    readonly agent: AbstractAgent,
    question: Question,
  ) {
    const workflow = question.type === "workflow" ? { workflow: question.workflow, inputs: question.inputs } : {};
    const content = question.type === "workflow" ? question.workflow : question.text;
    this.#first = agent.messages.length;
    agent.addMessage({ id: `u-${this.#first}`, role: "user", content });
    void agent
      .runAgent(
        { forwardedProps: workflow },
        {
          onEvent: ({ event }) => void this.events.push(event.type),
          onRunFinishedEvent: ({ outcome }) => {
            this.ending = outcome === "cancelled" ? "cancelled" : "finished";
          },
          onRunErrorEvent: () => {
            this.ending = "error";
          },
          onRunFailed: ({ error }) => {
            this.failure = error;
          },
        },
      )
      .catch(() => undefined); // onRunFailed has it
  }

  /** The answer that AG-UI's client shows. */
  get text(): string {
    const later = this.agent.messages.slice(this.#first + 1);
    const next = later.findIndex(({ role }) => role === "user");
    return later
      .slice(0, next === -1 ? undefined : next)
      .map(({ content }) => String(content ?? ""))
      .join("|");
  }
}

const ENDINGS: Record<string, string> = { completed: "finished", stopped: "cancelled" };
const UNDER_WAY = ["sending", "queued", "answering", "retrying"];

/** A user of AG-UI's client, who compares what it shows with what a case says. */
class AguiUser implements User {
  readonly #runs = new Map<string, Run>();
  #newest: Run | undefined;

  constructor(private readonly agentOf: (client: Client) => AbstractAgent) {}

  async asks(client: Client, question: Question): Promise<string> {
    const isNext = "sessionId" in question; // the thread goes on
    const run = new Run(isNext && this.#newest ? this.#newest.agent : this.agentOf(client), question);
    this.#newest = run;
    await settled();
    const key = client.snapshot().requests.all.at(-1)?.key;
    assert(key, "the agent asked nothing");
    this.#runs.set(key, run);
    return key;
  }

  stops(_: Client, key: string): void {
    this.#runs.get(key)?.agent.abortRun();
  }

  async check(key: string, { state, text }: Members): Promise<void> {
    const run = this.#runs.get(key);
    assert(run);
    await settled();
    assert.equal(run.failure, undefined, `AG-UI's client refused an event: ${run.failure?.message}`);
    if (text !== undefined) assert.equal(run.text, text);
    if (state !== undefined) {
      assert.equal(run.ending, UNDER_WAY.includes(String(state)) ? undefined : (ENDINGS[String(state)] ?? "error"));
    }
  }
}

async function play(one: Case, agentOf: (client: Client) => AbstractAgent): Promise<void> {
  const user = new AguiUser(agentOf);
  const looks: [string, Members][] = [];
  const playing = new Play(one, {
    asks: (client, question) => user.asks(client, question),
    stops: (client, key) => user.stops(client, key),
    sees: (key, members) => void looks.push([key, members]),
  });
  for (const step of stepsOf(one)) {
    await playing.step(step);
    await settled();
    for (const [key, members] of looks.splice(0)) await user.check(key, members);
  }
}

const bound = (client: Client) => new SeladorAgent(client);

/** A replay opens a request again after its end. A run of AG-UI has ended then, and takes no more events. */
const REOPENED = ["replay", "gap-then-attempt"];

test.each(CASES.filter(({ name }) => !REOPENED.includes(name)))("$name: $title", (one) => play(one, bound));

/** The binding that one would write first: each frame is an event. */
class NaiveAgent extends AbstractAgent {
  constructor(private readonly client: Client) {
    super();
  }

  run({ threadId, runId, messages }: RunAgentInput): Observable<BaseEvent> {
    return new Observable((run) => {
      const say = (event: object) => run.next(event as BaseEvent);
      say({ type: EventType.RUN_STARTED, threadId, runId });
      this.client.ask({ text: String(messages.at(-1)?.content) });
      const { surroundings } = this.client as unknown as { surroundings: Surroundings };
      let hasBegun = false;
      surroundings.watch = ({ direction, text }) => {
        if (direction !== "received") return;
        const frame = JSON.parse(text) as Record<string, string>;
        if (frame.type === "delta") {
          if (!hasBegun) say({ type: EventType.TEXT_MESSAGE_START, messageId: "a-1", role: "assistant" });
          hasBegun = true;
          say({ type: EventType.TEXT_MESSAGE_CONTENT, messageId: "a-1", delta: frame.text });
        } else if (frame.type === "completed") {
          if (hasBegun) say({ type: EventType.TEXT_MESSAGE_END, messageId: "a-1" });
          say({ type: EventType.RUN_FINISHED, threadId, runId });
        }
      };
    });
  }
}

test("the naive binding shows a plain answer, so what it gets wrong below is no fault of the test", async () => {
  const one = CASES.find(({ name }) => name === "answer");
  assert(one);

  await play(one, (client) => new NaiveAgent(client));
});

test.each(["retry", "duplicates", "late-worker", "killed-worker", "gap", "after-completed"])(
  "without attempts and their order the case %s goes wrong, so the table can see it",
  async (name) => {
    const one = CASES.find((other) => other.name === name);
    assert(one, `the table has no case ${name}`);

    await expect(play(one, (client) => new NaiveAgent(client))).rejects.toThrow(assert.AssertionError);
  },
);

const jsonOf = (frame: object, world: World, key: string) => ({ ...frame, requestId: world.request(key).requestId });

test("a thread goes on in the session of its first answer, and a clone of the agent knows it", async () => {
  const world = new World();
  const agent = new SeladorAgent(world.client);
  const run = new Run(agent, { text: "May I keep a dog?" });
  await settled();
  world.socket.opens();
  const key = world.snapshot.requests.all[0]?.key ?? "";
  world.says(jsonOf({ type: "completed", attempt: 1, seq: 0, truncated: false, sessionId: "s-1" }, world, key));
  await settled();
  expect(run.ending).toBe("finished");

  new Run(agent.clone(), { text: "And a cat?" });
  await settled();

  expect(world.sentOver(world.socket).at(-1)).toMatchObject({ text: "And a cat?", sessionId: "s-1" });
});

test("a worker's death in a step, and a burial, end the run in an error with nothing left open", async () => {
  const world = new World();
  const run = new Run(new SeladorAgent(world.client), { type: "workflow", workflow: "neighbourhood_brief", inputs: {} });
  await settled();
  world.socket.opens();
  const key = world.snapshot.requests.all[0]?.key ?? "";
  const says = (frame: object) => world.says(jsonOf(frame, world, key));
  says({ type: "started", attempt: 1, seq: 0 });
  says({ type: "step", attempt: 1, seq: 1, name: "facts", status: "started", index: 0, count: 2 });
  says({ type: "delta", attempt: 1, seq: 2, text: "Half an ans" });
  await settled();
  expect(run.text).toBe("Half an ans");

  says({ type: "error", attempt: 4, seq: 0, code: "attempts_exhausted", message: "the request failed 3 times", retryable: true });
  await settled();

  expect(run.events).toEqual([
    "RUN_STARTED",
    ...["CUSTOM", "STEP_STARTED", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT"],
    ...["STEP_FINISHED", "TEXT_MESSAGE_END", "MESSAGES_SNAPSHOT", "RUN_ERROR"],
  ]);
  expect([run.ending, run.text, run.failure]).toEqual(["error", "", undefined]);
});

test("a thread without a message of its user is an error, and nothing is sent", async () => {
  const world = new World();
  const agent = new SeladorAgent(world.client);
  let said = "";

  await agent.runAgent({}, { onRunErrorEvent: ({ event }) => void (said = event.message) }).catch(() => undefined);

  expect(said).toBe("the thread has no message of its user to answer");
  expect(world.deeds).toEqual([]);
});
