import { Button } from "./Button";
import { Dialog } from "./Dialog";

type Keys = readonly (readonly [what: string, keys: readonly string[]])[];

const IN_LISTS: Keys = [
  ["Next", ["j"]],
  ["Previous", ["k"]],
  ["Open", ["Enter"]],
  ["Select", ["x"]],
  ["Select up to here", ["X"]],
  ["Retry", ["r"]],
  ["Cancel", ["c"]],
  ["Delete", ["d"]],
  ["Pause or resume a queue", ["p"]],
  ["Search", ["/"]],
  ["Show what is new", ["n"]],
];

const ANYWHERE: Keys = [
  ["Overview", ["g", "o"]],
  ["Jobs", ["g", "j"]],
  ["Queues", ["g", "q"]],
  ["Workers", ["g", "w"]],
  ["Errors", ["g", "e"]],
  ["Colours", ["t"]],
  ["Ages or times", ["a"]],
  ["Close, clear, go back", ["Esc"]],
  ["This help", ["?"]],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="keys">
        <Group keys={IN_LISTS} />
        <Group keys={ANYWHERE} />
      </div>
      <div class="dialog-foot">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Group({ keys }: { keys: Keys }) {
  return (
    <dl>
      {keys.map(([what, pressed]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {pressed.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
