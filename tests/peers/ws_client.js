// A WebSocket client made with npm `ws`: a real peer, written by others, for the tests of what serves.
//
//   node ws_client.js URL [--deflate] [--follow] [--subprotocol NAME] [MESSAGE...]
//
// With --follow it follows redirects. Each message is sent once the one before was answered; after the last answer it closes with 1000. On stdout a line each:
// `open SUBPROTOCOL EXTENSIONS`, `message TEXT` (or `binary HEX`), `close CODE REASON`, `refused STATUS BODY`.
"use strict";
const path = require("node:path");

const target = process.env.CARGO_TARGET_DIR || path.join(__dirname, "..", "..", "target");
const { WebSocket } = require(require.resolve("ws", { paths: [path.resolve(target, "peers")] }));

const [url, ...argv] = process.argv.slice(2);
const options = { perMessageDeflate: false };
const subprotocols = [];
const messages = [];
while (argv.length > 0) {
  const word = argv.shift();
  if (word === "--deflate") options.perMessageDeflate = { threshold: 0 };
  else if (word === "--follow") options.followRedirects = true;
  else if (word === "--subprotocol") subprotocols.push(argv.shift());
  else messages.push(word);
}

const socket = new WebSocket(url, subprotocols, options);
const go_on = () => (messages.length > 0 ? socket.send(messages.shift()) : socket.close(1000));
socket.on("open", () => {
  console.log(`open ${socket.protocol} ${socket.extensions}`);
  go_on();
});
socket.on("message", (data, isBinary) => {
  console.log(isBinary ? `binary ${data.toString("hex")}` : `message ${data}`);
  go_on();
});
socket.on("close", (code, reason) => console.log(`close ${code} ${reason}`));
socket.on("error", (error) => console.log(`error ${error.message}`));
socket.on("unexpected-response", (_, response) => {
  let body = "";
  response.on("data", (data) => (body += data));
  response.on("end", () => console.log(`refused ${response.statusCode} ${body.trim()}`));
});
process.stdin.on("end", () => process.exit(0)).resume();
