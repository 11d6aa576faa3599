/**
 * The process's end, as a signal that everything long-lived heeds: an open subscription keeps an HTTP server from
 * closing, so each joins its own signal to this one with AbortSignal.any([shutdownSignal(), ...]).
 */

// On globalThis: the web build loads this module once per bundle.
const shared = globalThis as typeof globalThis & { __winnowShutdown?: AbortController };

function controller(): AbortController {
  shared.__winnowShutdown ??= new AbortController();
  return shared.__winnowShutdown;
}

/** Aborted when the process has begun to stop. */
export function shutdownSignal(): AbortSignal {
  return controller().signal;
}

/** Called by whoever receives the process's SIGTERM. Calling again changes nothing. */
export function beginShutdown(): void {
  controller().abort(new Error("The server is stopping."));
}
