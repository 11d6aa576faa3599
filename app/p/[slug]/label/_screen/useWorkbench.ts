"use client";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { ViewerView } from "@/contracts/access";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import type { TaskType } from "@/task-types/types";
import type { Outbox } from "../_outbox/Outbox";
import type { LabelSession } from "../_session/LabelSession";
import type { Decision } from "../_session/types";
import { FlipMeter } from "./FlipMeter";
import type { AnnotatorComponent } from "./ItemStage";
import { usePreferences } from "./preferences";
import { useSeenGuidelines } from "./seenGuidelines";
import { useAnswering } from "./useAnswering";
import { titleOf } from "./useLabelSession";
import { useOutbox } from "./useOutbox";
import { useQueueNews } from "./useQueueNews";
import { useScreenKeys, useScreenPanels } from "./useScreenPanels";
import { useWideScreen } from "./useWideScreen";

/** There is room for the guidelines beside the item from here on. */
const WIDE_PX = 1024;

export interface WorkbenchProps {
  project: ProjectView;
  user: ViewerView;
  taskType: TaskType;
  Annotator: AnnotatorComponent;
  session: LabelSession;
  outbox: Outbox;
}

/** Everything the labelling screen's parts draw from, and all they can do. */
export type Bench = ReturnType<typeof useWorkbench>;

export function useWorkbench(props: WorkbenchProps) {
  const { project, taskType, session, outbox } = props;
  const view = useSyncExternalStore(session.subscribe, session.getSnapshot, session.getSnapshot);
  const isOutboxSignedOut = useOutbox(outbox, ({ phase }) => phase === "signedOut");
  const [meter] = useState(() => new FlipMeter());
  const [preferences, setPreferences] = usePreferences(project.id);
  const [debug, setDebug] = useState(() => new URLSearchParams(window.location.search).get("debug") === "1");
  const panels = useScreenPanels();
  const answering = useAnswering(session, meter);
  const guidelines = useGuidelines(project);
  useQueueNews(project.id, session, view.current === null);
  useEffect(() => {
    window.__winnow = { nextVisible: meter.getSnapshot };
  }, [meter]);

  const signedOut = isOutboxSignedOut || view.problem?.code === "E_UNAUTHENTICATED";
  const isCovered = panels.open !== null || guidelines.covers || signedOut;
  const active = !isCovered && !view.undoing;
  const { undo } = answering;
  const { show } = panels;
  const { toggle: toggleGuidelines } = guidelines;
  const keyActions = useMemo(
    () => ({
      undo: () => void undo(),
      show,
      guidelines: () => toggleGuidelines(),
      debug: () => setDebug((on) => !on),
    }),
    [undo, show, toggleGuidelines],
  );
  useScreenKeys(active, view.current !== null, keyActions);

  return {
    ...props,
    ...answering,
    view,
    meter,
    preferences,
    setPreferences,
    debug,
    panels,
    guidelines,
    signedOut,
    active,
    words: useWords(taskType, project.taskConfig, preferences),
    canRead: project.myRole !== null && roleAllows(project.myRole, "read"),
    canIngest: project.myRole !== null && roleAllows(project.myRole, "ingest"),
    canUndo: view.recent.some(({ state }) => state === "kept" || state === "unsent"),
  };
}

/** The guidelines panel: open or not, and whether it says something new. */
function useGuidelines(project: ProjectView) {
  const version = project.guidelines === "" ? 0 : project.guidelinesVersion;
  const { changed, markSeen } = useSeenGuidelines(project.id, version);
  const [open, setOpen] = useState(false);
  const wide = useWideScreen(WIDE_PX);
  const toggle = useCallback(
    (next = !open) => {
      setOpen(next);
      if (next) markSeen();
    },
    [open, markSeen],
  );
  return { open, toggle, wide, changed: changed && !open, covers: open && !wide };
}

/** The task type's words for this project. */
function useWords(taskType: TaskType, config: unknown, preferences: Parameters<TaskType["hotkeys"]>[1]) {
  return useMemo(() => {
    const classes = taskType.classes(config);
    const answer = (value: unknown) => titleOf(taskType, config, value);
    return {
      classes,
      classTitles: classes.map(({ title }) => title),
      keys: taskType.hotkeys(config, preferences),
      layout: taskType.layout(config),
      answer,
      decision: ({ kind, value }: Decision) => (kind === "skip" ? "Skipped" : answer(value)),
    };
  }, [taskType, config, preferences]);
}
