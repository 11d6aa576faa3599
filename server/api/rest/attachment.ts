/** Text gathered before it is sent: fewer, larger pieces. */
const PIECE_LENGTH = 64 * 1024;

export interface Attachment {
  /** Letters, digits, dots, dashes. */
  fileName: string;
  mediaType: string;
  parts: AsyncGenerator<string, void, undefined>;
}

/**
 * An answer that browsers save and never show, streamed as fast as it is read. An error in the middle breaks the
 * connection, so a cut-off file is not taken for a whole one; a reader that leaves ends the generator.
 */
export function attachmentResponse({ fileName, mediaType, parts }: Attachment): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let text = "";
      while (text.length < PIECE_LENGTH) {
        const next = await parts.next();
        if (next.done) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          controller.close();
          return;
        }
        text += next.value;
      }
      controller.enqueue(encoder.encode(text));
    },
    async cancel() {
      await parts.return();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      "content-disposition": `attachment; filename="${fileName}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
    },
  });
}
