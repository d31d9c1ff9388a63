import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultOf, isSettingName, loadConfig } from '../../src/config.js';
import { projectRoot } from '../../src/http/project-root.js';
import { needs } from '../support/needs.js';
import { startArguments } from '../support/start-command.js';

/*
 * Goal: what an operator installs fits the server: names of settings, files, ports, and times. No image is built here.
 * Method: the files are read as text, and whatever they name is looked up in the product.
 */

const read = (path: string): string => readFileSync(join(projectRoot(), path), 'utf8');
const containerfile = read('Containerfile');
const compose = read('compose.yaml');
const unit = read('ops/systemd/room-runtime.service');
const backup = read('ops/systemd/room-runtime-backup.service');
const nginx = read('ops/nginx/room-runtime.conf');
const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
};
const stopMs = Number(/const STOP_MS = ([\d_]+);/.exec(read('src/main.ts'))![1]!.replaceAll('_', ''));
const port = defaultOf('PORT')!;

/** Every match of the pattern's one group. */
function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found]) => found!);
}

/** Settings of the server that a file gives, as texts; what is Node's own or systemd's does not count. */
function settingsIn(pairs: readonly string[]): Readonly<Record<string, string>> {
  const named = pairs.map((pair) => pair.split(/=|: /, 2) as [string, string]);
  return Object.fromEntries(named.filter(([name]) => name !== 'NODE_ENV' && name !== 'CONFIG_FILE'));
}

test('the image and the unit run the server as `npm start` does', () => {
  const argv = JSON.parse(/^CMD (\[.*\])$/m.exec(containerfile)![1]!) as string[];
  expect(argv).toEqual(['node', ...startArguments()]);
  expect(all(unit, /^ExecStart=(.*)$/gm)).toEqual([['/usr/bin/node', ...startArguments()].join(' ')]);
});

test.each(['client', 'config', 'watch', 'journal'])(
  '`npm run %s` runs also where only what the server needs is installed',
  (name) => {
    // The script of each with a `node` that tells what it was given, once in a folder after `npm prune --omit=dev`.
    const runIn = (cwd: string): string =>
      execFileSync('sh', ['-c', `node() { echo "$*"; }; ${manifest.scripts[name]} --help`], { cwd, encoding: 'utf8' });
    const pruned = mkdtempSync(join(tmpdir(), 'pruned-'));
    try {
      expect(runIn(pruned)).toBe(`dist/src/cli/${name}.js --help\n`);
      mkdirSync(join(pruned, 'node_modules/tsx'), { recursive: true });
      expect(runIn(pruned)).toBe(`--import tsx src/cli/${name}.ts --help\n`);
    } finally {
      rmSync(pruned, { recursive: true });
    }
  },
);

