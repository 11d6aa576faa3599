import clsx from "clsx";
import type { Options } from "react-markdown";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";

const PLUGINS = [remarkGfm];

/**
 * Markdown written by leads. Raw HTML stays text, links are limited to http, https and mailto by react-markdown's own
 * URL filter, images are not loaded (they could tell a third party who reads), and links open without a referrer.
 */
export function Markdown({
  text,
  rehype,
  className,
}: {
  text: string;
  /** A plugin over the finished tree, e.g. to mark what was searched for. */
  rehype?: NonNullable<Options["rehypePlugins"]>[number];
  className?: string;
}) {
  return (
    <div dir="auto" className={clsx("prose-winnow", className)}>
      <ReactMarkdown
        remarkPlugins={PLUGINS}
        rehypePlugins={rehype ? [rehype] : undefined}
        components={{
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener">
              {children}
            </a>
          ),
          img: ({ alt }) => <span className="text-ink-3">[image: {alt || "no description"}]</span>,
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}
