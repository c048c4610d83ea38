import { dismiss, notices } from "../state/notices";
import { Icon } from "./Icon";

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <div class="notice" data-tone={notice.tone} key={notice.id}>
          <Icon name={notice.tone === "done" ? "check" : "errors"} />
          <span>{notice.text}</span>
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
