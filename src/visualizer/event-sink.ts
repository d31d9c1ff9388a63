/** One watcher's connection, for server-sent events. */
export interface EventSink {
  write(text: string): void;
  /** Bytes that the watcher has not taken yet. */
  readonly backlogBytes: number;
  close(): void;
  readonly isClosed: boolean;
  /** Called once when the connection is over, whoever ended it. */
  onClose: () => void;
}

/** A watcher that is so far behind is cut off; it comes back by its Last-Event-ID. */
const BACKLOG_BYTES_MAX = 1024 * 1024;

export const HEARTBEAT = ': alive\n\n';

/** @param id what a client that comes back sends as its Last-Event-ID */
export function eventText(event: string, data: object | string, id?: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** Sends, or cuts off a watcher that does not read. */
export function send(sink: EventSink, text: string): void {
  if (text === '') return;
  if (sink.backlogBytes > BACKLOG_BYTES_MAX) sink.close();
  else sink.write(text);
}
