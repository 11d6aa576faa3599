import { UsageError } from "../cliError";
import type { StoredRound } from "./replayRound";

export interface ServedRound {
  /** Address of the instance, such as https://label.example.org; a path before /api is kept. */
  server: string;
  key: string;
  /** Slug or number. */
  project: string;
  round: number;
}

const KEY_PATTERN = /^wnw_[\w-]{43}$/;
/** The first byte of an answer must come within this; a large array may then take its time. */
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * A round that an instance keeps, over HTTP: its manifest now, its arrays as they are asked for.
 *
 * Redirects are refused: the key goes to the named server and nowhere else.
 * @throws UsageError for what the server does not know or allow, Error when it cannot be reached or fails.
 */
export async function openServedRound({ server, key, project, round }: ServedRound): Promise<StoredRound> {
  if (!KEY_PATTERN.test(key)) {
    throw new UsageError("--key: expected an API key of the project, wnw_ and 43 characters after it.");
  }
  const base = baseOf(server);
  const get = (path: string) => fetchChecked(`${base}${path}`, key);
  const projectId = /^\d+$/.test(project) ? project : await projectIdOf(project, get);
  const folder = `/api/v1/projects/${projectId}/rounds/${round}`;
  const manifest: unknown = await (await get(`${folder}/manifest`)).json();
  return {
    place: `${base}${folder}/manifest`,
    manifest,
    read: async (name) => {
      const path = name.split("/").map(encodeURIComponent).join("/");
      return new Uint8Array(await (await get(`${folder}/arrays/${path}`)).arrayBuffer());
    },
  };
}

function baseOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--server: expected an address such as http://127.0.0.1:4300, got "${server}".`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

async function projectIdOf(slug: string, get: (path: string) => Promise<Response>): Promise<string> {
  const input = encodeURIComponent(JSON.stringify({ slug }));
  const answer = (await (await get(`/api/trpc/project.get?input=${input}`)).json()) as {
    result?: { data?: { id?: unknown } };
  };
  const id = answer.result?.data?.id;
  if (typeof id !== "number") throw new Error(`The server named no number for the project "${slug}".`);
  return String(id);
}

async function fetchChecked(url: string, key: string): Promise<Response> {
  const waiting = new AbortController();
  const timer = setTimeout(
    () => waiting.abort(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)),
    ANSWER_TIMEOUT_MS,
  );
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: waiting.signal,
    });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new Error(`${url} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  const message = messageOf(await response.text());
  const failed = `${url} answered ${response.status}: ${message}`;
  // What the caller named or showed is not accepted; a server that fails is another matter.
  throw response.status < 500 ? new UsageError(failed) : new Error(failed);
}

/** The words of a refusal of either door; the body's beginning when it is something else. */
function messageOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {
    // Not from the application: a proxy, another server.
  }
  return body.slice(0, 200).trim() || "(no text)";
}
