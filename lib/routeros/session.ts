/** What a console is, is told, and gives back. */

export interface ExecuteOptions {
  /** A file name for error messages. */
  readonly source?: string;
  /** All of it or nothing. Default: each command is its own transaction. */
  readonly atomic?: boolean;
  /** Columns of the terminal; default 80. */
  readonly width?: number;
}

export interface Result {
  /** What the commands printed, each line ended by `\n`; empty if they printed nothing. */
  readonly output: string;
}

/** One operator's console: where it stands in the menus and what its last `print` numbered. */
export interface ConsoleSession {
  /** The menu that commands without a path are in: `/`, `/ip ipsec`. */
  readonly path: string;
  /** `[admin@routeplane] /ip/ipsec> ` */
  readonly prompt: string;
  /**
   * Runs console or .rsc text, or a transcript with prompts. Throws `ConfigError` with line and column at the first error; the command in
   * error did nothing, those before it stay unless `atomic`.
   */
  execute(text: string, options?: ExecuteOptions): Result;
}
