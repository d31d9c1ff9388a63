// A plain server that keeps its sockets alive as the product does, and tells its parent what it uses.
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { usage } from '../usage.js';

const PING_MS = 20_000;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4_096, perMessageDeflate: false });
server.on('connection', (socket) => {
  // Spread over time, as the product's are.
  let timer = setTimeout(() => {
    socket.ping();
    timer = setInterval(() => socket.ping(), PING_MS);
  }, Math.random() * PING_MS);
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => undefined); // the generator cuts its sockets at the end
});
server.on('listening', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', () => void process.send!(usage(0)));
process.on('disconnect', () => process.exit(0));
