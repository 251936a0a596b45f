import { type ReactNode, useEffect, useState } from "react";
import { Faults } from "./Faults.tsx";
import { Logs } from "./Logs.tsx";
import { order, type Queue, readState, readTimeline, type SeenRequest, type StackState, type Timeline } from "./stackApi.ts";
import { seconds } from "./words.ts";

const LOOK_MS = 1000;
const MOST_REQUESTS = 25;

/** What the laptop's stack does at the moment. */
export function Stack() {
  const { state, error } = useStack();
  const [chosen, setChosen] = useState<string>();
  const [said, setSaid] = useState("");

  const act = (what: string, action: Promise<void>) =>
    void action.then(
      () => setSaid(what),
      (failure: unknown) => setSaid(failure instanceof Error ? failure.message : String(failure)),
    );

  return (
    <main className="stack">
      <h2 className="unseen">The laptop's stack</h2>
      {error && <p className="status" data-tone="error" role="alert">The stack gives no answer: {error}</p>}
      {state && (
        <>
          <Counts state={state} />
          <Problems state={state} />
          <Queues queues={state.queues} onAct={act} />
          <section>
            <h3>Requests</h3>
            <Requests requests={state.requests} chosen={chosen} onChoose={setChosen} />
          </section>
          {chosen !== undefined && <RequestTimeline requestId={chosen} at={state.at} onAct={act} />}
          <Faults onAct={act} />
          <Logs />
        </>
      )}
      <p className="said" role="status">
        {said}
      </p>
    </main>
  );
}

function useStack() {
  const [state, setState] = useState<StackState>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    const looking = new AbortController();
    const look = async () => {
      while (!looking.signal.aborted) {
        try {
          setState(await readState(looking.signal));
          setError(undefined);
        } catch (failure) {
          if (!looking.signal.aborted) setError(failure instanceof Error ? failure.message : String(failure));
        }
        await new Promise((then) => setTimeout(then, LOOK_MS));
      }
    };
    void look();
    return () => looking.abort();
  }, []);
  return { state, error };
}

function Counts({ state: { connections, queues, alarms } }: { state: StackState }) {
  const live = queues?.filter(({ isDeadLetterQueue }) => !isDeadLetterQueue);
  const dead = queues?.filter(({ isDeadLetterQueue }) => isDeadLetterQueue);
  const ringing = alarms?.filter(({ state }) => state === "ALARM").length;
  return (
    <dl className="counts">
      <Count name="connections" count={connections.length} />
      <Count name="waiting" count={live && sum(live, ({ visible, delayed }) => visible + delayed)} />
      <Count name="in flight" count={live && sum(live, ({ inFlight }) => inFlight)} />
      <Count name="dead letters" count={dead && sum(dead, all)} isBad />
      <Count name={`of ${alarms?.length ?? "?"} alarms ring`} count={ringing} isBad />
    </dl>
  );
}

/** A number; `?` stands for what the control plane doesn't tell at the moment. */
function Count({ name, count, isBad = false }: { name: string; count: number | undefined; isBad?: boolean }) {
  return (
    <div data-bad={isBad && count !== undefined && count > 0}>
      <dt>{name}</dt>
      <dd>{count ?? "?"}</dd>
    </div>
  );
}

