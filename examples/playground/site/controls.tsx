/** Controls with their labels. */

import type { ComponentChildren, TargetedEvent } from "preact";
import { useState } from "preact/hooks";

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

interface SliderProps {
  readonly label: string;
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value in words; default: the number. */
  readonly text?: string;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}

/** A number on a line, which is told beside its label. */
export function Slider({ label, name, value, min, max, step, text, disabled, onChange }: SliderProps) {
  return (
    <label class="slider">
      <span class="count">
        {label}: {text ?? value}
      </span>
      <input
        type="range"
        name={name}
        min={min}
        max={max}
        step={step ?? 1}
        value={value}
        disabled={disabled}
        aria-label={label}
        aria-valuetext={text}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}

interface TypedProps {
  readonly name?: string;
  readonly label: string;
  readonly value: string | number;
  /** For numbers: what the browser takes to be valid. Without, any text is. */
  readonly bounds?: { readonly min: number; readonly max?: number; readonly step: number | "any" };
  /** What was typed, once that is done and valid. */
  readonly onChange: (text: string) => void;
}

/** A field that one types in; while one does, nothing that renders the page puts the old value back. */
export function Typed({ name, label, value, bounds, onChange }: TypedProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const common = {
    name,
    "aria-label": label,
    value: typed ?? value,
    onInput: (event: TargetedEvent<HTMLInputElement>) => setTyped(event.currentTarget.value),
    onChange: (event: TargetedEvent<HTMLInputElement>) => {
      const text = event.currentTarget.value;
      setTyped(null);
      if (event.currentTarget.checkValidity() && text !== "") onChange(text);
    },
  };
  return bounds === undefined ? <input {...common} /> : <input type="number" {...bounds} {...common} />;
}

interface NumberFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number | "any";
  readonly onChange: (value: number) => void;
}

/** A number that is typed; it counts once it is one within its bounds. */
export function NumberField({ label, name, value, min, max, step = 1, onChange }: NumberFieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field in it is the control
    <label>
      {label}{" "}
      <Typed
        label={label}
        name={name}
        value={value}
        bounds={{ min, max, step }}
        onChange={(text) => onChange(Number(text))}
      />
    </label>
  );
}

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly T[];
  readonly chosen: T;
  readonly onChoose: (tab: T) => void;
  readonly children: ComponentChildren;
}

/** One panel of several; arrows go from tab to tab. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<T>) {
  const idOf = (tab: T): string => `tab-${tab.replace(/\W+/g, "-")}`;
  return (
    <>
      <div role="tablist" aria-label={label} class="tabs">
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={idOf(tab)}
            aria-controls="panel"
            aria-selected={chosen === tab}
            tabIndex={chosen === tab ? 0 : -1}
            onClick={() => onChoose(tab)}
            onKeyDown={(event: KeyboardEvent) => {
              const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length];
              onChoose(next);
              document.getElementById(idOf(next))?.focus();
            }}
          >
            {tab}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="panel" aria-labelledby={idOf(chosen)}>
        {children}
      </div>
    </>
  );
}

export const SPEEDS = { slow: 1600, medium: 700, fast: 250 };
export type Speed = keyof typeof SPEEDS;

interface PlayerProps {
  readonly shown: number;
  readonly length: number;
  /** Behind the number of the step. */
  readonly detail?: string;
  readonly isPlaying: boolean;
  readonly speed: Speed;
  readonly onGo: (to: number) => void;
  readonly onPlay: () => void;
  readonly onSpeed: (speed: Speed) => void;
}

/** Goes through steps by button and slider, and plays them. */
export function Player({ shown, length, detail, isPlaying, speed, onGo, onPlay, onSpeed }: PlayerProps) {
  const goTo = (name: keyof typeof ICONS, label: string, to: number) => (
    <button
      type="button"
      aria-label={label}
      onClick={() => onGo(to)}
      disabled={to < 0 || to > length || to === shown}
    >
      <Icon name={name} />
    </button>
  );
  return (
    <fieldset class="bar controls" aria-label="Stepping">
      {goTo("start", "To the start", 0)}
      {goTo("back", "Step back", shown - 1)}
      <button type="button" aria-label={isPlaying ? "Pause" : "Play"} onClick={onPlay}>
        <Icon name={isPlaying ? "pause" : "play"} />
      </button>
      {goTo("forward", "Step forward", shown + 1)}
      {goTo("end", "To the end", length)}
      <label class="grow">
        <span class="count">
          Step {shown} of {length} {detail}
        </span>
        <input
          type="range"
          name="step"
          min={0}
          max={length}
          value={shown}
          aria-label="Step"
          onInput={(event) => onGo(Number(event.currentTarget.value))}
        />
      </label>
      <Choice label="Speed" value={speed} options={Object.keys(SPEEDS) as Speed[]} onChange={onSpeed} />
    </fieldset>
  );
}

/** A sign on a button, which has its name as a label. */
function Icon({ name }: { readonly name: keyof typeof ICONS }) {
  return (
    <svg class={`icon ${name}`} width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}
