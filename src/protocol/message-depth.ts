/** Lists and maps within each other; a client's message needs four, the parameters of an operation fewer. */
export const DEPTH_MAX = 32;

const [QUOTE, BACKSLASH, LIST, LIST_END, MAP, MAP_END] = Buffer.from('"\\[]{}');

/** Whether a JSON text goes deeper, as far as it is JSON: tens of thousands of levels take the engine milliseconds. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isInText) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === LIST || code === MAP) {
      if (++depth > DEPTH_MAX) return true;
    } else if (code === LIST_END || code === MAP_END) depth--;
  }
  return false;
}
