import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { count } from '../format.js';
import { SPEEDS } from '../playback.js';

const WIDTH = 1000;

/** The line of all entries at the bottom of the page: choose, step, play, jump. */
export function Scrubber({ model, seq, isLive, mark, speed, playback, placeRef, onSpeed, onChoose, onJump, onToast }) {
  const { first, last, marks } = model;
  const span = Math.max(1, last - first);
  const slide = useFrames((value) => onChoose(value));
  const positions = [...new Set(marks.map((each) => Math.round(((each.seq - first) / span) * WIDTH)))];
  return html`
    <section class="scrubber" aria-label="History">
      <div class="buttons" role="group" aria-label="Steps">
        <button class="icon-button" aria-label="Previous error or refusal" title="Previous error or refusal (E)" data-testid="previous-error" onClick=${() => onJump(-1)}>⇤✕</button>
        <button class="icon-button" aria-label="One entry back" title="One entry back (←)" data-testid="step-back" disabled=${seq <= first} onClick=${() => onChoose(seq - 1)}>◀</button>
        <button class="icon-button" aria-label=${playback.isPlaying ? 'Stop' : 'Play'} aria-pressed=${playback.isPlaying} title="Play, stop (space)" data-testid="play-back" onClick=${playback.toggle}>${playback.isPlaying ? '❚❚' : '▷'}</button>
        <button class="icon-button" aria-label="One entry on" title="One entry on (→)" data-testid="step-on" disabled=${seq >= last} onClick=${() => onChoose(seq + 1)}>▶</button>
        <button class="icon-button" aria-label="Next error or refusal" title="Next error or refusal (e)" data-testid="next-error" onClick=${() => onJump(1)}>✕⇥</button>
        <select aria-label="Speed" title="Speed ([ and ])" data-testid="speed" value=${String(speed)} onChange=${({ target }) => onSpeed(Number(target.value))}>
          ${SPEEDS.map((each) => html`<option key=${each} value=${each} selected=${each === speed}>${each}×</option>`)}
        </select>
      </div>
      <div class="track">
        <input
          type="range"
          min=${first}
          max=${Math.max(first, last)}
          value=${seq}
          disabled=${last <= first}
          aria-label="Entry"
          aria-valuetext=${`entry ${seq} of ${last}`}
          data-testid="scrub"
          onInput=${({ target }) => slide(Number(target.value))}
        />
        <svg viewBox=${`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
          ${positions.map((x) => html`<rect key=${x} class="mark-bad" x=${x - 1.5} y="0" width="3" height="8" />`)}
        </svg>
      </div>
      <form class="position row" onSubmit=${(event) => event.preventDefault()}>
        <span class="number small only-wide" data-testid="position">${isLive ? 'newest' : 'entry'} ${count(seq)} of ${count(last)}${mark === null ? '' : ', refused'}</span>
        <${GoTo} ...${{ model, placeRef, onChoose, onToast }} />
      </form>
    </section>
  `;
}

/** An entry by number, or whatever was newest at a time of that day. */
function GoTo({ model, placeRef, onChoose, onToast }) {
  const [text, setText] = useState('');
  const go = async (event) => {
    if (event.key === 'Escape') event.target.blur();
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const wanted = text.trim();
    try {
      const seq = /^\d+$/.test(wanted) ? Number(wanted) : await model.seqAt(timeOf(wanted, model));
      onChoose(seq);
      setText('');
      event.target.blur();
    } catch (failure) {
      onToast({ text: failure.message, isBad: true });
    }
  };
  return html`<input
    ref=${placeRef}
    class="go-to"
    size="13"
    placeholder="Entry or 14:03:09"
    aria-label="Go to an entry or a time"
    title="Go to an entry or a time (g)"
    data-testid="go-to"
    value=${text}
    onInput=${({ target }) => setText(target.value)}
    onKeyDown=${go}
  />`;
}

/** @throws where the text is no time */
function timeOf(text, model) {
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,3})?)?$/.exec(text);
  if (clock === null) {
    const at = Date.parse(text);
    if (Number.isNaN(at))
      throw new Error(`“${text}” is neither an entry nor a time; write 42, 14:03:09 or 2026-11-26T14:03:09.`);
    return at;
  }
  const day = new Date(model.stateAt(model.last)?.at ?? model.summary.at);
  const [, hours, minutes, seconds = '59', part = '.999'] = clock;
  day.setHours(Number(hours), Number(minutes), Number(seconds), Number(part) * 1000);
  return day.getTime();
}

/** A slider may tell more values than there are frames: one a frame is enough, the newest. */
function useFrames(handler) {
  const latest = useRef({ handler, value: null, frame: 0 });
  latest.current.handler = handler;
  useEffect(() => () => cancelAnimationFrame(latest.current.frame), []);
  return (value) => {
    const held = latest.current;
    held.value = value;
    if (held.frame !== 0) return;
    held.frame = requestAnimationFrame(() => {
      held.frame = 0;
      held.handler(held.value);
    });
  };
}
