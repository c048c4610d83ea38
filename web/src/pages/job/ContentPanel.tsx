import { useMemo } from "preact/hooks";
import type { Content } from "../../api/shapes";
import { parse } from "../../core/json";
import { bytes } from "../../core/number";
import { Copy } from "../../parts/Copy";
import { Icon } from "../../parts/Icon";
import { JsonTree } from "../../parts/JsonTree";
import { Panel } from "../../parts/Panel";

interface Props {
  title: string;
  content: Content | null;
  /** Where the whole of it can be had. */
  href: string;
}

/** JSON of a job: as a tree to look at, as text to copy, as a file to take away. */
export function ContentPanel({ title, content, href }: Props) {
  if (content === null) return null;
  const size = bytes(content.bytes);
  const note = content.cut ? `${size}, of which the beginning is shown` : size;
  return (
    <Panel
      title={title}
      note={content.hidden === null ? note : null}
      tools={
        content.hidden === null && (
          <>
            <Copy text={content.text} label={`Copy the ${title.toLowerCase()}`} />
            <a
              class="button"
              data-kind="quiet"
              data-icon="true"
              href={href}
              download
              aria-label={`Download the ${title.toLowerCase()}`}
              title="Download"
            >
              <Icon name="download" size={14} />
            </a>
          </>
        )
      }
    >
      <Tree content={content} />
    </Panel>
  );
}

function Tree({ content }: { content: Content }) {
  const root = useMemo(() => parse(content.text), [content.text]);
  if (content.hidden !== null) return <p class="soft">{content.hidden}</p>;
  if (root === null) return <pre class="raw">{content.text}</pre>;
  return <JsonTree root={root} />;
}

/** The job's metadata, if there is any. */
export function MetaTree({ content }: { content: Content }) {
  if (content.hidden !== null || content.text === "{}" || content.text === "") return null;
  return (
    <div class="meta">
      <h3>Meta</h3>
      <Tree content={content} />
    </div>
  );
}
