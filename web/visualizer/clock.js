import { useEffect, useState } from '/vendor/preact.js';

/** The time, told again while something counts down. @returns ms since the epoch */
export function useNow(everyMs, isRunning) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isRunning]);
  return now;
}
