/** The office without its JavaScript works; this only makes a few things kinder. */
import "./office.css";
import { closeMenus } from "./menu";

function sendOnChange(form: HTMLFormElement): void {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
}

async function copy(button: HTMLElement): Promise<void> {
  await navigator.clipboard.writeText(button.dataset.copy ?? "");
  const said = button.dataset.copied;
  if (!said) return;
  const before = button.textContent;
  button.textContent = said;
  setTimeout(() => {
    button.textContent = before;
  }, 1600);
}

function tellLocalTime(time: HTMLTimeElement): void {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const language = document.documentElement.lang || undefined;
  const format = time.dataset.local === "time" ? {} : { dateStyle: "medium" as const };
  time.title = time.textContent ?? "";
  time.textContent = new Intl.DateTimeFormat(language, { ...format, timeStyle: "short" }).format(
    at,
  );
}

closeMenus();
for (const form of document.querySelectorAll<HTMLFormElement>("form.language")) sendOnChange(form);
for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-local]"))
  tellLocalTime(time);
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest<HTMLElement>("[data-copy]");
  if (button) void copy(button);
  if (event.target.closest("[data-print]")) window.print();
});
