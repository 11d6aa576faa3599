"use client";
import type { WireError } from "@/contracts/errors";

/** An upload that was refused, in the shape every other refusal has. */
export class UploadError extends Error {
  readonly data: { winnow: WireError };
  constructor(winnow: WireError) {
    super(winnow.message);
    this.data = { winnow };
  }
}

/**
 * Sends a file as it is, streamed by the browser, and reports progress. XMLHttpRequest because fetch still cannot tell how
 * much of a request body has left.
 */
export function uploadFile(
  projectId: number,
  file: File,
  onProgress: (sentShare: number) => void,
  signal: AbortSignal,
): Promise<{ uploadId: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/projects/${projectId}/uploads?fileName=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      const body = request.response as { uploadId?: string; error?: WireError } | null;
      if (request.status >= 200 && request.status < 300 && body?.uploadId) resolve({ uploadId: body.uploadId });
      else
        reject(
          body?.error
            ? new UploadError(body.error)
            : new Error(`The server answered ${request.status} to the upload. Try again.`),
        );
    };
    request.onerror = () => reject(new TypeError("The connection broke during the upload."));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
