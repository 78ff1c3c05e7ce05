/** What must not outlive this process, newest last. */
const disposers = new Set<() => void>();
let hooked = false;

function disposeAll(): void {
  for (const dispose of [...disposers].reverse()) {
    disposers.delete(dispose);
    try {
      dispose();
    } catch (error) {
      process.stderr.write(`lab clean-up: ${String(error)}\n`);
    }
  }
}

/**
 * Runs `dispose` (synchronous) when this process ends by itself, by an uncaught error, or by SIGINT, SIGTERM or SIGHUP.
 * SIGKILL leaves things behind; `removeStaleNamespaces` of the next run takes those.
 * @returns a function that takes `dispose` off the list again
 */
export function onProcessEnd(dispose: () => void): () => void {
  if (!hooked) {
    hooked = true;
    process.on('exit', disposeAll);
    for (const [signal, number] of [
      ['SIGHUP', 1],
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      process.once(signal, () => process.exit(128 + number));
    }
  }
  disposers.add(dispose);
  return () => disposers.delete(dispose);
}
