// A uid in little room. They begin with the time, so that neighbours differ at the end: the
// beginning is what gives way.

export function Uid({ uid }: { uid: string }) {
  return (
    <span class="uid" title={uid}>
      <span>{uid.slice(0, -12)}</span>
      <span>{uid.slice(-12)}</span>
    </span>
  );
}
