import { spawn } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { BoundedLines } from './bounded-lines.js';

/** Takes nothing until it is told to. */
class Reader extends EventEmitter {
  readonly seen: string[] = [];
  writableLength = 0;
  hangs = false;

  write(line: string): boolean {
    this.seen.push(line);
    if (this.hangs) this.writableLength += line.length;
    return !this.hangs;
  }
}

describe('a stream that stands still', () => {
  test('is handed no more than may wait, and the lines beyond it are counted', () => {
    const reader = new Reader();
    const lines = new BoundedLines(reader, 100);
    reader.hangs = true;
    for (let line = 0; line < 25; line++) lines.write('123456789\n');
    expect(reader.seen).toHaveLength(10);
    reader.hangs = false;
    reader.writableLength = 60;
    lines.write('not yet half\n');
    expect(reader.seen).toHaveLength(10);
    reader.writableLength = 30;
    lines.write('gets through\n');
    expect(reader.seen).toHaveLength(12);
    expect(JSON.parse(reader.seen[10]!)).toMatchObject({
      level: 'error',
      lines: 16,
      msg: 'lines of the log were lost',
    });
    expect(reader.seen[11]).toBe('gets through\n');
  });

  test('that does not say how much waits is handed no more than that either', () => {
    const { seen, write } = { seen: [] as string[], write: (line: string) => (seen.push(line), false) };
    const lines = new BoundedLines({ write, on: () => undefined }, 100);
    for (let line = 0; line < 25; line++) lines.write('123456789\n');
    expect(seen).toHaveLength(10);
  });

  test('does not keep a process that ends', async () => {
    const reader = new Reader();
    reader.writableLength = 1;
    await new BoundedLines(reader).end(1);
    expect(reader.writableLength).toBe(1);
  });
});

test('a line that failed is counted, and the next is tried', () => {
  const reader = new Reader();
  const lines = new BoundedLines(reader);
  lines.write('fails\n');
  reader.emit('error', new Error('no space left'));
  lines.write('gets through\n');
  expect(reader.seen).toEqual(['fails\n', expect.stringContaining('"lines":1'), 'gets through\n']);
});

/*
 * Goal: whoever reads stderr can hang without harm to the server. Method: a process with a log on a pipe that this test
 * leaves unread; it must go on, say afterwards how much was lost, and be able to end.
 */
test('a process whose stderr nobody reads goes on, says what it lost, and ends', async () => {
  // Compiled beforehand: a loader in the process would share its stderr with a compiler, which makes writes to it block.
  const source = await readFile(new URL('./bounded-lines.ts', import.meta.url), 'utf8');
  const program = `
    ${transformSync(source, { loader: 'ts' }).code}
    const lines = new BoundedLines(process.stderr, 1024 * 1024);
    let count = 0;
    process.on('message', (wanted) => {
      if (wanted === 'end') process.exit(7);
      for (let line = 0; line < wanted; line++) lines.write(JSON.stringify({ line: count++, text: 'x'.repeat(1000) }) + '\\n');
      process.send(process.stderr.writableLength);
    });
    process.send('listens');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const reader = child.stderr!;
  const exit = once(child, 'exit');
  const ended = exit.then(() => Promise.reject(new Error(`the process ended: ${String(reader.read())}`)));
  const messages = on(child, 'message'); // keeps those that come together
  const said = async (): Promise<unknown> => {
    const { value } = await Promise.race([messages.next(), ended]);
    return (value as [unknown])[0];
  };
  const write = (count: number): Promise<unknown> => {
    child.send(count);
    return said();
  };
  await said();
  expect(await write(5_000)).toBeGreaterThan(900_000); // the message came although nobody read

  let text = '';
  reader.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while ((await write(0)) !== 0); // all that waited is taken
  await write(1);
  await expect.poll(() => text, { timeout: 20_000 }).toContain('"line":5000');
  const seen = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { line?: number; lines?: number });
  const lost = seen.find(({ lines }) => lines !== undefined)!.lines!;
  expect(lost).toBeGreaterThan(1_000);
  expect(seen.length - 1 + lost).toBe(5_001);
  expect(seen.slice(0, -2).map(({ line }) => line)).toEqual([...Array(5_000 - lost).keys()]); // the first, in order

  reader.pause();
  await write(5_000);
  child.send('end');
  expect(await exit).toEqual([7, null]);
});
