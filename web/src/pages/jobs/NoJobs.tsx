import { EVERYTHING, isEverything, type View } from "../../core/filters";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";

interface Props {
  view: View;
  onChange: (view: View) => void;
}

export function NoJobs({ view, onChange }: Props) {
  if (isEverything(view.filter)) {
    return (
      <Empty
        title="No jobs yet"
        code={'await jobs.create("send_email", {"to": "ada@example.com"})'}
      >
        They appear here the moment that a program creates them.
      </Empty>
    );
  }
  return (
    <div class="none">
      <Empty title="No job matches">
        {view.filter.path === null
          ? "Fewer conditions match more."
          : "The path is evaluated on each payload; jobs for which it finds something match."}
      </Empty>
      <Button onClick={() => onChange({ ...view, filter: EVERYTHING })}>Show all jobs</Button>
    </div>
  );
}
