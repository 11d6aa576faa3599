"use client";
import { useQuery } from "@tanstack/react-query";
import { getTaskType } from "@/task-types/registry";
import { ErrorState } from "./ErrorState";
import { SkeletonText } from "./Skeleton";

/**
 * The editor of a task type's configuration (for a choice: its labels), loaded when it is needed. Whether the configuration
 * can be saved: `getTaskType(id).configSchema.safeParse(config).success`.
 */
export function TaskConfigEditor({
  taskType,
  config,
  isNew,
  onChange,
}: {
  taskType: string;
  config: unknown;
  /** True for a project that is being made. */
  isNew: boolean;
  onChange: (config: unknown) => void;
}) {
  const type = getTaskType(taskType);
  const editor = useQuery({
    queryKey: ["configEditor", taskType],
    queryFn: async () => (await type.configEditor()).default,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (editor.error) return <ErrorState error={editor.error} onRetry={() => void editor.refetch()} />;
  if (!editor.data) return <SkeletonText lines={4} />;
  const Editor = editor.data;
  return <Editor config={config} isNew={isNew} onChange={onChange} />;
}
