import { describe, expect, test } from 'vitest';
import { NotTaken, postToWebhook, whyUndelivered } from './webhook.js';

const failed = (text: string, more: object = {}): Error => Object.assign(new Error(text), more);
const URL_TEXT = 'https://hooks.example/hunter2';

describe('why nothing was delivered', () => {
  test.each<[string, unknown]>([
    ['the webhook answered 500', new NotTaken(500)],
    ['ETIMEDOUT', failed(URL_TEXT, { code: 'ETIMEDOUT' })],
    ['ENOTFOUND', failed(URL_TEXT, { cause: failed(URL_TEXT, { code: 'ENOTFOUND' }) })],
    ['ECONNREFUSED', failed(URL_TEXT, { cause: new AggregateError([failed('', { code: 'ECONNREFUSED' })], URL_TEXT) })],
    ['TimeoutError', new DOMException(URL_TEXT, 'TimeoutError')],
    ['Error', failed(URL_TEXT, { code: URL_TEXT })],
    ['unknown', URL_TEXT],
  ])('is told as %s', (why, failure) => {
    expect(whyUndelivered(failure)).toBe(why);
  });

  test('is found where causes go round in a circle', () => {
    const circle = failed(URL_TEXT);
    circle.cause = circle;
    expect(whyUndelivered(circle)).toBe('Error');
  });

  test('names no URL that could not even be asked: its password would be in the text', async () => {
    const url = 'http://user:hunter2@127.0.0.1/';
    const why = await postToWebhook(url, '{}', new AbortController().signal).catch(whyUndelivered);
    expect(why).toBe('TypeError');
  });
});

test.each([
  [500, true],
  [429, true],
  [408, true],
  [404, false],
])('an answer of %i passes: %s', (status, passes) => {
  expect(new NotTaken(status).passes).toBe(passes);
});
