import { AppError } from "../errors";

function tooLarge(bytesMax: number): AppError {
  return new AppError("E_TOO_LARGE", `The body is larger than the ${bytesMax} bytes allowed here. Send it in parts.`, {
    details: { bytesMax },
  });
}

/** Bytes the caller says it sends; undefined when it streams without saying. */
export function declaredLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  if (header === null) return undefined;
  const length = Number(header);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** How much of a body may be read; may be raised until the reading begins. */
export interface BodyLimit {
  bytesMax: number;
}

/** Refuses a body that says it is too long, before a byte of it is read. */
export function refuseDeclared(request: Request, bytesMax: number): void {
  if ((declaredLength(request) ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

/**
 * The same request, whose body fails with E_TOO_LARGE once it is longer than allowed. Only a body of undeclared length is
 * counted: the HTTP server ends any other at its declared length.
 */
export function countBody(request: Request, limit: BodyLimit): Request {
  if (declaredLength(request) !== undefined || request.body === null) return request;
  let received = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        if (received > limit.bytesMax) controller.error(tooLarge(limit.bytesMax));
        else controller.enqueue(chunk);
      },
    }),
  );
  return withBody(request, counted);
}

/** The same request with another body. */
export function withBody(request: Request, body: ReadableStream<Uint8Array>): Request {
  const init: RequestInit & { duplex: "half" } = {
    method: request.method,
    headers: request.headers,
    body,
    signal: request.signal,
    duplex: "half",
  };
  return new Request(request.url, init);
}
