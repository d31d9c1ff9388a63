import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOnlySecret } from '../gateway/sessions.js';
import type { CookieKey } from './admin-cookie.js';

/** The key of the operators' cookies in the data folder, for its owner only: they outlive a restart, and end with it. */
export function cookieKeyOf(dataDir: string): CookieKey {
  const file = join(dataDir, 'admin-cookies.key');
  return {
    read: () => ownerOnlySecret(file),
    renew: () => rmSync(file, { force: true }),
  };
}
