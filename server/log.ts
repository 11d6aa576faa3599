import { systemClock } from "./clock";
import { getEnv } from "./env";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  level: LogLevel;
  /** json: one object per line. human: time, level, message, key=value. */
  format: "json" | "human";
  write: (line: string) => void;
  now: () => Date;
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };
const SECRET_KEY = /pass(word|wd)?|secret|token|cookie|authorization|api[-_]?key|credential/i;
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;
// Everything a terminal could act on, line breaks included: a user's text must not forge lines or move the cursor.
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;
const DEPTH_MAX = 4;
const TEXT_MAX = 4_000;

function escapeControl(text: string): string {
  return text.replace(CONTROL, (c) => {
    if (c === "\n") return "\\n";
    if (c === "\r") return "\\r";
    if (c === "\t") return "\\t";
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function cleanText(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}… (${text.length} characters)` : text;
  return cut.replace(URL_CREDENTIALS, "$1:[redacted]@");
}

function cleanError(error: Error, depth: number): LogFields {
  const fields: LogFields = { name: error.name, message: cleanText(error.message) };
  if ("code" in error) fields.code = error.code;
  if ("details" in error) fields.details = clean(error.details, depth + 1);
  if (error.stack) fields.stack = cleanText(error.stack);
  if (error.cause !== undefined) fields.cause = clean(error.cause, depth + 1);
  return fields;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return typeof value === "function" ? "[function]" : value;
  if (depth > DEPTH_MAX) return "[deep]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (value instanceof Error) return cleanError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name} ${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, 50).map((v) => clean(v, depth + 1));
  return cleanFields(value as LogFields, depth + 1);
}

function cleanFields(fields: LogFields, depth: number): LogFields {
  const out: LogFields = {};
  for (const [key, value] of Object.entries(fields)) {
    out[key] = SECRET_KEY.test(key) && value !== undefined && value !== null ? "[redacted]" : clean(value, depth);
  }
  return out;
}

function humanValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return /[\s"=]/.test(text) || text === "" ? JSON.stringify(escapeControl(text)) : escapeControl(text);
}

function humanLine(at: Date, level: LogLevel, message: string, fields: LogFields): string {
  const parts = [at.toISOString().slice(11, 23), level.toUpperCase().padEnd(5), escapeControl(cleanText(message))];
  for (const [key, value] of Object.entries(fields)) {
    const stack = value !== null && typeof value === "object" && "stack" in value ? value.stack : undefined;
    // A stack is the one thing worth several lines; each is indented, so that it cannot pass for a log line.
    if (typeof stack === "string") parts.push(`\n    ${stack.split("\n").map(escapeControl).join("\n    ")}`);
    else parts.push(`${key}=${humanValue(value)}`);
  }
  return parts.join(" ");
}

/** Makes a logger. Values of fields named like secrets are replaced; passwords inside URLs too. */
export function createLogger(options: LoggerOptions, bound: LogFields = {}): Logger {
  const emit = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ORDER[level] < ORDER[options.level]) return;
    const all = cleanFields({ ...bound, ...fields }, 0);
    const at = options.now();
    const line =
      options.format === "json"
        ? JSON.stringify({ at: at.toISOString(), level, message: cleanText(message), ...all })
        : humanLine(at, level, message, all);
    options.write(`${line}\n`);
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    child: (fields) => createLogger(options, { ...bound, ...fields }),
  };
}

let processLogger: Logger | undefined;

/** The process's logger on standard error, at the level and in the format that the environment asks for. */
export function getLogger(fields?: LogFields): Logger {
  if (!processLogger) {
    const env = getEnv();
    processLogger = createLogger({
      level: env.logLevel,
      format: env.logFormat,
      write: (line) => void process.stderr.write(line),
      now: systemClock.now,
    });
  }
  return fields ? processLogger.child(fields) : processLogger;
}
