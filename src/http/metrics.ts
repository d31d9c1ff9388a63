import type { Context, Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Config } from '../config.js';
import type { TokenGuard } from './admin-token.js';
import { admit, bearerOf } from './admin-access.js';
import { peerOfRequest } from './client-address.js';
import type { ProxyTrust } from '../limits/trusted-proxies.js';

export interface MetricsDeps {
  readonly registry: Registry;
  readonly access: Config['metricsAccess'];
  readonly guard: TokenGuard;
  readonly trustProxy: ProxyTrust;
}

/** Headers of a proxy: then this machine asks for somebody else. */
const FORWARDED = ['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP'];

const TOKEN = "METRICS_TOKEN's token, an operator's or the admin's";

/** `GET /metrics` in the format of Prometheus, for whoever the setting METRICS_ACCESS lets. */
export function addMetrics(app: Hono, { registry, access, guard, trustProxy }: MetricsDeps): void {
  app.get('/metrics', async (c) => {
    c.header('Cache-Control', 'no-store');
    const isOpen = access === 'public' || (access === 'loopback' && isLocal(c, trustProxy));
    if (!isOpen) {
      const admitted = admit(c, guard, bearerOf(c.req.header('Authorization')), trustProxy, TOKEN);
      if (admitted instanceof Response) return admitted;
    }
    c.header('Content-Type', registry.contentType);
    return c.body(await registry.metrics());
  });
}

function isLocal(c: Context, trustProxy: ProxyTrust): boolean {
  if (FORWARDED.some((name) => c.req.header(name) !== undefined)) return false;
  return peerOfRequest(c, { trustProxy }).isThisMachine;
}
