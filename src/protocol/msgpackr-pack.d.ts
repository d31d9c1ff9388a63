// The package's own types of this entry do not resolve for ES modules, and its main ones lack two of these options.
declare module 'msgpackr/pack' {
  export class Packr {
    constructor(options: {
      readonly useRecords: boolean;
      readonly variableMapSize: boolean;
      readonly skipValues: readonly unknown[];
      readonly encodeUndefinedAsNil: boolean;
      readonly int64AsType: 'auto';
    });
    pack(value: unknown): Buffer;
    unpack(bytes: Uint8Array): unknown;
  }
}
