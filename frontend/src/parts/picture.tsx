import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text";
import { type Player, type PlayerState, play } from "./player";

interface Props {
  url: string | null;
  live: boolean;
  poster: string | null;
  muted: Signal<boolean>;
  state: Signal<PlayerState>;
  /** Given the element and the player once they are there. */
  onReady?: (video: HTMLVideoElement, player: Player) => void;
  children?: ComponentChildren;
}

/** How often the blurred surround of a letterboxed picture is renewed. */
const SURROUND_MS = 400;

/** To fill a phone with anything broader would cut off a third of it. */
const WIDE = 0.64;

function isWide(width: number, height: number): boolean {
  return width > height * WIDE;
}

/** The picture: fills a portrait frame, or stands letterboxed on a blur of itself. */
export function Picture({ url, live, poster, muted, state, onReady, children }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  const surround = useRef<HTMLCanvasElement>(null);
  const cover = useRef<HTMLImageElement>(null);
  const wide = useSignal(false);
  const asleep = useSignal(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new picture is a new address, nothing else
  useEffect(() => {
    const video = element.current;
    if (!video || !url) return;
    let player: Player | null = null;
    let gone = false;
    state.value = "starting";
    const start = () => {
      video.play().then(
        () => {
          asleep.value = false;
        },
        (error: unknown) => {
          asleep.value = error instanceof DOMException && error.name === "NotAllowedError";
        },
      );
    };
    video.addEventListener("loadedmetadata", start);
    play(video, url, live, (next) => {
      if (!gone && state.value !== next) state.value = next;
    }).then(
      (ready) => {
        if (gone) return ready.stop();
        player = ready;
        onReady?.(video, ready);
      },
      () => {
        state.value = "lost";
      },
    );
    return () => {
      gone = true;
      video.removeEventListener("loadedmetadata", start);
      player?.stop();
    };
  }, [url, live]);

  useEffect(() => {
    const timer = setInterval(() => {
      const video = element.current;
      if (video && video.readyState >= 2) paint(video, surround.current);
      else if (cover.current?.complete) paint(cover.current, surround.current);
    }, SURROUND_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <div class={`picture ${wide.value ? "wide" : "tall"}`}>
      <canvas ref={surround} class="picture-surround" width={24} height={24} />
      {poster && state.value !== "playing" && (
        <img
          ref={cover}
          class="picture-poster"
          src={poster}
          alt=""
          onLoad={(event) => {
            const image = event.currentTarget;
            if (!element.current?.videoWidth)
              wide.value = isWide(image.naturalWidth, image.naturalHeight);
          }}
        />
      )}
      <video
        ref={element}
        class="picture-video"
        playsInline
        autoPlay
        muted={muted.value}
        aria-label={live ? t("Live picture") : t("Replay")}
        onLoadedMetadata={(event) => {
          const video = event.currentTarget;
          wide.value = isWide(video.videoWidth, video.videoHeight);
        }}
        onResize={(event) => {
          const video = event.currentTarget;
          wide.value = isWide(video.videoWidth, video.videoHeight);
        }}
      />
      {asleep.value && (
        <button
          type="button"
          class="picture-wake"
          onClick={() =>
            element.current?.play().then(
              () => {
                asleep.value = false;
              },
              () => undefined,
            )
          }
        >
          {t("Tap to watch")}
        </button>
      )}
      {children}
    </div>
  );
}

function paint(
  picture: HTMLVideoElement | HTMLImageElement,
  canvas: HTMLCanvasElement | null,
): void {
  // Nothing to see behind a picture that fills its frame, nor in a hidden tab.
  if (!canvas || document.hidden || canvas.offsetParent === null) return;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
}
