"use client";
import { excerptOf } from "../_session/excerptOf";
import { FlagDialog } from "./FlagDialog";
import { KeySheet } from "./KeySheet";
import { OutboxDialog } from "./OutboxDialog";
import { SignedOutDialog } from "./SignedOutDialog";
import { SkipDialog } from "./SkipDialog";
import { useOutbox } from "./useOutbox";
import type { Bench } from "./useWorkbench";

/** The windows that may lie over the screen, one at a time. */
export function Windows({ bench }: { bench: Bench }) {
  const { panels, view, session, outbox, words, project, user } = bench;
  const unsent = useOutbox(outbox, (now) => now.unsent);
  return (
    <>
      <SkipDialog open={panels.open === "skip"} onOpenChange={panels.toggles.skip} onSkip={bench.skip} />
      {view.current && (
        <FlagDialog
          projectId={project.id}
          row={view.current.item.row}
          excerpt={excerptOf(view.current.item.content)}
          open={panels.open === "flag"}
          onOpenChange={panels.toggles.flag}
        />
      )}
      <KeySheet labelKeys={words.keys} open={panels.open === "keys"} onOpenChange={panels.toggles.keys} />
      <OutboxDialog
        outbox={outbox}
        recent={view.recent}
        formatAnswer={words.decision}
        open={panels.open === "outbox"}
        onOpenChange={panels.toggles.outbox}
      />
      <SignedOutDialog
        user={user}
        unsent={unsent}
        open={bench.signedOut}
        onSignedIn={() => {
          outbox.wake();
          void session.claim();
        }}
      />
    </>
  );
}
