// How numbers, times and names of the machine are written everywhere on these pages.

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hour12: false });
const countFormat = new Intl.NumberFormat('en');

/** '14:03:09.250' */
export function clockTime(at) {
  return `${clockFormat.format(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`;
}

export function dateTime(at) {
  return dateFormat.format(at);
}

/** '1,234' */
export function count(value) {
  return countFormat.format(value);
}

/** Three digits are enough: '0.42 ms', '12.3 ms', '3.4 s', '12 min', '5 h', '9 d' */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size < 1) return `${ms.toFixed(2)} ms`;
  if (size < 100) return `${trimmed(ms)} ms`;
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${trimmed(ms / 1000)} s`;
  if (size < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (size < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** What is left of a deadline, to the tenth below ten seconds: '3.4 s', '1:05' */
export function countdown(ms) {
  if (ms <= 0) return 'now';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.ceil(ms / 1000)} s`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return duration(ms);
}

/** 'playPieces' is 'play pieces', 'turn_results' is 'turn results' */
export function words(name) {
  return name
    .replaceAll('_', ' ')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One line of JSON that fits into a cell. */
export function brief(value, charsMax = 120) {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
}

function trimmed(value) {
  return Number(value.toPrecision(3)).toString();
}
