// The broadcast server of most tutorials, made with npm `ws`, in one process: it speaks the protocol of chat_server.rs.
//
//   npm install ws && node examples/node_chat.js [PORT]
//
// Without a port it takes any that is free. It prints its URL once it listens, on 127.0.0.1 only.
"use strict";
const { WebSocket, WebSocketServer } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2] || 0),
  verifyClient: ({ req }, done) => done(seat(req) !== null, 400, "connect to /chat?user=NAME&room=ROOM\n"),
});
const said = new Map(); // How much was said in each room.

server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}/chat`));
server.on("error", (error) => {
  console.error(`node_chat: cannot listen: ${error.message}`);
  process.exit(1);
});

server.on("connection", (socket, request) => {
  const { user, room } = seat(request);
  socket.room = room;
  send(socket, { type: "welcome", user, room });
  broadcast(room, { type: "joined", user });

  socket.on("message", (data, isBinary) => {
    const text = isBinary ? null : textSaid(data);
    if (text === null) return send(socket, { type: "error", message: 'want {"type":"say","text":"..."}' });
    const n = (said.get(room) || 0) + 1;
    said.set(room, n);
    broadcast(room, { type: "said", user, room, text, n });
  });
  socket.on("close", () => broadcast(room, { type: "left", user }));
  socket.on("error", () => {}); // What it did wrong ends its own connection, and `close` follows.
});

function send(socket, event) {
  socket.send(JSON.stringify(event));
}

function broadcast(room, event) {
  for (const client of server.clients) {
    if (client.room === room && client.readyState === WebSocket.OPEN) send(client, event);
  }
}

// The text of {"type":"say","text":"..."}, or null.
function textSaid(data) {
  try {
    const message = JSON.parse(data);
    return message.type === "say" && typeof message.text === "string" ? message.text : null;
  } catch {
    return null;
  }
}

// User and room of /chat?user=NAME&room=ROOM, or null.
function seat(request) {
  const [path, query] = request.url.split(/\?(.*)/s);
  const values = new URLSearchParams(query);
  const [user, room] = [values.get("user"), values.get("room")];
  return path === "/chat" && user && room ? { user, room } : null;
}
