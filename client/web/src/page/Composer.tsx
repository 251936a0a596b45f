import { useRef, useState } from "react";
import inputsOfWorkflows from "../../../../functions/shared/selador_shared/workflow_inputs.json";
import type { Question } from "../selador/request.ts";

interface Input {
  readonly description: string;
  readonly required: boolean;
  readonly max_characters: number;
}

const WORKFLOWS = inputsOfWorkflows as Record<string, Record<string, Input>>;
const QUESTION = "question";

interface Props {
  readonly isBusy: boolean;
  readonly hasConversation: boolean;
  onAsk(question: Question): void;
  onStop(): void;
  onNew(): void;
}

/** Where questions are typed and workflows are filled in. */
export function Composer({ isBusy, hasConversation, onAsk, onStop, onNew }: Props) {
  const [kind, setKind] = useState(QUESTION);
  const [texts, setTexts] = useState<Record<string, string>>({});
  const form = useRef<HTMLFormElement>(null);
  const inputs = WORKFLOWS[kind];
  const type = (name: string, text: string) => setTexts((before) => ({ ...before, [name]: text }));

  const send = () => {
    if (isBusy || !form.current?.reportValidity()) return;
    if (inputs === undefined) {
      const text = texts[QUESTION]?.trim();
      if (!text) return;
      onAsk({ text });
    } else {
      const given = Object.keys(inputs).flatMap((name) => (texts[name]?.trim() ? [[name, texts[name].trim()]] : []));
      onAsk({ type: "workflow", workflow: kind, inputs: Object.fromEntries(given) as Record<string, string> });
    }
    setTexts({});
  };

  const sendOnEnter = (event: React.KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
  };

  return (
    <form
      ref={form}
      className="composer"
      aria-label="Ask"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {inputs === undefined ? (
        <label>
          <span className="unseen">Your question</span>
          <textarea
            rows={Math.min(8, (texts[QUESTION] ?? "").split("\n").length)}
            placeholder="Ask a question"
            dir="auto"
            value={texts[QUESTION] ?? ""}
            onChange={({ target }) => type(QUESTION, target.value)}
            onKeyDown={sendOnEnter}
            autoFocus
          />
        </label>
      ) : (
        <div className="inputs">
          {Object.entries(inputs).map(([name, { description, required, max_characters: most }]) => (
            <label key={name}>
              <span>
                {name} <small>{description}{required ? "" : ", optional"}</small>
              </span>
              <textarea
                rows={most > 500 ? 3 : 1}
                required={required}
                maxLength={most}
                dir="auto"
                value={texts[name] ?? ""}
                onChange={({ target }) => type(name, target.value)}
                onKeyDown={sendOnEnter}
              />
            </label>
          ))}
        </div>
      )}
      <div className="buttons">
        <select aria-label="What to ask for" value={kind} onChange={({ target }) => setKind(target.value)}>
          <option value={QUESTION}>Question</option>
          {Object.keys(WORKFLOWS).map((name) => (
            <option key={name} value={name}>
              {name.replaceAll("_", " ")}
            </option>
          ))}
        </select>
        {hasConversation && (
          <button type="button" className="quiet" onClick={onNew} disabled={isBusy}>
            New conversation
          </button>
        )}
        {isBusy ? (
          <button type="button" className="stop" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit">Ask</button>
        )}
      </div>
    </form>
  );
}
