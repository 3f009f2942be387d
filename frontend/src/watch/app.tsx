import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Picture } from "../parts/picture";
import { Toasts } from "../parts/toasts";
import * as held from "../room/basket";
import { link, room, spoken } from "../room/store";
import { money, t } from "../text";
import { BasketButton } from "./basket-button";
import { BasketView } from "./basket-view";
import { Chat } from "./chat";
import { DealCard } from "./deal";
import { PaidFirst } from "./first-paid";
import { FirstTime, firstTime } from "./first-time";
import { LastMinute } from "./keep-longer";
import {
  desktop,
  muted,
  page,
  picture,
  position,
  priceOf,
  renew,
  scene,
  shown,
  view,
} from "./page";
import { Pinned } from "./pinned";
import { FloatingHearts, Rail, SoundWord } from "./rail";
import { Replay, video } from "./replay";
import { Sheet } from "./sheet";
import { Shop } from "./shop";
import { Top } from "./top";
import { Cancelled, Upcoming } from "./upcoming";

/** Whole screen on a phone; picture between run sheet and chat on a desktop. */
export function App() {
  useEffect(watchScene, []);
  const now = scene.value;
  return (
    <div class={`watch is-${now}`}>
      {desktop.value && (
        <aside class="left" aria-label={t("Products")}>
          <a class="brand" href={`/${page.value.market.code.toLowerCase()}/`}>
            panier
          </a>
          <h1 class="left-title">{page.value.show.title}</h1>
          <Shop />
        </aside>
      )}
      <div class="stage">
        <Screen />
        <div class="scrim" aria-hidden="true" />
        <Top />
        {now === "upcoming" && <Upcoming />}
        {now === "cancelled" && <Cancelled />}
        {(now === "live" || now === "replay") && <Rail />}
        {now === "live" && <FloatingHearts />}
        <div class="low">
          {now === "live" && <DealCard />}
          {(now === "live" || now === "replay") && <Pinned />}
          <FirstTime />
          {now === "replay" && <Replay />}
          {now === "live" && !desktop.value && !firstTime.value && <Chat />}
        </div>
        {!desktop.value && now !== "cancelled" && <BasketButton />}
      </div>
      {desktop.value && (
        <aside class="right" aria-label={t("Chat and basket")}>
          <Chat />
          <section class="side-basket" aria-label={t("Basket")}>
            <BasketView />
          </section>
        </aside>
      )}
      {view.value && <Sheet />}
      <LastMinute />
      <PaidFirst />
      <Toasts />
      <p class="aside-only" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </div>
  );
}

function Screen() {
  const { video: urls, show } = page.value;
  const now = scene.value;
  const url = now === "live" ? urls.live : now === "replay" ? urls.replay : null;
  return (
    <>
      <Picture
        url={url}
        live={now === "live"}
        poster={show.poster}
        muted={muted}
        state={picture}
        onReady={(element) => {
          video.value = element;
          element.ontimeupdate = () => {
            position.value = element.currentTime;
          };
        }}
      />
      <PictureWord />
    </>
  );
}

/** What is to be said about the picture, if anything. */
function PictureWord() {
  const now = scene.value;
  const { video: urls } = page.value;
  let word: string | null = null;
  if (now === "live") {
    const gone = room.value.picture === "lost" || picture.value === "lost" || !urls.live;
    if (gone || picture.value === "stalled") word = t("The picture is coming back");
  } else if (now === "replay" && !urls.replay) {
    word = t("The live has ended. Its replay will be here in a moment.");
  } else if (now === "replay" && picture.value === "lost") {
    word = t("The replay cannot be reached just now.");
  }
  const offline = link.value === "lost";
  return (
    <div class="picture-words" role="status">
      {!word && (now === "live" || now === "replay") && <SoundWord />}
      {word && <p class="picture-word">{word}</p>}
      {offline && (
        <p class="picture-word small">{t("Reconnecting. Your basket stays as it is.")}</p>
      )}
    </div>
  );
}

/** Going live and ending bring new addresses; a pin is told to those who do not see it. */
function watchScene(): () => void {
  const stops = [
    effect(() => {
      const now = scene.value;
      const { live, replay } = page.peek().video;
      if (now === "live" && !live) void renew((boot) => boot.video.live !== null);
      if (now === "replay" && !replay) void renew((boot) => boot.video.replay !== null);
    }),
    effect(() => {
      const product = shown.value;
      const price = product && priceOf(product);
      if (product && price) {
        spoken.value = t("Shown now: %(title)s, %(price)s", {
          title: product.title,
          price: money(price.price),
        });
      }
    }),
    effect(() => {
      if (held.landed.value > 0) spoken.value = held.spoken();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
