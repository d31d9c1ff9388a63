import { expect, test } from 'vitest';
import { processChecks, type ProcessSigns } from './process-checks.js';

const WELL: ProcessSigns = {
  storeFindings: [],
  diskIsLow: false,
  lagMs: 499,
  watchdogSilentMs: 4_999,
  archiveFailures: 0,
  alertUndelivered: false,
};

test('a process is well whose parts all are', () => {
  expect(processChecks(WELL).filter(({ ok }) => !ok)).toEqual([]);
});

test.each<[string, Partial<ProcessSigns>, string]>([
  ['store', { storeFindings: ['The disk is full.', 'The log is long.'] }, 'The disk is full. The log is long.'],
  ['eventLoop', { lagMs: 500 }, '99 % of the timers at most 500 ms late'],
  ['watchdog', { watchdogSilentMs: 5_000 }, 'has not looked for 5 s'],
  ['archive', { archiveFailures: 2 }, '2 failures in the last round; the log names them'],
  ['alerts', { alertUndelivered: true }, 'not delivered; the log says which and why'],
])('%s alone is not well where its part is not', (name, sign, detail) => {
  expect(processChecks({ ...WELL, ...sign }).filter(({ ok }) => !ok)).toEqual([{ name, ok: false, detail }]);
});

test('a disk that is nearly full is critical, another limit of the store is not', () => {
  const storeOf = (diskIsLow: boolean) => processChecks({ ...WELL, storeFindings: ['Something.'], diskIsLow })[0];
  expect(storeOf(true)).toEqual({ name: 'store', ok: false, detail: 'Something.', severity: 'critical' });
  expect(storeOf(false)).toEqual({ name: 'store', ok: false, detail: 'Something.' });
});
