import { AppError } from "../../errors";
import { countBody, refuseDeclared } from "../limitBody";

/** The body as a stream of bytes, no longer than allowed. @throws E_BAD_INPUT when there is none. */
export function bodyOf(request: Request, bytesMax: number): AsyncIterable<Uint8Array> {
  refuseDeclared(request, bytesMax);
  const { body } = countBody(request, { bytesMax });
  if (body === null) {
    throw new AppError("E_BAD_INPUT", "The request has no body. Send the file as the body, without multipart.");
  }
  // Web streams are async iterables in Node; the DOM's types do not say so.
  return body as unknown as AsyncIterable<Uint8Array>;
}

/** The text of a query parameter; undefined when it is absent or empty. */
export function parameter(url: URL, name: string): string | undefined {
  return url.searchParams.get(name) || undefined;
}

/** A parameter that must be there. @throws E_BAD_INPUT naming it. */
export function requiredParameter(url: URL, name: string, example: string): string {
  const value = parameter(url, name);
  if (value === undefined) {
    throw new AppError("E_BAD_INPUT", `The parameter "${name}" is missing. Call …?${name}=${example}`, {
      details: { field: name },
    });
  }
  return value;
}

/** A number in the path. @throws E_NOT_FOUND for anything else: nothing is named so. */
export function pathNumber(text: string, what: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) {
    throw new AppError("E_NOT_FOUND", `"${text.slice(0, 50)}" is not the number of ${what}.`);
  }
  return Number(text);
}
