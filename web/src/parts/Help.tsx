import { Button } from "./Button";
import { Dialog } from "./Dialog";

const KEYS: readonly (readonly [what: string, keys: readonly string[]])[] = [
  ["Next row", ["j"]],
  ["Overview", ["g", "o"]],
  ["Previous row", ["k"]],
  ["Jobs", ["g", "j"]],
  ["Open", ["Enter"]],
  ["Queues", ["g", "q"]],
  ["Select", ["x"]],
  ["Workers", ["g", "w"]],
  ["Search", ["/"]],
  ["Errors", ["g", "e"]],
  ["Retry", ["r"]],
  ["Light or dark", ["t"]],
  ["Cancel", ["c"]],
  ["Ages or times", ["a"]],
  ["Delete", ["d"]],
  ["This help", ["?"]],
  ["Show what is new", ["n"]],
  ["Close, clear, go back", ["Esc"]],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([what, keys]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div class="dialog-foot">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