function Problems({ state: { alarms, failures } }: { state: StackState }) {
  const ringing = (alarms ?? []).filter(({ state }) => state === "ALARM");
  if (ringing.length === 0 && failures.length === 0) return null;
  return (
    <section>
      <h3>What needs attention</h3>
      <ul className="problems">
        {ringing.map(({ name, reason }) => (
          <li key={name}>
            <b>Alarm {name}</b> {reason}
          </li>
        ))}
        {failures.map(({ at, text, lookAt, count }) => (
          <li key={`${at} ${text}`}>
            <b>{text}</b> {count > 1 && `(${count} times) `}
            {lookAt.length > 0 && `Look at ${lookAt.join(", ")}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

export type Act = (what: string, action: Promise<void>) => void;

function Queues({ queues, onAct }: { queues: StackState["queues"]; onAct: Act }) {
  const dead = (queues ?? []).filter((queue) => queue.isDeadLetterQueue);
  const letters = dead.flatMap(({ messages }) => messages);
  if (sum(dead, all) === 0) return null;
  return (
    <section>
      <h3>Dead letters</h3>
      <Table heads={["sent", "request", "receives"]}>
        {letters.map(({ messageId, sentAt, requestId, receiveCount }) => (
          <tr key={messageId}>
            <td>{clock(sentAt)}</td>
            <td>
              <code>{requestId ?? `message ${messageId}`}</code>
            </td>
            <td>{receiveCount}</td>
          </tr>
        ))}
      </Table>
      <div className="buttons">
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("The dead letters go back to their queue.", order("dead-letters/redrive"))}
        >
          Redrive them
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => {
            if (confirm("Delete all dead letters?")) onAct("The dead letters are deleted.", order("dead-letters/purge"));
          }}
        >
          Purge them
        </button>
        <span />
      </div>
    </section>
  );
}

interface RequestsProps {
  readonly requests: readonly SeenRequest[];
  readonly chosen: string | undefined;
  onChoose(requestId: string | undefined): void;
}

function Requests({ requests, chosen, onChoose }: RequestsProps) {
  if (requests.length === 0) return <p className="hint">No request yet.</p>;
  return (
    <Table heads={["received", "request", "state", "time", "attempt", "frames"]}>
      {requests.slice(0, MOST_REQUESTS).map(({ requestId, state, receivedAt, lastAt, attempt, frames }) => (
        <tr key={requestId} data-tone={toneOf(state)}>
          <td>{clock(receivedAt)}</td>
          <td>
            <button
              type="button"
              className="link"
              aria-expanded={chosen === requestId}
              onClick={() => onChoose(chosen === requestId ? undefined : requestId)}
            >
              {requestId}
            </button>
          </td>
          <td>{state}</td>
          <td>{seconds(Date.parse(lastAt) - Date.parse(receivedAt))}</td>
          <td>{attempt || ""}</td>
          <td>{frames || ""}</td>
        </tr>
      ))}
    </Table>
  );
}

const WORKERS = { kill: "Kill its worker", stop: "Freeze its worker", continue: "Wake its worker" } as const;

/** All that happened to one request, read anew with each look at the stack. */
function RequestTimeline({ requestId, at, onAct }: { requestId: string; at: string; onAct: Act }) {
  const [read, setRead] = useState<Timeline>();
  useEffect(() => {
    let isShown = true;
    readTimeline(requestId).then(
      (timeline) => isShown && setRead(timeline),
      () => isShown && setRead(undefined),
    );
    return () => {
      isShown = false;
    };
  }, [requestId, at]);
  if (read === undefined) return null;
  const began = Date.parse(read.receivedAt);
  return (
    <section>
      <h3>
        Request <code>{requestId}</code>
      </h3>
      <ol className="moments">
        {read.timeline.map(({ at: when, what, ...facts }, index) => (
          <li key={index}>
            <span>{seconds(Date.parse(when) - began)}</span>
            <b>{what}</b>
            <span>{factsInWords(facts)}</span>
          </li>
        ))}
      </ol>
      {toneOf(read.state) === "waiting" && (
        <div className="buttons">
          {Object.entries(WORKERS).map(([what, words]) => (
            <button
              key={what}
              type="button"
              className="quiet"
              onClick={() => onAct(`${words}: done.`, order("workers", { requestId, do: what }))}
            >
              {words}
            </button>
          ))}
          <span />
        </div>
      )}
    </section>
  );
}

export function Table({ heads, children }: { heads: readonly string[]; children: ReactNode }) {
  return (
    <div className="table" tabIndex={0} role="group" aria-label={`Table of ${heads.join(", ")}`}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function factsInWords(facts: Record<string, unknown>): string {
  return Object.entries(facts)
    .filter(([name]) => name !== "until")
    .map(([name, fact]) => (name === "type" ? String(fact) : `${name} ${String(fact)}`))
    .join(", ");
}

function toneOf(state: string): "done" | "waiting" | "error" {
  if (state === "completed") return "done";
  return ["received", "waiting", "under way", "retrying"].includes(state) ? "waiting" : "error";
}

const all = ({ visible, delayed, inFlight }: Queue) => visible + delayed + inFlight;

function sum(queues: readonly Queue[], count: (queue: Queue) => number): number {
  return queues.reduce((total, queue) => total + count(queue), 0);
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString();
}
