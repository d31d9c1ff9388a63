// The module is changed before anything else sees it, so that it runs as if it had been written like this.
let planted;

export function initialize(data) {
  planted = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (url !== planted.url) return loaded;
  const source = String(loaded.source);
  const parts = source.split(planted.find);
  if (parts.length !== 2) throw new Error(`"${planted.find}" stands ${parts.length - 1} times in ${url}`);
  return { ...loaded, source: parts.join(planted.replace) };
}
