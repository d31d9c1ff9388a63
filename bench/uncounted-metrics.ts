// Preloaded into a server: its metrics count nothing, as if there were none.
import { Counter, Histogram } from 'prom-client';

const nothing = (): void => undefined;
// What `inc` and `observe` of each metric are made from.
Object.assign(Counter.prototype, { incWithoutExemplar: nothing, labels: () => ({ inc: nothing }) });
Object.assign(Histogram.prototype, { observeWithoutExemplar: nothing, labels: () => ({ observe: nothing }) });
