// Hold one conversation by Node's ws, as standard input says; write what was seen as JSON (see clients.py).
import { readFileSync } from "node:fs";
import WebSocket from "ws";

const told = JSON.parse(readFileSync(0, "utf8"));
const seen = { status: 101, subprotocol: null, frames: [], close_code: null, close_reason: "" };
const socket = new WebSocket(told.url, told.subprotocols, { headers: told.headers, perMessageDeflate: false });

function finish() {
  process.stdout.write(JSON.stringify(seen), () => process.exit(0));
}

function closeIfDone() {
  if (told.close !== null && seen.frames.length >= told.frames) {
    socket.close(told.close[0], told.close[1]);
  }
}

socket.on("unexpected-response", (_request, response) => {
  seen.status = response.statusCode;
  finish();
});
socket.on("open", () => {
  seen.subprotocol = socket.protocol || null;
  for (const message of told.messages) {
    if (typeof message === "string") {
      socket.send(message);
    } else if (Array.isArray(message)) {
      message.forEach((part, index) => socket.send(part, { fin: index === message.length - 1 }));
    } else {
      socket.send(Buffer.alloc(message.binary));
    }
  }
  closeIfDone();
});
socket.on("message", (data) => {
  seen.frames.push(data.toString());
  closeIfDone();
});
socket.on("close", (code, reason) => {
  seen.close_code = code === 1006 ? null : code;
  seen.close_reason = reason.toString();
  finish();
});
