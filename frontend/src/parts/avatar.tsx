/** A face, or the first letter of a name. */
export function Avatar({ name, image }: { name: string; image: string | null }) {
  return image ? (
    <img class="avatar" src={image} alt="" width={40} height={40} />
  ) : (
    <span class="avatar" aria-hidden="true">
      {name.charAt(0).toLocaleUpperCase()}
    </span>
  );
}
