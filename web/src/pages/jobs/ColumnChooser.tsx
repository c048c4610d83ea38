import { Pop } from "../../parts/Pop";
import { COLUMNS, FIXED, isInitial, reset, shown, toggle } from "./columns";

/** Which columns the list has. */
export function ColumnChooser() {
  return (
    <Pop text="Columns" icon="columns" side="right">
      {() => (
        <>
          {COLUMNS.map((column) => (
            <label class="option" key={column.id}>
              <input
                type="checkbox"
                checked={shown.value.includes(column.id)}
                disabled={column.id === FIXED}
                onChange={() => toggle(column.id)}
              />
              <span>{column.title}</span>
            </label>
          ))}
          {!isInitial() && (
            <>
              <hr />
              <button type="button" class="option" onClick={reset}>
                As it was at first
              </button>
            </>
          )}
        </>
      )}
    </Pop>
  );
}
