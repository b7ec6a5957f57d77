// A WebSocket server made with npm `ws`: a real peer, written by others, for the interop tests.
//
//   node ws_server.js [--deflate[=JSON]] [--tls CERT KEY [--client-ca FILE] [--max-tls VERSION]] [--subprotocol NAME]
//                     [--unix PATH]
//
// Its first line on stdout is `PORT n` (or `UNIX path`); then one line for what it sees: `open PATH`, `pong DATA`,
// `close CODE REASON`. It listens on 127.0.0.1 only and exits when its stdin closes, so it can't outlive its test.
// Every path echoes; before that, these do something of their own:
//   /close?code=N&reason=TEXT  closes at once      /ping       sends a ping, "are you there"
//   /fragments                 sends a message in three fragments, "hel" "lo " "there"
//   /session?plan=TEXT         gives out a sid in text and a ticket in JSON, new ones each time, and echoes nothing: it
//                              answers who comes with these, "join SID" and {"ticket": N}, and closes; on anybody else 4003
//   /login                     wants {"login":NAME} first, and answers {"token":TOKEN}, another one each time; a message with
//                              another token is answered with close code 4401. Each line is then what came: `got MESSAGE`
// JSON is the `perMessageDeflate` option of ws, such as {"serverMaxWindowBits":9}. With --client-ca a client has to show a
// certificate of that authority; VERSION is as Node.js has it, such as TLSv1.2.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");

const target = process.env.CARGO_TARGET_DIR || path.join(__dirname, "..", "..", "target");
const { WebSocketServer } = require(require.resolve("ws", { paths: [path.resolve(target, "peers")] }));

const options = { deflate: false, tls: null, subprotocol: null, unix: null };
const argv = process.argv.slice(2);
while (argv.length > 0) {
  const [name, value] = argv.shift().split(/=(.*)/s);
  if (name === "--deflate") options.deflate = JSON.parse(value || "{}");
  else if (name === "--tls") options.tls = { cert: fs.readFileSync(argv.shift()), key: fs.readFileSync(argv.shift()) };
  else if (name === "--client-ca") Object.assign(options.tls, { ca: fs.readFileSync(argv.shift()), requestCert: true });
  else if (name === "--max-tls") options.tls.maxVersion = argv.shift();
  else if (name === "--subprotocol") options.subprotocol = argv.shift();
  else if (name === "--unix") options.unix = argv.shift();
  else throw new Error(`unknown option ${name}`);
}

const server = options.tls ? https.createServer(options.tls) : http.createServer();
// Plain HTTP is answered as ws does where it has the port to itself.
server.on("request", (_, response) => response.writeHead(426).end("Upgrade Required"));
const sockets = new WebSocketServer({
  server,
  // A threshold of 0 bytes: short messages are compressed too, which is what the tests want to see.
  perMessageDeflate: options.deflate && { threshold: 0, ...options.deflate },
  handleProtocols: (offered) => (offered.has(options.subprotocol) ? options.subprotocol : false),
});

// Gives out what it wants to hear.
function session(socket, plan) {
  const sid = crypto.randomBytes(8).toString("hex");
  const ticket = crypto.randomInt(100000, 1000000);
  socket.send(`welcome; sid=${sid}; at ${new Date().toISOString()}`);
  socket.send(JSON.stringify({ type: "ready", room: "r-0123456789abcdef01", ticket, load: Math.random() }));
  const answers = new Map([
    [`join ${sid}`, `joined ${sid} as guest ${crypto.randomInt(1000000)}`],
    [`{"ticket": ${ticket}}`, JSON.stringify({ ok: true, ticket, plan, sid })],
  ]);
  return (data) => {
    const answer = answers.get(String(data));
    if (!answer) return socket.close(4003, "who are you?");
    socket.send(answer);
    answers.delete(String(data));
    if (answers.size === 0) socket.close(1000);
  };
}

// Lets through to `echo` what comes with the token.
function guard(socket, echo) {
  let token = null;
  return (data, isBinary) => {
    console.log(`got ${data}`);
    const message = JSON.parse(data);
    if (token === null && message.login) {
      token = crypto.randomUUID();
      socket.send(JSON.stringify({ token }));
    } else if (token === null || message.token !== token) socket.close(4401, "log in first");
    else echo(data, isBinary);
  };
}

sockets.on("connection", (socket, request) => {
  const url = new URL(request.url, "ws://localhost");
  console.log(`open ${request.url}`);
  const echo = (data, isBinary) => socket.send(data, { binary: isBinary });
  const plan = url.searchParams.get("plan") || "basic";
  const handlers = { "/login": () => guard(socket, echo), "/session": () => session(socket, plan) };
  socket.on("message", (handlers[url.pathname] || (() => echo))());
  socket.on("pong", (data) => console.log(`pong ${data}`));
  socket.on("close", (code, reason) => console.log(`close ${code} ${reason}`));
  socket.on("error", (error) => console.log(`error ${error.message}`));

  if (url.pathname === "/close") {
    socket.close(Number(url.searchParams.get("code") || 1000), url.searchParams.get("reason") || "");
  } else if (url.pathname === "/ping") {
    socket.ping("are you there");
  } else if (url.pathname === "/fragments") {
    socket.send("hel", { fin: false });
    socket.send("lo ", { fin: false });
    socket.send("there", { fin: true });
  }
});

if (options.unix) server.listen(options.unix, () => console.log(`UNIX ${options.unix}`));
else server.listen(0, "127.0.0.1", () => console.log(`PORT ${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
