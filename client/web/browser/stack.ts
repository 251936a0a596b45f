/** The laptop stack, as `make local` starts it, for the tests of one file. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const STACK = fileURLToPath(new URL("../build/stack", import.meta.url));
const PORT = "9487";

export interface RunningStack {
  /** Where it serves the page. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Start a stack and wait until it can be asked. Rejects with what it printed if it ends before. If SELADOR_PAGE is the
 * address of a running stack's page, that one is used.
 */
export function startStack(): Promise<RunningStack> {
  if (process.env.SELADOR_PAGE) {
    return Promise.resolve({ url: process.env.SELADOR_PAGE, stop: () => Promise.resolve() });
  }
  const stack = spawn(
    ".venv/bin/python",
    ["-m", "selador_local", "up", "--plain", "--fresh", `--port=${PORT}`, `--work-dir=${STACK}`],
    { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => stack.once("exit", () => resolve()));
  const stop = async () => {
    stack.kill("SIGINT");
    await ended;
  };
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (part: Buffer) => {
      printed += part.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed.split("Ask a question:")[1] ?? "");
      if (address !== null) resolve({ url: address[0], stop });
    };
    stack.stdout.on("data", read);
    stack.stderr.on("data", read);
    void ended.then(() => reject(new Error(`the stack ended:\n${printed}`)));
  });
}
