/** `npm start`, as a front-end developer types it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

export interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

/** Run it in front of the stack at `stack`, with nothing prepared by an earlier run. Resolves once it names its address. */
export async function npmStart(stack: string): Promise<Started> {
  const npm = spawn("npm", ["start", "--", "--force"], {
    cwd: FOLDER,
    env: { ...process.env, SELADOR_STACK: new URL(stack).origin, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // npm starts a shell, and that the server: a group of their own can be ended whole
  });
  const ended = once(npm, "exit");
  const stop = async () => {
    if (npm.pid !== undefined && npm.exitCode === null) process.kill(-npm.pid);
    await ended;
  };
  const url = await new Promise<string>((resolve, reject) => {
    let printed = "";
    const read = (part: Buffer) => {
      printed += part.toString();
      const address = /Local:\s+(http:\S+)/.exec(printed)?.[1];
      if (address !== undefined) resolve(address);
    };
    npm.stdout.on("data", read);
    npm.stderr.on("data", read);
    void ended.then(() => reject(new Error(`npm start ended:\n${printed}`)));
  });
  return { url, stop };
}
