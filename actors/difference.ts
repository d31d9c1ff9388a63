/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/**
 * One difference between two documents. `path` is a JSON pointer (RFC 6901) into both, '' for the whole document.
 * Without `before` the value came to be, without `after` it went:
 * `{ path: '/seats/2/name', before: 'Ann', after: 'Bob' }`, `{ path: '/adds/3', after: 7 }`.
 */
export interface Change {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/**
 * What leads from one document to the other, exactly: applied in order to the first it gives the second. Lists are
 * compared by index; one whose elements moved is told whole where that is shorter.
 * @param before undefined where there is none
 */
export function changesBetween(before: Json | undefined, after: Json | undefined): readonly Change[] {
  return before === undefined || after === undefined ? [changeOf('', before, after)] : changesAt('', before, after);
}

/** A value as JSON keeps it: without members that are undefined, and with no two kinds of zero. */
export function plainJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}

function changesAt(path: string, before: Json, after: Json): readonly Change[] {
  if (before === after) return [];
  if (isList(before) && isList(after)) return changesOfLists(path, before, after);
  if (isRecord(before) && isRecord(after)) return changesOfRecords(path, before, after);
  return [changeOf(path, before, after)];
}

function changesOfLists(path: string, before: readonly Json[], after: readonly Json[]): readonly Change[] {
  const common = Math.min(before.length, after.length);
  const changes = Array.from({ length: common }, (_, index) =>
    changesAt(`${path}/${index}`, before[index]!, after[index]!),
  ).flat();
  // What went is told from the end, so that each index is that of the list as it is when the change is applied.
  for (let index = before.length - 1; index >= common; index--) {
    changes.push(changeOf(`${path}/${index}`, before[index], undefined));
  }
  for (let index = common; index < after.length; index++) {
    changes.push(changeOf(`${path}/${index}`, undefined, after[index]));
  }
  const whole = [changeOf(path, before, after)];
  return JSON.stringify(changes).length <= JSON.stringify(whole).length ? changes : whole;
}

type JsonRecord = Readonly<Record<string, Json>>;

function changesOfRecords(path: string, before: JsonRecord, after: JsonRecord): readonly Change[] {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...members].flatMap((member) => {
    const below = `${path}/${escaped(member)}`;
    const [from, to] = [memberOf(before, member), memberOf(after, member)];
    return from === undefined || to === undefined ? [changeOf(below, from, to)] : changesAt(below, from, to);
  });
}

function memberOf(record: JsonRecord, member: string): Json | undefined {
  return Object.hasOwn(record, member) ? record[member] : undefined; // `constructor` is a name like any other
}

function changeOf(path: string, before: Json | undefined, after: Json | undefined): Change {
  return { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

function escaped(member: string): string {
  return member.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
