import { toasts } from "../room/store";

/** Short news that asks for nothing; read out once, gone by itself. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p key={toast.id} class={`toast ${toast.kind}`}>
          {toast.text}
        </p>
      ))}
    </div>
  );
}
