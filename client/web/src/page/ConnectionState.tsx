import type { Connection } from "../selador/client.ts";

const WORDS: Record<Connection["state"], string> = {
  closed: "Idle",
  connecting: "Connecting",
  open: "Connected",
  unreachable: "Not connected",
};

export function ConnectionState({ connection, onRetry }: { connection: Connection; onRetry: () => void }) {
  const { state, words } = connection;
  return (
    <p className="connection" data-state={state} role="status" title={words}>
      <span className="dot" aria-hidden="true" />
      <span>
        {WORDS[state]}
        {state === "closed" && <span className="more">: the next question connects</span>}
        {state === "connecting" && words && <span className="more">: {words}</span>}
        {state === "unreachable" && <span className="more">: {words}</span>}
      </span>
      {state === "unreachable" && (
        <button type="button" className="quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </p>
  );
}
