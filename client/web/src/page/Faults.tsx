import { useState } from "react";
import type { Act } from "./Stack.tsx";
import { order, takeBackFaults } from "./stackApi.ts";

/** Faults of Bedrock's next calls, by their names in `/_control/faults`. */
const BEDROCK = {
  throttle: "refuses: throttled",
  quota: "refuses: quota used up",
  unavailable: "refuses: unavailable",
  internal: "refuses: internal error",
  access_denied: "refuses: access denied",
  guardrail: "blocks by a guardrail",
  cut: "breaks off in the answer",
  stall: "stalls in the answer",
  hang_up: "hangs up",
  garbage: "sends garbage",
} as const;
const AFTER_EVENTS = 3;

/** Faults by a click. */
export function Faults({ onAct }: { onAct: Act }) {
  const [fault, setFault] = useState<string>("cut");
  const [times, setTimes] = useState(1);
  const inTheAnswer = fault === "cut" || fault === "stall" || fault === "garbage";
  return (
    <section>
      <h3>Make it fail</h3>
      <form
        className="buttons"
        onSubmit={(event) => {
          event.preventDefault();
          const members = { fault, times, ...(inTheAnswer ? { afterEvents: AFTER_EVENTS } : {}) };
          onAct("Bedrock's next calls fail so.", order("faults", members));
        }}
      >
        <label>
          Bedrock{" "}
          <select value={fault} onChange={({ target }) => setFault(target.value)}>
            {Object.entries(BEDROCK).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="number"
            min={1}
            max={99}
            required
            value={times}
            onChange={({ target }) => setTimes(target.valueAsNumber || 1)}
          />{" "}
          times
        </label>
        <button type="submit" className="quiet">
          Fail
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("What still waited to fail is taken back.", takeBackFaults())}
        >
          Take back
        </button>
        <span />
      </form>
      <div className="buttons">
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("Queues deliver late, out of order and twice.", order("disorder", { seed: "page" }))}
        >
          Disturb the queues
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("Queues deliver as usual.", order("disorder", { seed: null }))}
        >
          Calm them
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("Each function starts cold next time.", order("environments"))}
        >
          Replace all environments
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => onAct("Idle connections of functions are lost.", order("idle-connections"))}
        >
          Lose idle connections
        </button>
        <span />
      </div>
    </section>
  );
}
