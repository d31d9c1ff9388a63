import { Counter, Histogram, type Registry } from 'prom-client';
import type { JournalEngine } from '../../persistence/journal.js';

const CALL_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The same engine, each of whose calls is measured under the name of its method. */
export function measuredEngine(engine: JournalEngine, registry: Registry, elapsedMs: () => number): JournalEngine {
  const calls = new Histogram({
    name: 'store_call_seconds',
    help: 'Time of a call to the store until its answer, by method',
    labelNames: ['call'],
    buckets: CALL_BUCKETS_S,
    registers: [registry],
  });
  const failures = new Counter({
    name: 'store_call_failures_total',
    help: 'Calls to the store that failed, by method',
    labelNames: ['call'],
    registers: [registry],
  });
  const wrapped = new Map<string, unknown>();
  const wrap = (name: string, method: (...args: unknown[]) => unknown) => {
    const took = calls.labels(name);
    return (...args: unknown[]): unknown => {
      const startMs = elapsedMs();
      const answer = method.apply(engine, args);
      if (answer instanceof Promise) {
        answer.then(
          () => took.observe((elapsedMs() - startMs) / 1_000),
          () => failures.labels(name).inc(),
        );
      }
      return answer;
    };
  };
  return new Proxy(engine, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      if (!wrapped.has(name)) wrapped.set(name, wrap(name, member as (...args: unknown[]) => unknown));
      return wrapped.get(name);
    },
  });
}
