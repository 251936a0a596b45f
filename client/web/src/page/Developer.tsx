import { useMemo, useState, useSyncExternalStore } from "react";
import type { Watched } from "../selador/client.ts";
import { parse } from "../selador/frames.ts";
import type { Request } from "../selador/request.ts";
import type { Conversation } from "./useClient.ts";
import { seconds } from "./words.ts";

/** The frames that are drawn; the export has all that are kept. */
const MOST_SHOWN = 300;
const MOST_CHARACTERS = 400;

/** Every message both ways with its time, and how the newest request spent its time. */
export function Developer({ frames, snapshot }: Conversation) {
  const all = useSyncExternalStore(frames.subscribe, frames.snapshot);
  const [filter, setFilter] = useState("");
  const found = useMemo(() => all.filter(({ text }) => text.includes(filter)).slice(-MOST_SHOWN), [all, filter]);
  const newest = snapshot.requests.all.at(-1);
  return (
    <aside className="developer" aria-label="Frames">
      <div className="head">
        <h2>Frames</h2>
        <input
          type="search"
          aria-label="Show only frames with this text"
          placeholder="Filter"
          value={filter}
          onChange={({ target }) => setFilter(target.value)}
        />
        <button type="button" className="quiet" onClick={() => save(all)} disabled={all.length === 0}>
          Export
        </button>
      </div>
      {newest && <Timeline request={newest} />}
      <ol className="frames" tabIndex={0} aria-label={`The last ${found.length} of ${all.length} frames`}>
        {found.map((frame, index) => (
          <li key={index} data-direction={frame.direction}>
            <time>{clock(frame.at)}</time>
            <span className="direction">{frame.direction}</span>
            <Message text={frame.text} />
          </li>
        ))}
      </ol>
    </aside>
  );
}

/** A message's type, and what else it holds. The export has it whole. */
function Message({ text }: { text: string }) {
  const parsed = parse(text);
  const named = parsed.kind === "frame" || parsed.kind === "unknown" ? (JSON.parse(text) as Record<string, unknown>) : {};
  const { type, requestId: _, ...rest } = named;
  return (
    <code dir="ltr">
      {typeof type === "string" ? <b>{type}</b> : null} {typeof type === "string" ? cut(JSON.stringify(rest)) : cut(text)}
    </code>
  );
}

function Timeline({ request: { times, attempt, requestId } }: { request: Request }) {
  const moments = [
    { name: "sent", at: times.sent },
    { name: "accepted", at: times.accepted },
    { name: attempt > 1 ? `attempt ${attempt} began` : "attempt began", at: times.started },
    { name: "first word", at: times.firstWord },
    { name: "last frame", at: times.lastFrame },
    { name: "end", at: times.ended },
  ].flatMap(({ name, at }) => (at === undefined ? [] : [{ name, after: at - times.asked }]));
  const whole = Math.max(1, ...moments.map(({ after }) => after));
  return (
    <section className="timeline" aria-label="Timeline of the newest request">
      <h3>
        The newest request <code>{requestId ?? "isn't sent"}</code>
      </h3>
      <dl>
        {moments.map(({ name, after }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <meter value={after} max={whole} aria-hidden="true" />
              {seconds(after)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function save(frames: readonly Watched[]): void {
  const lines = frames.map(({ at, direction, text }) => JSON.stringify({ at: new Date(at).toISOString(), direction, text }));
  const url = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "application/x-ndjson" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "frames.jsonl" });
  link.click();
  URL.revokeObjectURL(url);
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
}
