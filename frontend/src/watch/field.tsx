import type { InputHTMLAttributes } from "preact";
import { trouble } from "./checkout";

interface Props {
  id: string;
  label: string;
  value: string;
  change: (value: string) => void;
  autocomplete: string;
  type?: "text" | "email";
  inputmode?: "text" | "numeric" | "email";
  optional?: boolean;
  pattern?: string;
  placeholder?: string;
  maxLength?: number;
}

/** A labelled input that shows the refusal meant for it. */
export function Field({ id, label, value, change, optional, autocomplete, ...rest }: Props) {
  const wrong = trouble.value?.field === id ? trouble.value.message : null;
  return (
    <div class="field">
      <label for={`pay-${id}`}>{label}</label>
      <input
        id={`pay-${id}`}
        name={id}
        value={value}
        required={!optional}
        autocomplete={autocomplete as NonNullable<InputHTMLAttributes["autocomplete"]>}
        aria-invalid={wrong !== null}
        aria-describedby={wrong ? `pay-${id}-wrong` : undefined}
        onInput={(event) => change(event.currentTarget.value)}
        {...(rest as InputHTMLAttributes)}
      />
      {wrong && (
        <p class="error" id={`pay-${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
