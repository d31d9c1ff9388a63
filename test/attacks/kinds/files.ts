import type { Arena } from '../arena.js';
import type { Attack } from '../attack.js';

const PAGES = 'src/http/pages.ts';

/** Paths as they are, since clients would shorten them. */
async function statusesOf(arena: Arena, paths: readonly string[]): Promise<string[]> {
  return (
    await Promise.all(
      paths.map((path) => arena.statusesOf(`GET ${path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n`)),
    )
  ).flat();
}

export const FILE_ATTACKS: readonly Attack[] = [
  {
    name: 'climbing-out',
    does: "climbs out of the served folders by `..`, from each folder's root",
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, [
        '/../outside.txt',
        '/./../outside.txt',
        '/play/../../package.json',
        '/visualizer/../../package.json',
        '/play/views/../../../package.json',
        '/vendor/../package.json',
        '/client/../../../package.json',
        `${'/..'.repeat(30)}/etc/passwd`,
      ]),
  },
  {
    name: 'climbing-out-encoded',
    does: 'does the same with dots and slashes encoded once, twice, as overlong UTF-8, and with backslashes',
    expected: ['400', '404'], // a backslash is no part of a URL
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, [
        '/%2e%2e/outside.txt',
        '/%2e%2e%2foutside.txt',
        '/..%2foutside.txt',
        '/%252e%252e%252foutside.txt',
        '/..%5coutside.txt',
        '/..\\outside.txt',
        '/%c0%ae%c0%ae/outside.txt',
        '/..%c0%afoutside.txt',
        '/play/%2e%2e%2f%2e%2e%2fpackage.json',
        `/play/${'%2e%2e%2f'.repeat(30)}etc/passwd`,
      ]),
  },
  {
    name: 'null-bytes-in-paths',
    does: 'ends paths early by a null byte',
    expected: ['404'],
    by: PAGES,
    run: (arena) => statusesOf(arena, ['/bundle.js%00.html', '/play/index.html%00', '/%00', '/..%00/outside.txt']),
  },
  {
    name: 'absolute-paths',
    does: 'asks for absolute paths and other protocols',
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, [
        '//etc/passwd',
        '/%2fetc/passwd',
        '/file:///etc/passwd',
        '/C:/Windows/win.ini',
        '/play//etc/passwd',
      ]),
  },
  {
    name: 'hidden-files',
    does: 'asks for files that begin with a dot, by plain and encoded names',
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, ['/.hidden', '/%2ehidden', '/.git/config', '/play/.env', '/.well-known/../.hidden']),
  },
  {
    name: 'climbing-out-by-links',
    does: "climbs on from where a link that the served folder's owner has made leads",
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, [
        '/release/../outside.txt',
        '/release/..%2foutside.txt',
        '/release/%2e%2e/outside.txt',
        '/release/.hidden',
        '/release/',
      ]),
  },
  {
    name: 'data-by-http',
    does: 'asks for the journal and the keys where a wrongly built server would have them',
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, [
        '/data/journal.sqlite',
        '/journal.sqlite',
        '/admin.token',
        '/data/session.key',
        '/play/admin.token',
        '/server.json',
        '/package.json',
        '/src/main.ts',
        '/dist/src/main.js',
      ]),
  },
  {
    name: 'listing-folders',
    does: 'asks for folders themselves',
    expected: ['404'],
    by: PAGES,
    run: (arena) =>
      statusesOf(arena, ['/play/views/', '/play/replay', '/vendor/', '/client/', '/release', '/play/views/./']),
  },
  {
    name: 'ranges',
    does: 'asks for overlapping, endless, backward and thousands of parts of a file',
    expected: ['answered once, and with no more than the file'],
    by: PAGES,
    run: async (arena) => {
      const whole = await arena.http('/play/play.css');
      const ranges = [
        'bytes=0-0,0-,-1',
        `bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-`).join(',')}`,
        'bytes=-',
        'bytes=9-1',
        'bytes=99999999999999999999-',
        'bytes=a-b',
        'lines=1-2',
      ];
      const answers = await Promise.all(ranges.map((range) => arena.http('/play/play.css', { headers: { range } })));
      return answers.map(({ status, body }) =>
        status < 500 && body.length <= whole.body.length
          ? 'answered once, and with no more than the file'
          : `${status} with ${body.length} characters`,
      );
    },
  },
];