describe('settings', () => {
  const given = {
    Containerfile: settingsIn(all(containerfile, /\b([A-Z_]+=\S+)/g).filter((pair) => !pair.startsWith('npm_'))),
    'compose.yaml': settingsIn(all(compose.replaceAll('"', ''), /^ {6}([A-Z_]+: \S+)/gm)),
    'the unit': settingsIn(all(unit, /^Environment=(.*)$/gm)),
  };

  test.each(Object.entries(given))('of %s are ones that the server has, with values that it takes', (_, settings) => {
    expect(Object.keys(settings).length).toBeGreaterThan(0);
    for (const name of Object.keys(settings)) expect(isSettingName(name), name).toBe(true);
    expect(() => loadConfig(settings)).not.toThrow();
  });

  test('let the shipped Prometheus in, which has a token where one is wanted', () => {
    expect(given['the unit']).toMatchObject({ METRICS_ACCESS: 'token' });
    const prometheus = read('ops/monitoring/prometheus.yml');
    expect(prometheus).toMatch(/^ {4}authorization:\n {6}credentials_file: rooms\.token$/m);
    expect(all(prometheus, /^ {6}- targets: \[localhost:(\d+)\]$/gm)).toEqual([port]);
    expect(read('docs/DEPLOYMENT.md')).toContain('/etc/prometheus/rooms.token');
  });

  test('of secrets are named as the server names them', () => {
    const [secrets] = all(unit, /^# ((?:[A-Z_]+, )+[A-Z_]+): readable by root alone/gm);
    for (const name of secrets!.split(', ')) expect(isSettingName(name), name).toBe(true);
  });

  test('make the server believe its proxy, and nobody else a metrics reader', () => {
    for (const settings of [given['compose.yaml'], given['the unit']]) {
      expect(settings).toMatchObject({ TRUST_PROXY: 'true', METRICS_ACCESS: 'token' });
    }
  });
});

describe('the image', () => {
  const stages = containerfile.split(/^FROM /m).slice(1);

  test('copies only what is there, and what is there is not left out of its context', () => {
    const copied = stages
      .flatMap((stage) => all(stage, /^COPY (?!--from)(.*) \S+$/gm))
      .flatMap((list) => list.split(' '));
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'web']));
    const context = read('.dockerignore').split('\n');
    for (const path of copied) {
      expect(existsSync(join(projectRoot(), path)), path).toBe(true);
      expect(context).toContain(`!${path}`);
    }
  });

  test('has every folder that the build compiles, and builds with a script that there is', () => {
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    for (const folder of include) expect(stages[0]).toContain(`COPY ${folder} ${folder}\n`);
    for (const script of all(containerfile, /npm run (\S+)/g)) expect(manifest.scripts).toHaveProperty(script);
  });

  test('runs what npm start runs, as a user that is not root, on a Node that the server takes', () => {
    const [command] = all(stages[1]!, /^CMD \[(.*)\]$/gm);
    expect(`exec ${command!.replaceAll('"', '').replaceAll(', ', ' ')}`).toBe(manifest.scripts['start']);
    expect(stages[1]).toMatch(/^USER node$/m);
    expect(manifest.engines['node']).toBe('>=20.19');
    for (const stage of stages) expect(stage).toMatch(/^node:20-bookworm(-slim)?( |\n)/);
  });

  test('keeps its data in the folder that is a volume, and offers the port that the server has', () => {
    expect(stages[1]).toContain('DATA_DIR=/data');
    expect(all(stages[1]!, /^VOLUME (\S+)$/gm)).toEqual(['/data']);
    expect(all(stages[1]!, /^EXPOSE (\S+)$/gm)).toEqual([port]);
    expect(compose).toContain('- rooms-data:/data\n');
    expect(compose).toContain(`- "127.0.0.1:${port}:${port}"`);
  });

  test('is asked whether it is ready at a path that the server has', () => {
    expect(stages[1]).toContain("'/health/ready'");
    expect(read('src/http/health.ts')).toContain("'/health/ready'");
  });

  test('can write to its volume and to /tmp alone, and gains no rights', () => {
    for (const line of ['read_only: true', '- /tmp', '- ALL', '- no-new-privileges:true'])
      expect(compose).toContain(line);
  });
});

describe('a stop', () => {
  test('has more time than the server takes to drain', () => {
    expect(stopMs).toBeGreaterThan(1_000);
    const [grace] = all(compose, /stop_grace_period: (\d+)s/g);
    const [timeout] = all(unit, /^TimeoutStopSec=(\d+)$/gm);
    expect(Number(grace) * 1_000).toBeGreaterThan(stopMs);
    expect(Number(timeout) * 1_000).toBeGreaterThan(stopMs);
  });

  test('that the server decides on is followed by a start', () => {
    expect(unit).toMatch(/^Restart=always$/m);
    expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(compose).toContain('restart: unless-stopped');
  });
});

describe('the units of systemd', () => {
  test('are as systemd wants them', () => {
    const analyze = needs('systemd-analyze');
    const units = ['room-runtime.service', 'room-runtime-backup.service', 'room-runtime-backup.timer'];
    const options = { cwd: join(projectRoot(), 'ops/systemd'), encoding: 'utf8', stdio: 'pipe' } as const;
    expect(execFileSync(analyze, ['verify', ...units], options)).toBe('');
  });

  test('start programs that the build makes, and write to folders that they are given', () => {
    for (const program of all(unit + backup, /node (dist\/\S+\.js)/g)) {
      expect(existsSync(join(projectRoot(), program.replace(/^dist\//, '').replace(/js$/, 'ts'))), program).toBe(true);
    }
    expect(unit).toContain('DATA_DIR=/var/lib/room-runtime\n');
    expect(unit).toContain('StateDirectory=room-runtime\n');
    expect(unit).toContain('LOG_FILE=/var/log/room-runtime/');
    expect(unit).toContain('LogsDirectory=room-runtime\n');
  });
});

describe('the proxy', () => {
  test('speaks to the port that the server has and passes on what the server reads', () => {
    expect(all(nginx, /^ {2}server 127\.0\.0\.1:(\d+);$/gm)).toEqual([port]);
    for (const header of [
      'Host $host',
      'Upgrade $http_upgrade',
      'X-Forwarded-For $remote_addr',
      'X-Forwarded-Proto $scheme',
    ])
      expect(nginx).toContain(`proxy_set_header ${header};`);
  });

  test('waits longer than a socket is silent', () => {
    const periodS =
      Number(/PERIOD_MS = ([\d_]+);/.exec(read('src/gateway/heartbeat.ts'))![1]!.replaceAll('_', '')) / 1_000;
    expect(Number(/proxy_read_timeout (\d+)s/.exec(nginx)![1])).toBeGreaterThan(2 * periodS);
  });
});
