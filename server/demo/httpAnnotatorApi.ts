import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { plainJson } from "@/contracts/wire";
import type { AppRouter } from "@/server/api/root";
import type { AnnotatorApi } from "./simulateAnnotators";

/**
 * The API of one annotator over HTTP, as a browser calls it: same address, same session cookie, same checks.
 *
 * @param baseUrl  where the web process answers, without a slash at the end.
 * @param cookie   the signed session cookie of the simulated person.
 */
export function httpAnnotatorApi(
  baseUrl: string,
  cookie: string,
  projectId: number,
  signal: AbortSignal,
): AnnotatorApi {
  const client = createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${baseUrl}/api/trpc`,
        transformer: plainJson,
        headers: { cookie, origin: baseUrl },
      }),
    ],
  });
  return {
    claim: (tab, n) => client.queue.claim.mutate({ projectId, tab, n }, { signal }),
    submit: (input) => client.annotation.submit.mutate({ ...input, projectId }, { signal }),
  };
}
