import { useEffect, useRef, useState } from "react";
import { isUnderWay, type Question, type Request } from "../selador/request.ts";
import { Composer } from "./Composer.tsx";
import { Turn } from "./Turn.tsx";
import type { Conversation } from "./useClient.ts";
import { useNow } from "./useNow.ts";
import { statusOf } from "./words.ts";

const EXAMPLES = [
  "Which flats near the harbour allow pets?",
  "How long is the notice period?",
  "What is quiet about the Old Town?",
];
/** So close to its end, a reader is taken along by the answer again. */
const NEAR_PX = 120;
/** Of an answer, so much is read to a screen reader's user at its end. */
const MOST_SPOKEN = 1000;

type Props = Conversation & { onSettings(): void };

export function Chat({ client, snapshot, onSettings }: Props) {
  const { all, faults } = snapshot.requests;
  const current = all.find(isUnderWay);
  const now = useNow(current !== undefined);
  const end = useFollowing(all);
  const announcement = useAnnouncement(all.at(-1), now);

  const ask = (question: Question) => {
    const sessionId = all.findLast((request) => request.sessionId !== undefined)?.sessionId;
    client.ask(question.type === "workflow" || sessionId === undefined ? question : { ...question, sessionId });
  };

  return (
    <>
      <main className="chat">
        {all.length === 0 ? (
          <Welcome onAsk={(text) => ask({ text })} />
        ) : (
          <div className="turns">
            {all.map((request) => (
              <Turn
                key={request.key}
                request={request}
                now={isUnderWay(request) ? now : 0}
                onAgain={current ? undefined : () => ask(withoutSession(request.question))}
                onSettings={onSettings}
              />
            ))}
          </div>
        )}
        {faults.length > 0 && (
          <details className="faults">
            <summary>
              {faults.length === 1 ? "One message" : `${faults.length} messages`} of the server made no sense
            </summary>
            <ul>
              {faults.map((fault, index) => (
                <li key={index}>{fault}</li>
              ))}
            </ul>
          </details>
        )}
        <div ref={end} />
      </main>
      <p className="unseen" role="status">
        {announcement}
      </p>
      <Composer
        isBusy={current !== undefined}
        hasConversation={all.length > 0}
        onAsk={ask}
        onStop={() => current && client.stop(current.key)}
        onNew={() => client.forget()}
      />
    </>
  );
}

function Welcome({ onAsk }: { onAsk: (text: string) => void }) {
  return (
    <section className="welcome">
      <h2>Ask the documents</h2>
      <p>The answer streams in while it is made, with the sources that support it.</p>
      <ul>
        {EXAMPLES.map((text) => (
          <li key={text}>
            <button type="button" className="example" onClick={() => onAsk(text)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function withoutSession(question: Question): Question {
  if (question.type === "workflow") return question;
  const { sessionId: _, ...rest } = question;
  return rest;
}

/** Scroll along with the answer, unless the reader has scrolled up from its end. */
function useFollowing(requests: readonly Request[]) {
  const end = useRef<HTMLDivElement>(null);
  const count = useRef(requests.length);
  const isFollowing = useRef(true);

  // Where the reader was before the answer grew: a source may be higher than the distance that counts as near.
  useEffect(() => {
    let before = 0;
    const look = () => {
      const { scrollTop, scrollHeight, clientHeight } = document.documentElement;
      if (scrollHeight - scrollTop - clientHeight < NEAR_PX) isFollowing.current = true;
      else if (scrollTop < before) isFollowing.current = false;
      before = scrollTop;
    };
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);

  useEffect(() => {
    const isNew = requests.length > count.current;
    count.current = requests.length;
    if (isNew) isFollowing.current = true;
    if (isFollowing.current) end.current?.scrollIntoView({ block: "end" });
  }, [requests]);
  return end;
}

/** What a screen reader is told: states, and not each word or second. */
function useAnnouncement(request: Request | undefined, now: number): string {
  const [said, setSaid] = useState("");
  const key = request && `${request.key} ${request.state} ${request.attempt} ${request.waitingFor} ${request.text === ""}`;
  useEffect(() => {
    if (request === undefined) return;
    const { words } = statusOf(request, now);
    setSaid(request.state === "completed" ? `${words} ${request.text.slice(0, MOST_SPOKEN)}` : words);
  }, [key]); // the time alone is no news
  return said;
}
