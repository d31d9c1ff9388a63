import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { LongJobs } from './long-job.js';

test('a job that does not get on is given up and its thread ended, so that nobody waits for ever', async () => {
  const worker = new Worker('setInterval(() => undefined, 1_000);', { eval: true });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const jobs = new LongJobs(() => worker, { backup: 50, integrity: 3_600_000, checkpoint: 3_600_000 });
  const job = jobs.run({ kind: 'backup', to: 'nowhere' });
  await expect(job).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'failed' });
  await ended;
});
