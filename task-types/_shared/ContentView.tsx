import { memo, useMemo } from "react";
import { cutText } from "./cutText";

const SHORT_CHARS = 160;
const MEDIUM_CHARS = 700;

/**
 * Shows an item: text, or named fields as a table. All of it is text nodes in the direction of its own script. An unknown
 * kind of content is shown as its JSON rather than hidden.
 */
export const ContentView = memo(function ContentView({ content }: { content: unknown }) {
  if (isText(content)) return <TextContent text={content.text} />;
  if (isRecord(content)) return <RecordContent fields={content.fields} />;
  return <TextContent text={JSON.stringify(content, null, 2)} />;
});

function TextContent({ text }: { text: string }) {
  const parts = useMemo(() => cutText(text), [text]);
  const size =
    text.length <= SHORT_CHARS ? "text-xl sm:text-2xl" : text.length <= MEDIUM_CHARS ? "text-lg sm:text-xl" : "text-lg";
  return (
    <div className={`${size} tracking-[-0.008em] [overflow-wrap:anywhere]`}>
      {parts.map((part, i) => (
        <p
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one fixed text never move.
          key={i}
          dir="auto"
          className="whitespace-pre-wrap"
          style={parts.length > 1 ? { contentVisibility: "auto", containIntrinsicSize: "auto 40rem" } : undefined}
        >
          {part}
        </p>
      ))}
    </div>
  );
}

type FieldValue = string | number | boolean | null;

function RecordContent({ fields }: { fields: Record<string, FieldValue> }) {
  return (
    <table className="w-full border-collapse text-base">
      <tbody>
        {Object.entries(fields).map(([name, value]) => (
          <tr key={name} className="border-line border-b last:border-b-0">
            <th
              scope="row"
              dir="auto"
              className="w-1/4 min-w-24 py-2 pe-4 text-start align-top font-[550] text-ink-3 text-sm [overflow-wrap:anywhere]"
            >
              {name}
            </th>
            <td dir="auto" className="whitespace-pre-wrap py-2 align-top [overflow-wrap:anywhere]">
              <FieldText value={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function FieldText({ value }: { value: FieldValue }) {
  if (value === null || value === "") return <span className="text-ink-3">empty</span>;
  if (typeof value === "number") return <span className="tnum">{String(value)}</span>;
  return String(value);
}

function isText(content: unknown): content is { text: string } {
  return typeof content === "object" && content !== null && typeof (content as { text?: unknown }).text === "string";
}

function isRecord(content: unknown): content is { fields: Record<string, FieldValue> } {
  if (typeof content !== "object" || content === null) return false;
  const { fields } = content as { fields?: unknown };
  return typeof fields === "object" && fields !== null;
}
