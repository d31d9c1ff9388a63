import type { Environment } from '../config.js';
import type { Traces } from './trace-export.js';

/**
 * Sends traces where the environment names a receiver (OTEL_EXPORTER_OTLP_ENDPOINT or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT); the SDK is loaded only then, and reads its own OTEL_… variables from the process.
 * @returns null where none is named
 */
export async function startTraces(environment: Environment): Promise<Traces | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = environment;
  if ((all ?? '') === '' && (traces ?? '') === '') return null;
  const { openTraceExport } = await import('./trace-export.js');
  return openTraceExport(environment);
}
