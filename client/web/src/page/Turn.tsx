import { memo, useId, useMemo, useState } from "react";
import type { Citation } from "../../../typescript/protocol.ts";
import { isUnderWay, type Question, type Request } from "../selador/request.ts";
import { pieces, sourcesOf } from "../selador/spans.ts";
import { againWords, statusOf } from "./words.ts";

interface Props {
  readonly request: Request;
  readonly now: number;
  onAgain?(): void;
  onSettings(): void;
}

/** A question and what became of it. */
export const Turn = memo(
  function Turn({ request, now, onAgain, onSettings }: Props) {
    const id = useId();
    const [shown, setShown] = useState<number>();
    const status = statusOf(request, now);
    const again = againWords(request);
    return (
      <article className="turn" aria-labelledby={`${id}-question`} aria-busy={isUnderWay(request)}>
        <h2 id={`${id}-question`} className="question" dir="auto">
          <QuestionText question={request.question} />
        </h2>
        <Steps request={request} />
        <div className="answer">
          <Answer request={request} id={id} shown={shown} onShow={setShown} />
          <Sources citations={request.citations} id={id} shown={shown} onShow={setShown} />
        </div>
        <p className="status" data-tone={status.tone}>
          {status.tone === "waiting" && <span className="spinner" aria-hidden="true" />}
          <span>{status.words}</span>
          {request.again === "on a new connection" && (
            <button type="button" className="quiet" onClick={onSettings}>
              Paste a new token
            </button>
          )}
          {again && (
            <button type="button" className="quiet" onClick={onAgain} disabled={!onAgain}>
              {again}
            </button>
          )}
        </p>
      </article>
    );
  },
  (before, after) =>
    before.request === after.request && before.now === after.now && !before.onAgain === !after.onAgain,
);

function QuestionText({ question }: { question: Question }) {
  if (question.type !== "workflow") return question.text;
  const inputs = Object.entries(question.inputs ?? {});
  return (
    <>
      <span className="workflow">{question.workflow.replaceAll("_", " ")}</span>
      {inputs.map(([name, text]) => (
        <span key={name} className="input">
          <b>{name}</b> {text}
        </span>
      ))}
    </>
  );
}

function Steps({ request: { steps } }: { request: Request }) {
  const [newest] = steps.slice(-1);
  if (newest === undefined) return null;
  const done = steps.filter(({ status }) => status === "completed").length;
  return (
    <div className="steps">
      <progress value={done} max={newest.count} aria-label={`${done} of ${newest.count} steps are done`} />
      <ol>
        {steps.map(({ index, name, status }) => (
          <li key={index} data-status={status}>
            {name.replaceAll("_", " ")} <span className="unseen">{status}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface Shown {
  readonly id: string;
  /** The source that is pointed at, with the text that it supports. */
  readonly shown: number | undefined;
  onShow(source: number | undefined): void;
}

function Answer({ request: { text, citations, attempt, state }, id, shown, onShow }: Shown & { request: Request }) {
  const cut = useMemo(() => pieces(text, citations), [text, citations]);
  if (text === "") return null;
  // A new attempt replaces the half answer: with its key, nothing of that stays selected or announced.
  return (
    <div className={state === "retrying" ? "text void" : "text"} dir="auto" key={attempt}>
      {cut.map(({ text: part, supportedBy, marks }, index) => (
        <span key={index}>
          <span className={supportedBy.includes(shown ?? 0) ? "supported" : undefined}>{part}</span>
          {marks.map((source) => (
            <a
              key={source}
              className="mark"
              href={`#${id}-source-${source}`}
              aria-label={`Source ${source}`}
              onClick={(event) => {
                event.preventDefault();
                document.getElementById(`${id}-source-${source}`)?.focus();
              }}
              onMouseEnter={() => onShow(source)}
              onMouseLeave={() => onShow(undefined)}
              onFocus={() => onShow(source)}
              onBlur={() => onShow(undefined)}
            >
              {source}
            </a>
          ))}
        </span>
      ))}
    </div>
  );
}

function Sources({ citations, id, shown, onShow }: Shown & { citations: readonly Citation[] }) {
  const sources = useMemo(() => sourcesOf(citations), [citations]);
  if (sources.length === 0) return null;
  return (
    <aside aria-label="Sources">
      <ol className="sources">
        {sources.map(({ number, address, passages }) => (
          <li
            key={number}
            id={`${id}-source-${number}`}
            tabIndex={0}
            className={shown === number ? "shown" : undefined}
            onMouseEnter={() => onShow(number)}
            onMouseLeave={() => onShow(undefined)}
            onFocus={() => onShow(number)}
            onBlur={() => onShow(undefined)}
          >
            <cite title={address}>{nameOf(address)}</cite>
            {passages.map((text) => (
              <p key={text} dir="auto">
                {text}
              </p>
            ))}
          </li>
        ))}
      </ol>
    </aside>
  );
}

/** The part of an address that says which document it is. */
function nameOf(source: string | undefined): string {
  if (source === undefined) return "a source without a name";
  const name = source.split("/").filter(Boolean).at(-1) ?? source;
  return name.replace(/\.(md|txt|pdf|html?|docx?)$/i, "").replaceAll("-", " ");
}
