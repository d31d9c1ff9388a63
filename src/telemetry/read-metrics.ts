import { Counter, Gauge, type Registry } from 'prom-client';

/** A value by the value of its one label. */
type ByLabel = Iterable<readonly [string, number]>;

export interface ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly label?: string; // where it is left out there is one value, without a label
}

/** A counter that somebody else counts: it is read when the metrics are asked for, and costs nothing in between. */
export function readCounter(registry: Registry, metric: ReadMetric, read: () => number | ByLabel): void {
  const { name, help, label } = metric;
  new Counter({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect() {
      this.reset();
      const value = read();
      if (typeof value === 'number') this.inc(value);
      else for (const [of, count] of value) this.labels(of).inc(count);
    },
  });
}

/** A value as it is when the metrics are asked for; null: not known, and then it is left out. */
export function readGauge(registry: Registry, metric: ReadMetric, read: () => number | null | ByLabel): void {
  const { name, help, label } = metric;
  new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect() {
      const value = read();
      if (label === undefined) this.remove();
      else this.reset();
      if (value === null) return;
      if (typeof value === 'number') this.set(value);
      else for (const [of, size] of value) this.labels(of).set(size);
    },
  });
}

/** Counts by the values of labels; each combination is bound once, so that counting makes no objects. */
export function boundCounter(counter: Counter): (first: string, second?: string) => void {
  const bound = new Map<string, Map<string, Counter.Internal>>();
  return (first, second) => {
    let bySecond = bound.get(first);
    if (bySecond === undefined) bound.set(first, (bySecond = new Map<string, Counter.Internal>()));
    let internal = bySecond.get(second ?? '');
    if (internal === undefined) {
      internal = second === undefined ? counter.labels(first) : counter.labels(first, second);
      bySecond.set(second ?? '', internal);
    }
    internal.inc();
  };
}
