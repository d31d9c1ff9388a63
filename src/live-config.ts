import {
  aboutSetting,
  type Config,
  ConfigError,
  configOf,
  defaultOf,
  type Environment,
  type Given,
  givenSettings,
  isSettingName,
  SETTING_NAMES,
  type SettingName,
  type SettingSource,
} from './config.js';

/** What became of new values: those in force now, and those that wait for the next start. */
export interface ConfigChange {
  readonly changed: readonly SettingName[];
  readonly afterRestart: readonly SettingName[];
}

export interface Reloaded extends ConfigChange {
  readonly overruled: readonly SettingName[]; // an operator's value stays above the one of file or environment
}

/** Why a setting can't be given a value while the server runs, or null. */
export function whyNotLive(name: string): string | null {
  if (!isSettingName(name)) return `"${name}" is not the name of a setting.`;
  if (aboutSetting(name).live === true) return null;
  return `${name} can't change while the server runs: set it, and start the server again.`;
}

/** One setting as a page or a terminal shows it. */
export interface ShownSetting {
  readonly name: SettingName;
  readonly value: string | null; // null: not set; a secret shows its length only
  readonly source: SettingSource | 'default';
  readonly default: string | null;
  readonly unit: string | null;
  readonly live: boolean; // a running server takes a new value
  readonly about: string;
}

/**
 * The configuration of a running server. A new value is checked before anything changes, and what only a start can take
 * stays as it was. `current` is replaced as a whole: whoever keeps a copy keeps the old values.
 */
export class LiveConfig {
  readonly #environment: Environment;
  #given: Given;
  #operator: Given = {}; // what operators set by command; gone with the process
  #current: Config;
  #listeners: readonly ((change: ConfigChange) => void)[] = [];

  /** @throws ConfigError */
  constructor(environment: Environment) {
    this.#environment = environment;
    this.#given = givenSettings(environment);
    this.#current = configOf(this.#given);
  }

  get current(): Config {
    return this.#current;
  }

  /** Told of settings that have changed. @returns the way to stop listening */
  onChange(listener: (change: ConfigChange) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener));
  }

  /** Reads the file anew. @throws ConfigError, and then nothing has changed */
  reload(): Reloaded {
    const below = givenSettings(this.#environment);
    configOf(below); // also what an operator's value hides: the next start would end with it
    const change = this.#take(this.#operator);
    const overruled = SETTING_NAMES.filter(
      (name) => name in this.#operator && textIn(below, name) !== textIn(this.#operator, name),
    );
    return { ...change, overruled };
  }

  /**
   * Sets values above those of file and environment until the process ends; null takes one back.
   * @throws ConfigError, and then nothing has changed
   */
  configure(values: Readonly<Record<string, string | null>>): ConfigChange {
    let operator = this.#operator;
    for (const [name, text] of Object.entries(values)) {
      const why = whyNotLive(name);
      if (why !== null) throw new ConfigError(why);
      operator = only(operator, (other) => other !== name);
      if (text !== null) operator = { ...operator, [name]: { text, source: 'operator' } };
    }
    return this.#take(operator);
  }

  /** Every setting as it is in force. */
  shown(): readonly ShownSetting[] {
    return SETTING_NAMES.map((name) => shownSetting(name, this.#given));
  }

  #take(operator: Given): ConfigChange {
    const wanted = { ...givenSettings(this.#environment), ...operator };
    configOf(wanted); // all of it, also what waits for the next start
    const differing = SETTING_NAMES.filter((name) => textIn(wanted, name) !== textIn(this.#given, name));
    const isLive = (name: SettingName): boolean => aboutSetting(name).live === true;
    this.#given = { ...only(this.#given, (name) => !isLive(name)), ...only(wanted, isLive) };
    this.#operator = operator;
    this.#current = configOf(this.#given);
    const change = {
      changed: differing.filter(isLive),
      afterRestart: differing.filter((name) => !isLive(name)),
    };
    if (change.changed.length > 0) for (const listener of this.#listeners) listener(change);
    return change;
  }
}

/** A setting as it is given. */
export function shownSetting(name: SettingName, given: Given): ShownSetting {
  const { about, unit = null, live = false, secret = false } = aboutSetting(name);
  const { text, source } = given[name] ?? { text: defaultOf(name), source: 'default' };
  const value = secret && text !== null ? `(${text.length} characters, not shown)` : text;
  return { name, value, source, default: defaultOf(name), unit, live, about };
}

function only(given: Given, keep: (name: SettingName) => boolean): Given {
  return Object.fromEntries(Object.entries(given).filter(([name]) => keep(name as SettingName)));
}

function textIn(given: Given, name: SettingName): string | null {
  return given[name]?.text ?? defaultOf(name);
}
