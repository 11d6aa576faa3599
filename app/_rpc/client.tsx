"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import type { WireError } from "@/contracts/errors";
import { HOUR_MS } from "@/contracts/limits";
import { plainJson } from "@/contracts/wire";
import type { AppRouter } from "@/server/api/root";

const API_PATH = "/api/trpc";
/** Calls that travel together; the server takes 50. */
const BATCH_CALLS_MAX = 20;
/** Longer query strings go in several requests. */
const URL_LENGTH_MAX = 4_000;
/** Data this young is shown without asking again; live events say when it is out of date. */
const STALE_AFTER_MS = 5_000;
const RETRIES_MAX = 3;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8_000;
/** The session's cookie is renewed by the server when asked; once in a while is enough for a page left open. */
const SESSION_RENEW_EVERY_MS = 12 * HOUR_MS;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** What the server said about a failed call; undefined when it never answered (network lost). */
export function wireErrorOf(error: unknown): WireError | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const data = error.data as { winnow?: WireError } | null | undefined;
  return data?.winnow;
}

/** Words for the screen, whatever went wrong. */
export function errorMessage(error: unknown): string {
  const wire = wireErrorOf(error);
  if (wire) return wire.message;
  if (error instanceof TRPCClientError) return "The server cannot be reached. Check the connection; we keep trying.";
  return error instanceof Error ? error.message : String(error);
}

/** Whether the same call may succeed later: the server says so, or it never answered. */
export function isRetryable(error: unknown): boolean {
  const wire = wireErrorOf(error);
  return wire ? wire.retryable : error instanceof TRPCClientError;
}

function retryDelay(attempt: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS);
}

/** A session that ended while the page was open: only signing in helps. */
function onError(error: unknown): void {
  if (wireErrorOf(error)?.code !== "E_UNAUTHENTICATED") return;
  const { pathname, search } = window.location;
  // The labelling screen asks for the password where it stands: it has answers to send.
  if (/^\/(sign-in|setup|join)|^\/p\/[^/]+\/label$/.test(pathname)) return;
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: STALE_AFTER_MS,
        retry: (failures, error) => failures < RETRIES_MAX && isRetryable(error),
        retryDelay,
      },
      // A change is sent again only by whoever knows that it may be: most are not safe to repeat blindly.
      mutations: { retry: false },
    },
  });
}

function makeClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === "subscription",
        true: httpSubscriptionLink({ url: API_PATH, transformer: plainJson }),
        false: httpBatchLink({
          url: API_PATH,
          transformer: plainJson,
          maxItems: BATCH_CALLS_MAX,
          maxURLLength: URL_LENGTH_MAX,
        }),
      }),
    ],
  });
}

let browserQueryClient: QueryClient | undefined;

/** One cache per tab; on the server one per render, so that visitors never share data. */
function getQueryClient(): QueryClient {
  if (typeof window === "undefined") return makeQueryClient();
  browserQueryClient ??= makeQueryClient();
  return browserQueryClient;
}

function useSessionRenewal(): void {
  useEffect(() => {
    const renew = (): void => {
      // Failing is harmless: the next call that needs the session says so.
      // The answer is read to its end: one left unread keeps its connection.
      fetch("/api/auth/get-session", { credentials: "same-origin" })
        .then((answer) => answer.arrayBuffer())
        .catch(() => undefined);
    };
    renew();
    const timer = setInterval(renew, SESSION_RENEW_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
}

/** Gives every component below it `useTRPC` and the query cache. */
export function TRPCReactProvider({ children }: { children: ReactNode }) {
  const queryClient = getQueryClient();
  const [trpcClient] = useState(makeClient);
  useSessionRenewal();
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
