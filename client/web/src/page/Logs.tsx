import { useEffect, useState } from "react";
import { readLog, readLogNames } from "./stackApi.ts";

const LINES = 60;

/** The last lines of a log. */
export function Logs() {
  const [names, setNames] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<string>();
  const [lines, setLines] = useState<readonly string[]>([]);
  const [count, setCount] = useState(0);
  const name = chosen ?? names.find((one) => one.endsWith("main")) ?? names[0];

  useEffect(() => {
    let isShown = true;
    const show = (read: readonly string[]) => isShown && setLines(read);
    const complain = (failure: unknown) => show([failure instanceof Error ? failure.message : String(failure)]);
    readLogNames().then((read) => isShown && setNames(read), complain);
    if (name !== undefined) readLog(name, LINES).then(show, complain);
    return () => {
      isShown = false;
    };
  }, [name, count]);

  return (
    <section>
      <h3>Last lines of a log</h3>
      <div className="buttons">
        <select aria-label="Log" value={name} onChange={({ target }) => setChosen(target.value)}>
          {names.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <button type="button" className="quiet" onClick={() => setCount(count + 1)}>
          Read again
        </button>
        <span />
      </div>
      <pre className="log" tabIndex={0} role="region" aria-label="Log lines">
        {lines.join("\n")}
      </pre>
    </section>
  );
}
