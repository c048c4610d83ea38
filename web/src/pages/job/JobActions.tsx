import { useState } from "preact/hooks";
import type { Changed, Verb } from "../../api/shapes";
import { VERBS } from "../../core/verbs";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import type { IconName } from "../../parts/Icon";
import { useKeys } from "../../state/keys";
import { failed, notify } from "../../state/notices";
import { post } from "../../state/session";

interface Props {
  uid: string;
  verbs: readonly Verb[];
  onDone: () => void;
}

const ICONS: Readonly<Record<Verb, IconName>> = {
  retry: "retry",
  cancel: "cancel",
  delete: "trash",
};
const ORDER: readonly Verb[] = ["retry", "cancel", "delete"];

const MEANING: Readonly<Record<Verb, string>> = {
  retry: "It starts again at once, keeps its history and gets one more attempt.",
  cancel: "If it has not started it never will. A running handler is told to end.",
  delete: "It goes for good, with its attempts and its log.",
};

/** What its status allows to be done to this job, each asked about once more. */
export function JobActions({ uid, verbs, onDone }: Props) {
  const [asked, setAsked] = useState<Verb | null>(null);
  const ask = (verb: Verb) => (): void => {
    if (verbs.includes(verb)) setAsked(verb);
  };
  useKeys({ r: ask("retry"), c: ask("cancel"), d: ask("delete") });
  const run = async (verb: Verb): Promise<void> => {
    setAsked(null);
    try {
      const { changed } = await post<Changed>("jobs/act", { action: verb, uids: [uid] });
      if (changed.length > 0) notify(`The job was ${VERBS[verb].past}.`);
      else notify(`The job could not be ${VERBS[verb].past}: its status has changed.`, "failed");
    } catch (error) {
      failed(error);
    }
    onDone();
  };
  return (
    <div class="tools">
      {ORDER.filter((verb) => verbs.includes(verb)).map((verb) => (
        <Button
          key={verb}
          icon={ICONS[verb]}
          hotkey={VERBS[verb].key}
          kind={verb === "delete" ? "danger" : undefined}
          onClick={ask(verb)}
        >
          {VERBS[verb].text}
        </Button>
      ))}
      {asked && (
        <Dialog title={`${VERBS[asked].text} this job?`} onClose={() => setAsked(null)}>
          <p class="soft">{MEANING[asked]}</p>
          <div class="dialog-foot">
            <Button onClick={() => setAsked(null)}>Back</Button>
            <Button kind="main" focused={asked !== "delete"} onClick={() => void run(asked)}>
              {VERBS[asked].text}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
