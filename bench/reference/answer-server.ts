// Answers each first message of a socket with given frames: the least that a server of a storm has to do.
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const frames = JSON.parse(process.env['ANSWER']!) as readonly string[];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4_096, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', () => {
    for (const text of frames) socket.send(text);
  });
  socket.on('error', () => undefined); // the generator cuts its sockets at the end
});
server.on('listening', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
