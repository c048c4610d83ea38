import { useState } from "preact/hooks";
import type { Done } from "../../api/shapes";
import { duration } from "../../core/time";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { failed, notify } from "../../state/notices";
import { post } from "../../state/session";

interface Props {
  name: string;
  onClose: () => void;
}

const SPANS: readonly (number | null)[] = [null, 300, 3_600, 21_600, 86_400];

/** Ask for how long a queue is to be paused. */
export function PauseDialog({ name, onClose }: Props) {
  const [seconds, setSeconds] = useState<number | null>(null);
  const run = async (): Promise<void> => {
    onClose();
    try {
      await post<Done>("queues/pause", { name, seconds });
      notify(`Queue ${name} is paused.`);
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Dialog title={`Pause queue ${name}?`} onClose={onClose}>
      <p class="soft">What runs goes on to its end; nothing new is started. Jobs wait and stay.</p>
      <fieldset class="choices">
        <legend class="visually-hidden">For how long</legend>
        {SPANS.map((span) => (
          <label class="option" key={span}>
            <input
              type="radio"
              name="span"
              checked={span === seconds}
              onChange={() => setSeconds(span)}
            />
            {span === null ? "Until somebody resumes it" : `For ${duration(span)}`}
          </label>
        ))}
      </fieldset>
      <div class="dialog-foot">
        <Button onClick={onClose}>Back</Button>
        <Button kind="main" focused onClick={() => void run()}>
          Pause
        </Button>
      </div>
    </Dialog>
  );
}
