/** Controls with their labels. */

interface ChoiceProps<T extends string | number> {
  readonly label: string;
  readonly name?: string;
  readonly value: T;
  readonly options: readonly T[];
  readonly onChange: (value: T) => void;
}

/** One of several options. */
export function Choice<T extends string | number>({ label, name, value, options, onChange }: ChoiceProps<T>) {
  return (
    <label>
      {label}{" "}
      <select
        name={name}
        value={String(value)}
        onChange={(event) => onChange(options[event.currentTarget.selectedIndex])}
      >
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly name: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** On or off. */
export function Switch({ label, name, checked, onChange }: SwitchProps) {
  return (
    <label>
      <input
        type="checkbox"
        name={name}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />{" "}
      {label}
    </label>
  );
}
