import type { Command } from 'commander';
import type { Report, Tool } from './tool.js';

/** Makes a commander action of a command's function: arguments and options in, report out. */
export type Run = <A extends readonly unknown[]>(
  command: (tool: Tool, ...args: A) => Promise<Report>,
) => (...args: [...A, Command]) => Promise<void>;

/** Adds some of the tool's commands to the program. */
export type CommandGroup = (program: Command, run: Run) => void;
