// Takes traces as a collector does, in a process of its own, and tells its parent on each message how many spans came.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let spans = 0;
const server = createServer((request, response) => {
  request.setEncoding('utf8');
  request.on('data', (text: string) => (spans += text.split('"spanId"').length - 1));
  request.on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send!(spans));
process.on('disconnect', () => process.exit(0));
