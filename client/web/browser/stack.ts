/** The laptop stack, as `make local` starts it, for the tests of one file. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const STACK = fileURLToPath(new URL("../../../build/browser", import.meta.url));
const PORT = "9487";
/** It builds the zips and applies all of Terraform, which took five minutes on two busy cores. If it fails, it ends. */
const START_MS = 900_000;
const STOP_MS = 60_000;

/**
 * Run a stack for the tests of a file. Returns where it serves its page. If SELADOR_PAGE is the address of a running
 * stack's page, that one is used.
 */
export function runningStack(): () => string {
  let stack: ChildProcess | undefined;
  let address = process.env.SELADOR_PAGE ?? "";

  beforeAll(async () => {
    if (address !== "") return;
    stack = spawn(
      ".venv/bin/python",
      ["-m", "selador_local", "up", "--plain", "--fresh", `--port=${PORT}`, `--work-dir=${STACK}`],
      { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] },
    );
    address = await addressOf(stack);
  }, START_MS);
  afterAll(async () => {
    if (stack?.exitCode !== null) return;
    const ended = once(stack, "exit");
    stack.kill("SIGINT");
    await ended;
  }, STOP_MS);

  return () => address;
}

/** Return the address that it prints once it can be asked. Rejects with what it printed if it ends before. */
function addressOf(stack: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (part: Buffer) => {
      printed += part.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed.split("Ask a question:")[1] ?? "");
      if (address !== null) resolve(address[0]);
    };
    stack.stdout?.on("data", read);
    stack.stderr?.on("data", read);
    stack.once("exit", () => reject(new Error(`the stack ended:\n${printed}`)));
  });
}
