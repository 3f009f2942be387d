/** The first letter of a name, where a face would be. */
export function Avatar({ name }: { name: string }) {
  return (
    <span class="avatar" aria-hidden="true">
      {name.charAt(0).toLocaleUpperCase()}
    </span>
  );
}
