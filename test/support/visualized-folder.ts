import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { systemClock } from '../../actors/clock.js';
import type { UntimedMessage } from '../../actors/room/room-message.js';
import { addAdmin } from '../../src/http/admin.js';
import type { AdminAccess } from '../../src/http/admin-access.js';
import { addVisualizer } from '../../src/http/visualizer.js';
import { addVisualizerPages } from '../../src/http/visualizer-pages.js';
import { Visualizer } from '../../src/visualizer/visualizer.js';
import { OperatedFolder } from './operated-folder.js';
import { staffAccess } from './staff-access.js';

export const TOKEN = 'a-token-for-tests';
export const OPERATOR_TOKEN = 'a-token-of-operators';
export const ORIGIN = 'http://localhost';
const ADDRESS = '192.0.2.1';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly items?: Record<string, unknown>[]; readonly detail?: string };
  readonly text: string;
  readonly headers: Headers;
}

/** A data folder, what operators reach of it over HTTP, and a clock for whatever ends after a while. */
export class VisualizedFolder {
  readonly data: OperatedFolder;
  readonly visualizer: Visualizer;
  readonly app: Hono;
  readonly access: AdminAccess;
  aheadMs = 0; // of the monotonic clock

  private constructor(data: OperatedFolder, actionsByCookie: boolean, rateLimitFactor: number) {
    this.data = data;
    const { rooms, engine, definition, now } = data.context;
    const elapsedMs = (): number => systemClock.elapsedMs() + this.aheadMs;
    const limits = { rateLimitFactor };
    const clock = { ...systemClock, elapsedMs };
    const ports = { rooms, engine, definition, clock, now, random: randomBytes, startedAt: now(), process: 'a1b2c3d4' };
    this.visualizer = new Visualizer(ports);
    this.visualizer.listen();
    this.access = staffAccess({ admin: TOKEN, operator: OPERATOR_TOKEN }, { rateLimitFactor, elapsedMs });
    this.app = new Hono();
    addVisualizerPages(this.app, this.access);
    addVisualizer(this.app, { access: this.access, actionsByCookie, limits, elapsedMs, visualizer: this.visualizer });
    addAdmin(this.app, {
      access: this.access,
      actionsByCookie,
      elapsedMs,
      context: { ...data.context, cookies: this.access.cookies },
      writer: { available: true, undecidedCount: 0, counters: {} as never },
      sizeLimits: {},
      connectionCount: () => 0,
      watchdogFinding: () => null,
    });
  }

  static async open(): Promise<VisualizedFolder> {
    return new VisualizedFolder(await OperatedFolder.open(), false, 1_000);
  }

  /** The same rooms behind other settings. */
  behind({ actionsByCookie = false, rateLimitFactor = 1_000 }): VisualizedFolder {
    return new VisualizedFolder(this.data, actionsByCookie, rateLimitFactor);
  }

  /** @param path below `/api/visualizer` */
  ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string> | undefined) };
    return this.request(`/api/visualizer${path}`, { ...init, headers });
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.ask(path, { method: 'POST', body: JSON.stringify(body) });
  }

  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.app.request(`${ORIGIN}${path}`, init, {
      incoming: { socket: { remoteAddress: ADDRESS }, rawHeaders: [] },
    });
    const text = await response.text();
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      body: (isJson ? JSON.parse(text) : {}) as Answer['body'],
      text,
      headers: response.headers,
    };
  }

  /** A room whose pauses have no length, in a game whose hands are dealt; Ann in seat 0 and three bots. */
  async playing(): Promise<{ readonly roomId: string; readonly code: string }> {
    const room = await this.data.room(0);
    const ann = { session: 'session-of-ann', seat: 0 } as const;
    const start: UntimedMessage[] = [
      { type: 'connect', ...ann },
      { type: 'startGame', ...ann },
      { type: 'timer', timer: 'pause' },
    ];
    for (const message of start) await this.data.tell(room.roomId, message);
    return room;
  }

  async remove(): Promise<void> {
    this.visualizer.stop();
    await this.data.remove();
  }
}
