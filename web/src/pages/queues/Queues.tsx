export function Queues() {
  return (
    <div class="page">
      <h1>Queues</h1>
    </div>
  );
}
