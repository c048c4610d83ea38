export function Workers() {
  return (
    <div class="page">
      <h1>Workers</h1>
    </div>
  );
}
