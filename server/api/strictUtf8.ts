import { AppError } from "../errors";

function notUtf8(cause: unknown): AppError {
  return new AppError(
    "E_BAD_INPUT",
    "The body is not valid UTF-8. JSON must be sent encoded as UTF-8; convert texts of another encoding first.",
    { details: { expected: "utf-8" }, cause },
  );
}

/** Bytes of JSON as text. @throws E_BAD_INPUT where they are not UTF-8: nothing is replaced in silence. */
export function readUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw notUtf8(error);
  }
}

/** @throws E_UNSUPPORTED_FORMAT when a content type names another encoding than UTF-8. */
export function refuseOtherCharset(contentType: string | null): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType ?? "")?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new AppError(
    "E_UNSUPPORTED_FORMAT",
    `The content type says charset=${charset.slice(0, 40)}; JSON is read as UTF-8 only. Send it encoded as UTF-8.`,
    { details: { expected: "utf-8", got: charset.slice(0, 40) } },
  );
}

/** The same bytes, passed on piece by piece; fails with E_BAD_INPUT at the first that are not UTF-8. */
export function checkedUtf8(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const check = (chunk?: Uint8Array) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw notUtf8(error);
    }
  };
  return new TransformStream({
    transform(chunk, controller) {
      check(chunk);
      controller.enqueue(chunk);
    },
    flush: () => check(),
  });
}
