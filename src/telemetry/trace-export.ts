import { setTimeout } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import type { Environment } from '../config.js';

const SERVICE = 'room-runtime';
/** A stop waits so long for a receiver that hangs. */
const STOP_MS = 5_000;

export interface Traces {
  readonly tracer: Tracer;
  /** Sends what is still to be sent, and gives up after 5 s. */
  readonly stop: () => Promise<void>;
}

/** OTLP as JSON over HTTP, in batches, sampled as OTEL_TRACES_SAMPLER says (by default all). */
export function openTraceExport({ OTEL_SERVICE_NAME: name }: Environment): Traces {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: name ?? SERVICE }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return {
    tracer: provider.getTracer(SERVICE),
    stop: () => Promise.race([provider.shutdown(), setTimeout(STOP_MS)]),
  };
}
