// A Socket.IO server, as an application has one: it greets, answers, acknowledges, and serves a page with its own client.
//
//   node socketio_server.js
//
// Its first line on stdout is `PORT n`. It listens on 127.0.0.1 only and exits when its stdin closes.
"use strict";
const http = require("node:http");
const path = require("node:path");

const target = process.env.CARGO_TARGET_DIR || path.join(__dirname, "..", "..", "target");
const { Server } = require(require.resolve("socket.io", { paths: [path.resolve(target, "peers")] }));

const server = http.createServer((request, response) => {
  const found = request.url === "/";
  response.writeHead(found ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
  response.end(found ? "<!doctype html><title>an application</title>" : "not here");
});
const io = new Server(server, { perMessageDeflate: { threshold: 0 } });
io.on("connection", (socket) => {
  socket.emit("hello", "from the server", socket.handshake.query.name);
  socket.on("add", (numbers, answer) => answer(numbers.reduce((sum, number) => sum + number, 0)));
  socket.on("bytes", (bytes) => socket.emit("bytes", Buffer.concat([bytes, Buffer.from([255])])));
  socket.on("leave", () => socket.disconnect(true));
});
server.listen(0, "127.0.0.1", () => console.log(`PORT ${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
