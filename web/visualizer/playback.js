import { useEffect, useRef, useState } from '/vendor/preact.js';

export const SPEEDS = [1, 4, 16, 64];
/** Nobody watches a pause of minutes: at single speed the next entry comes after this at the latest. */
const GAP_MS_MAX = 1500;
const GAP_MS_MIN = 16;

/** Plays the entries with the pauses between them, divided by the speed, from the chosen one to the newest. */
export function usePlayback({ model, seq, speed, choose, isLive }) {
  const [isPlaying, setIsPlaying] = useState(false);
  const latest = useRef(null);
  latest.current = { seq, isLive };

  useEffect(() => {
    if (!isPlaying) return;
    if (isLive) return setIsPlaying(false);
    const [now, next] = [model.entryAt(seq) ?? model.stateAt(seq), model.entryAt(seq + 1) ?? model.stateAt(seq + 1)];
    const gap = now === undefined || next === undefined ? GAP_MS_MAX : Math.min(next.at - now.at, GAP_MS_MAX);
    const timer = setTimeout(() => choose(seq + 1), Math.max(GAP_MS_MIN, gap / speed));
    return () => clearTimeout(timer);
  }, [isPlaying, seq, speed, isLive, model]);

  const start = () => {
    if (latest.current.isLive) choose(model.first); // at the end there is nothing left to play: from the beginning
    setIsPlaying(true);
  };
  return { isPlaying, stop: () => setIsPlaying(false), toggle: () => (isPlaying ? setIsPlaying(false) : start()) };
}
