/** The bar's menus open and close by themselves; here they also close when one turns away. */

/** Close an open menu on Escape, on a press elsewhere and when the keyboard has left it. */
export function closeMenus(): void {
  const close = (keep: EventTarget | null): void => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
      if (!(keep instanceof Node && menu.contains(keep))) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target));
  document.addEventListener("focusin", (event) => close(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    if (!open) return;
    if (open.contains(document.activeElement)) open.querySelector("summary")?.focus();
    close(null);
  });
}
