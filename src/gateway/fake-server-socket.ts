import { type Frame, type FrameCodec, jsonCodec } from '../protocol/frame-codec.js';
import type { WireMessage } from '../protocol/wire.js';
import type { ServerSocket } from './server-socket.js';

/** A server's end of a connection that notes what is done to it; for tests. */
export class FakeServerSocket implements ServerSocket {
  onMessage: ServerSocket['onMessage'] = () => undefined;
  onClose: ServerSocket['onClose'] = () => undefined;
  onPong: ServerSocket['onPong'] = () => undefined;
  readonly sent: Frame[] = [];
  readonly done: string[] = []; // in order: `ping`, `pause`, `close 1012`, …
  backlogBytes = 0;

  send(frame: Frame): void {
    this.sent.push(frame);
  }

  close(code: number): void {
    this.done.push(`close ${code}`);
  }

  terminate(): void {
    this.done.push('terminate');
  }

  ping(): void {
    this.done.push('ping');
  }

  pause(): void {
    this.done.push('pause');
  }

  resume(): void {
    this.done.push('resume');
  }

  /** What was sent since the last call. */
  take(codec: FrameCodec = jsonCodec): WireMessage[] {
    return this.sent.splice(0).map((frame) => codec.decode(frame)!.value as WireMessage);
  }
}
