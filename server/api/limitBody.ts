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

/**
 * The same request, whose body fails with E_TOO_LARGE once it is longer than allowed. A declared length beyond it is
 * refused at once, before a byte is read.
 */
export function limitBody(request: Request, bytesMax: number): Request {
  const declared = declaredLength(request);
  if (declared !== undefined && declared > bytesMax) throw tooLarge(bytesMax);
  // The HTTP server ends a body at its declared length; only an undeclared one has to be counted.
  if (declared !== undefined || request.body === null) return request;
  let received = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        if (received > bytesMax) controller.error(tooLarge(bytesMax));
        else controller.enqueue(chunk);
      },
    }),
  );
  const init: RequestInit & { duplex: "half" } = {
    method: request.method,
    headers: request.headers,
    body: counted,
    signal: request.signal,
    duplex: "half",
  };
  return new Request(request.url, init);
}
