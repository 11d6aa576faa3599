"use client";
import { useCallback, useDeferredValue, useMemo } from "react";
import type { Decision } from "../_session/types";
import { ActionBar } from "./ActionBar";
import { DebugOverlay } from "./DebugOverlay";
import { GuidelinesPanel } from "./GuidelinesPanel";
import { IdleState } from "./IdleState";
import { ItemStage } from "./ItemStage";
import { Notices } from "./Notices";
import { RecentList } from "./RecentList";
import { SidePanel } from "./SidePanels";
import { TopBar } from "./TopBar";
import { useWideScreen } from "./useWideScreen";
import type { Bench, WorkbenchProps } from "./useWorkbench";
import { useWorkbench } from "./useWorkbench";
import { WhyLine } from "./WhyLine";
import { Windows } from "./Windows";

/** There is room for the last answers beside the item from here on. */
const VERY_WIDE_PX = 1280;

/** A column is kept short enough that the eye need not travel between the item and its labels. */
const LAYOUTS = { column: "m-auto max-w-3xl sm:max-h-[44rem]", wide: "mx-auto max-w-[90rem]" } as const;

/** The labelling screen around one session. */
export function Workbench(props: WorkbenchProps) {
  const bench = useWorkbench(props);
  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <Bar bench={bench} />
      <div className="flex min-h-0 flex-1">
        <Recent bench={bench} />
        <main
          id="main"
          className="flex min-h-0 min-w-0 flex-1 flex-col px-3 pt-2 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6 sm:pt-4 sm:pb-5"
        >
          <div className={`flex min-h-0 w-full flex-1 flex-col gap-3 ${LAYOUTS[bench.words.layout]}`}>
            <Center bench={bench} />
          </div>
        </main>
        <Guidelines bench={bench} />
      </div>
      <Windows bench={bench} />
      {bench.debug && <DebugOverlay meter={bench.meter} session={bench.view} outbox={bench.outbox} />}
    </div>
  );
}

function Bar({ bench }: { bench: Bench }) {
  const { project, user, view, guidelines, panels, preferences, session, outbox } = bench;
  const { show } = panels;
  const { toggle } = guidelines;
  const actions = useMemo(
    () => ({
      onOutbox: () => show("outbox"),
      onRecent: () => show("recent"),
      onKeys: () => show("keys"),
      onGuidelines: () => toggle(),
      onLeave: () => void session.leave(),
    }),
    [show, toggle, session],
  );
  return (
    <TopBar
      {...actions}
      user={user}
      projectName={project.name}
      leaveHref={bench.canRead ? `/p/${project.slug}` : "/"}
      progress={view.progress}
      outbox={outbox}
      guidelinesChanged={guidelines.changed}
      guidelinesOpen={guidelines.open}
      preferences={preferences}
      onPreferences={bench.setPreferences}
    />
  );
}

function Recent({ bench }: { bench: Bench }) {
  const { panels, view, words, undo } = bench;
  const { show } = panels;
  const veryWide = useWideScreen(VERY_WIDE_PX);
  // The list may follow a frame later: the next item comes first.
  const decisions = useDeferredValue(view.recent);
  const reopen = useCallback(
    (decision: Decision) => {
      show(null);
      void undo(decision);
    },
    [show, undo],
  );
  return (
    <SidePanel
      title="Your last answers"
      side="start"
      wide={veryWide}
      closable={false}
      open={panels.open === "recent" && !veryWide}
      onOpenChange={panels.toggles.recent}
    >
      <RecentList decisions={decisions} formatAnswer={words.decision} busy={view.undoing} onReopen={reopen} />
    </SidePanel>
  );
}

function Guidelines({ bench }: { bench: Bench }) {
  const { guidelines, project, words } = bench;
  return (
    <SidePanel
      title="Guidelines"
      side="end"
      wide={guidelines.wide}
      open={guidelines.open}
      onOpenChange={guidelines.toggle}
    >
      <GuidelinesPanel text={project.guidelines} version={project.guidelinesVersion} labels={words.classes} />
    </SidePanel>
  );
}

function Center({ bench }: { bench: Bench }) {
  const { project, view, session, words, active, panels } = bench;
  const { current } = view;
  return (
    <>
      <h1 className="sr-only">Label items of {project.name}</h1>
      {current ? (
        <>
          <WhyLine
            key={current.key}
            held={current}
            classTitles={words.classTitles}
            active={active}
            onLeaseEnd={session.markEnded}
          />
          <Notices view={view} session={session} formatAnswer={words.answer} />
          <ItemStage
            current={current}
            next={view.next}
            active={active}
            Annotator={bench.Annotator}
            config={project.taskConfig}
            policy={project.suggestionPolicy}
            preferences={bench.preferences}
            session={session}
            meter={bench.meter}
            onAnswer={bench.answer}
          />
        </>
      ) : (
        <IdleState view={view} slug={project.slug} canImport={bench.canIngest} onLook={() => void session.claim()} />
      )}
      <ActionBar
        canUndo={bench.canUndo}
        undoing={view.undoing}
        canAct={current !== null && !view.undoing}
        onUndo={() => void bench.undo()}
        onSkip={() => panels.show("skip")}
        onFlag={() => panels.show("flag")}
      />
    </>
  );
}
