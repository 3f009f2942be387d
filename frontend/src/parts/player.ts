/** Plays an HLS address in a video element: low latency when live, with bounded recovery. */

export type PlayerState = "starting" | "playing" | "stalled" | "lost";

export interface Player {
  /** Seconds behind the host, as far as the player knows; null for replays and native playback. */
  delay(): number | null;
  stop(): void;
}

/** Decided by measurement: 1.4 s from glass to glass at 1.2 s behind the edge, catching up by 10 %. */
const LIVE = {
  lowLatencyMode: true,
  liveSyncDuration: 1.2,
  liveMaxLatencyDuration: 5,
  maxLiveSyncPlaybackRate: 1.1,
  // An hour of a phone's memory is not for what was already seen.
  backBufferLength: 10,
  maxBufferLength: 10,
};
const REPLAY = { lowLatencyMode: false, backBufferLength: 60, maxBufferLength: 30 };

const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];
const STALL_MS = 3_000;

export async function play(
  video: HTMLVideoElement,
  url: string,
  live: boolean,
  tell: (state: PlayerState) => void,
): Promise<Player> {
  const watch = watchStalls(video, tell);
  const { default: Hls, ErrorTypes, Events } = await import("hls.js/light");
  if (!Hls.isSupported()) return native(video, url, tell, watch);
  // Fragmented MP4 is passed through untouched, so a worker would only copy it once more.
  const hls = new Hls({ ...(live ? LIVE : REPLAY), enableWorker: false });
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = () => {
    hls.loadSource(url);
    hls.startLoad(-1);
  };
  hls.on(Events.FRAG_BUFFERED, () => {
    tries = 0;
  });
  hls.on(Events.ERROR, (_event, error) => {
    if (!error.fatal) return;
    if (tries >= RETRY_MS.length) tell("lost");
    // The last pause is kept: a show may be away for minutes, and one request in eight seconds is cheap.
    const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 8_000;
    tries += 1;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (error.type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else load();
      video.play().catch(() => undefined);
    }, wait);
  });
  hls.attachMedia(video);
  load();
  return {
    delay: () => (live && Number.isFinite(hls.latency) && hls.latency > 0 ? hls.latency : null),
    stop: () => {
      clearTimeout(timer);
      watch();
      hls.destroy();
    },
  };
}

/** Safari without Media Source plays HLS by itself. */
function native(
  video: HTMLVideoElement,
  url: string,
  tell: (state: PlayerState) => void,
  unwatch: () => void,
): Player {
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = () => {
    if (tries >= RETRY_MS.length) tell("lost");
    const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 8_000;
    tries += 1;
    timer = setTimeout(() => {
      video.src = url;
      video.play().catch(() => undefined);
    }, wait);
  };
  video.addEventListener("error", again);
  video.src = url;
  return {
    delay: () => null,
    stop: () => {
      clearTimeout(timer);
      unwatch();
      video.removeEventListener("error", again);
      video.removeAttribute("src");
      video.load();
    },
  };
}

function watchStalls(video: HTMLVideoElement, tell: (state: PlayerState) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waiting = () => {
    clearTimeout(timer);
    timer = setTimeout(() => tell("stalled"), STALL_MS);
  };
  const playing = () => {
    clearTimeout(timer);
    tell("playing");
  };
  const moved = () => {
    if (!video.paused && !video.seeking) playing();
  };
  video.addEventListener("waiting", waiting);
  video.addEventListener("playing", playing);
  video.addEventListener("timeupdate", moved);
  waiting();
  return () => {
    clearTimeout(timer);
    video.removeEventListener("waiting", waiting);
    video.removeEventListener("playing", playing);
    video.removeEventListener("timeupdate", moved);
  };
}
