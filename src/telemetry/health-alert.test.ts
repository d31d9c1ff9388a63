import { expect, test } from 'vitest';
import { alertOfHealth } from './health-alert.js';

test('a check that is not well is an alert of its severity, which ends with it', () => {
  const change = { at: 5, name: 'eventLoop', ok: false, detail: 'is late' };
  expect(alertOfHealth(change)).toEqual({
    key: 'health/eventLoop',
    state: 'firing',
    severity: 'warning',
    summary: 'eventLoop: is late',
  });
  expect(alertOfHealth({ ...change, severity: 'critical' })).toMatchObject({ severity: 'critical' });
  expect(alertOfHealth({ ...change, ok: true })).toMatchObject({ state: 'resolved' });
});

test.each(['journal', 'rooms', 'alerts'])('of %s operators hear in another way', (name) => {
  expect(alertOfHealth({ at: 5, name, ok: false, detail: 'is not well', severity: 'critical' })).toBeNull();
});
