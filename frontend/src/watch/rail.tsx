import { useSignal } from "@preact/signals";
import { Heart, LayoutList, Share, Volume2, VolumeX } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { heart, room, say } from "../room/store";
import { count, t } from "../text";
import { desktop, muted, page, scene, view } from "./page";

/** A picture may only start silent; this is the way to its sound. */
export function SoundWord() {
  if (!muted.value) return null;
  return (
    <button
      type="button"
      class="sound-word"
      onClick={() => {
        muted.value = false;
      }}
    >
      <Icon node={VolumeX} size={20} />
      {t("Tap for sound")}
    </button>
  );
}

/** Heart, share, sound and the way to every product. */
export function Rail() {
  const live = scene.value === "live";
  return (
    <nav class="rail" aria-label={t("On this live")}>
      {!desktop.value && (
        <button
          type="button"
          class="round"
          aria-label={t("All products of this live")}
          onClick={() => {
            view.value = { at: "shop" };
          }}
        >
          <Icon node={LayoutList} />
        </button>
      )}
      <button
        type="button"
        class="round"
        aria-pressed={!muted.value}
        aria-label={t("Sound")}
        onClick={() => {
          muted.value = !muted.value;
        }}
      >
        <Icon node={muted.value ? VolumeX : Volume2} />
      </button>
      <button type="button" class="round" aria-label={t("Share")} onClick={() => void share()}>
        <Icon node={Share} />
      </button>
      {live && <HeartButton />}
    </nav>
  );
}

function HeartButton() {
  return (
    <button
      type="button"
      class="round heart"
      aria-label={t("Send a heart")}
      onClick={() => {
        heart();
        mine += 1;
        float(1);
      }}
    >
      <Icon node={Heart} />
      {room.value.hearts > 0 && <span class="heart-count number">{count(room.value.hearts)}</span>}
    </button>
  );
}

export async function share(): Promise<void> {
  const { share_url, title } = page.value.show;
  const url = new URL(share_url, location.href).href;
  try {
    if (navigator.share) {
      await navigator.share({ title, url });
      return;
    }
    await navigator.clipboard.writeText(url);
    say(t("The link is copied."), "good");
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    say(t("Copy this link: %(url)s", { url }), "good");
  }
}

const FLOATING_MAX = 14;
/** The viewer's own hearts, which have risen before the room tells of them. */
let mine = 0;
let float: (n: number) => void = () => undefined;

/** Hearts of everyone rise beside the rail; none where the reader asks for stillness. */
export function FloatingHearts() {
  const hearts = useSignal<{ id: number; x: number; turn: number }[]>([]);
  const next = useRef(0);
  const known = useRef(room.value.hearts);
  const calm = useRef(matchMedia("(prefers-reduced-motion: reduce)").matches);

  useEffect(() => {
    float = (n) => {
      if (calm.current || document.hidden) return;
      const fresh = Array.from({ length: Math.min(n, 5) }, () => {
        next.current += 1;
        return { id: next.current, x: Math.random() * 44 - 22, turn: Math.random() * 40 - 20 };
      });
      hearts.value = [...hearts.value, ...fresh].slice(-FLOATING_MAX);
    };
    return () => {
      float = () => undefined;
    };
  }, [hearts]);

  const now = room.value.hearts;
  useEffect(() => {
    const fresh = now - known.current;
    known.current = now;
    if (fresh > mine) float(fresh - mine);
    mine = Math.max(0, mine - fresh);
  }, [now]);

  return (
    <div class="floating" aria-hidden="true">
      {hearts.value.map((one) => (
        <span
          key={one.id}
          class="floating-heart"
          style={{ "--x": `${one.x}px`, "--turn": `${one.turn}deg` }}
          onAnimationEnd={() => {
            hearts.value = hearts.value.filter((other) => other.id !== one.id);
          }}
        >
          <Icon node={Heart} size={26} />
        </span>
      ))}
    </div>
  );
}
