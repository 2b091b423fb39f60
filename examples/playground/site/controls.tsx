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

const ICONS = {
  start: "M4 4v12M16 4L7 10l9 6z",
  back: "M14 4L5 10l9 6z",
  play: "M6 4l10 6-10 6z",
  pause: "M7 4v12M13 4v12",
  forward: "M6 4l9 6-9 6z",
  end: "M16 4v12M4 4l9 6-9 6z",
};

/** A sign on a button, which has its name as a label. */
export function Icon({ name }: { readonly name: keyof typeof ICONS }) {
  return (
    <svg class={`icon ${name}`} width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}
