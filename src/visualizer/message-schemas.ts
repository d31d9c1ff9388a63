import { z } from 'zod';
import { roomMessage } from '../../actors/room/room-message.js';
import { type By, byOf } from './shown-entry.js';

/** What can be said to a room, for a form. */
export interface MessageForm {
  readonly type: string;
  readonly by: By;
  readonly schema: object; // JSON Schema (2020-12)
}

/** Given by whoever takes the message, and not by a form. */
const GIVEN = ['at', 'key'];
const SEAT = { type: 'integer', minimum: 0, maximum: 3 };

interface ObjectSchema {
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/** Each type of message but the one that makes a room, as the schema of the machine's own messages says. */
export function messageForms(): readonly MessageForm[] {
  return roomMessage.options.flatMap((option) => {
    const type = option.shape.type.value;
    if (type === 'create') return [];
    // A seat is a check of its own, which JSON Schema can't say by itself.
    const schema = z.toJSONSchema(option, {
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, SEAT);
      },
    }) as ObjectSchema;
    const hidden = type === 'join' ? GIVEN : [...GIVEN, 'session'];
    const properties = Object.entries(schema.properties).filter(([name]) => !hidden.includes(name));
    const required = (schema.required ?? []).filter((name) => !hidden.includes(name));
    return [{ type, by: byOf(type), schema: { type: 'object', properties: Object.fromEntries(properties), required } }];
  });
}
