// Many watchers in a process of their own. Says how much it got on each message.
const { WATCH_URL: url, WATCH_TOKEN: token, WATCHERS: count } = process.env;
let events = 0;
let bytes = 0;
const headers = { authorization: `Bearer ${token!}` };
const { items } = (await (await fetch(`${url!}/api/visualizer/rooms?limit=200`, { headers })).json()) as {
  readonly items: readonly { readonly code: string }[];
};
const codes = items.map(({ code }) => code);

/** Of ten watchers four see everything, four one room each, two the list. */
function pathOf(index: number): string {
  const kind = index % 10;
  if (kind < 4) return 'stream';
  if (kind < 8) return `rooms/${codes[index % codes.length]!}/stream`;
  return `rooms/stream?rooms=${codes.slice(0, 50).join(',')}`;
}

async function watch(index: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${url!}/api/visualizer/${pathOf(index)}`, { headers });
    if (!response.ok) throw new Error(`${pathOf(index)}: ${response.status}`);
    for await (const chunk of response.body!) {
      const text = Buffer.from(chunk as Uint8Array);
      bytes += text.length;
      for (let at = text.indexOf('\nevent: '); at >= 0; at = text.indexOf('\nevent: ', at + 1)) events++;
    }
  }
}

process.on('message', () => process.send!({ events, bytes }));
process.on('disconnect', () => process.exit(0));
for (let index = 0; index < Number(count); index++) {
  watch(index).catch((failure: unknown) => {
    process.stderr.write(`${String(failure)}\n`);
    process.exit(1);
  });
}
process.send!('watching');
