import type { OldMessages } from "../selador/oldMessages.ts";

/**
 * What the clients of the service before this one send and expect.
 *
 * AN ASSUMPTION: nobody wrote down what yours send. These are the messages of an AWS sample (serverless-patterns,
 * "apigw-websocket-api-bedrock-streaming") and of its chat sample. docs/migrating.md says how to fill this in from a frame
 * that you recorded.
 */
export const OLD_MESSAGES: OldMessages = {
  members: {
    action: "nothing", // every question goes to the route invoke
    prompt: "text",
    message: "text",
    data: "text",
    sessionId: "sessionId",
    parameters: "nothing", // of the model, which the deployment's variable `generation` sets
  },
  frames: {
    part: "$text",
    again: "\n\n(The answer begins anew.)\n\n",
    completed: "<End of LLM response>",
    failed: "$message",
  },
};
