/** What goes over the control socket: one JSON object per line, requests up, one response down for each, in order. */

/** Longest request line, newline excluded. */
export const maxRequestBytes = 1 << 20;
/** Longest response line that a client accepts. */
export const maxResponseBytes = 64 << 20;

/** Console input: commands and whole scripts alike. A connection is one console session, with its own numbering. */
export interface ControlRequest {
  readonly id: number;
  readonly command: string;
}

export interface ControlResponse {
  readonly id: number;
  /** False if the console refused or failed the command; `output` then says why. */
  readonly ok: boolean;
  /** What the console printed, as it is. */
  readonly output: string;
}

/** Cuts a byte stream into lines. Throws RangeError when a line passes `limit`: the stream is of no use after that. */
export class LineSplitter {
  readonly #limit: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(Buffer.concat(this.#pending).toString('utf8'));
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > this.#limit) throw new RangeError(`line of more than ${this.#limit} bytes`);
    if (part.length > 0) this.#pending.push(part);
  }
}

/** Undefined for what is no request. */
export function parseRequest(line: string): ControlRequest | undefined {
  try {
    const value = JSON.parse(line) as Partial<ControlRequest> | null;
    if (typeof value?.id === 'number' && typeof value.command === 'string') {
      return { id: value.id, command: value.command };
    }
  } catch {
    // Falls through: not JSON is as wrong as JSON of another shape.
  }
  return undefined;
}
