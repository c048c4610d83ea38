import type { Action } from "../../api/shapes";
import { count } from "../../core/number";
import { Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";

/** What people have done lately. */
export function Actions({ actions }: { actions: readonly Action[] }) {
  return (
    <Panel title="Actions" flush>
      {actions.length === 0 ? (
        <p class="panel-note soft">What people do in the monitor is written down here.</p>
      ) : (
        <ol class="actions">
          {actions.map((action) => (
            <li key={action.id}>
              <span class="faint">
                <Time iso={action.at} />
              </span>
              <span class="target" title={action.target}>
                <b>{action.actor ?? "somebody"}</b> {action.action}{" "}
                <span class="soft">{action.target}</span>
              </span>
              <span class="faint">{action.changed !== 1 && count(action.changed)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
