import { Pop } from "../../parts/Pop";

interface Props {
  label: string;
  all: string;
  options: readonly string[];
  chosen: readonly string[];
  onOpen: () => void;
  onChange: (chosen: string[]) => void;
}

/** Any of some names, or all. */
export function Choice({ label, all, options, chosen, onOpen, onChange }: Props) {
  const [first] = chosen;
  const text =
    first === undefined ? all : chosen.length === 1 ? first : `${first} +${chosen.length - 1}`;
  // What the address asks for may not have been seen lately.
  const names = [...new Set([...options, ...chosen])].sort();
  return (
    <Pop text={text} label={label} on={chosen.length > 0} onOpen={onOpen}>
      {() =>
        names.length === 0 ? (
          <p class="option-note">None has been seen yet.</p>
        ) : (
          names.map((name) => (
            <label class="option" key={name}>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={() =>
                  onChange(
                    chosen.includes(name)
                      ? chosen.filter((each) => each !== name)
                      : [...chosen, name],
                  )
                }
              />
              <span title={name}>{name}</span>
            </label>
          ))
        )
      }
    </Pop>
  );
}
