export function Errors() {
  return (
    <div class="page">
      <h1>Errors</h1>
    </div>
  );
}
