import { Minus, Plus, Trash2 } from "lucide";
import { Fragment } from "preact";
import type { Card, Price } from "../boot";
import { Icon } from "../parts/icon";
import { add, type Basket, basket, type Line, moving, remove, sends } from "../room/basket";
import { word } from "../room/going";
import { mostWord } from "../room/most";
import { clock, variantStock } from "../room/store";
import { isUnheld } from "../room/unheld";
import { countryName, duration, money, second, t } from "../text";
import {
  address,
  addressReady,
  busy,
  pay,
  proceed,
  savedCard,
  trouble,
  useSaved,
} from "./checkout";
import { FirstPaidWord, isFirstPaid, shortOf, unheldWord } from "./first-paid";
import { KeepLonger } from "./keep-longer";
import { desktop, page, products, view } from "./page";
import { VoucherField } from "./voucher";

/** What is held, for how long, and the way to pay. */
export function BasketView() {
  const held = basket.value;
  if (!held) return <p class="sheet-body sheet-empty">{t("One moment…")}</p>;
  if (held.lines.length === 0) return <Empty />;
  return (
    <>
      <div class="sheet-body">
        {desktop.value && <h2 class="side-title">{t("Basket")}</h2>}
        <KeepLonger />
        <ul class="basket-lines">
          {held.lines.map((line) => (
            <BasketLine key={line.variant} line={line} />
          ))}
        </ul>
        <Sums />
        <VoucherField />
      </div>
      <div class="sheet-end">
        <Pay />
      </div>
    </>
  );
}

function Empty() {
  return (
    <div class="sheet-body sheet-empty">
      <p>
        <strong>{t("Your basket is empty")}</strong>
      </p>
      {isFirstPaid() ? (
        <FirstPaidWord />
      ) : (
        <p>{t("What you add is held for you for a few minutes.")}</p>
      )}
      {!desktop.value && (
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            view.value = { at: "shop" };
          }}
        >
          {t("See the products")}
        </button>
      )}
    </div>
  );
}

function BasketLine({ line }: { line: Line }) {
  const left = (line.expires_at - clock.value) / 1000;
  const variant = products.value.get(line.product)?.variants.find((one) => one.id === line.variant);
  // What is not set aside is still among what is left.
  const there = variant === undefined || variantStock(variant) > line.unheld;
  const more = there && line.more !== 0;
  const locked = moving.value.has(line.variant);
  return (
    <li class="basket-line">
      {line.image ? (
        <img class="thumb" src={line.image} alt="" width={64} height={64} />
      ) : (
        <span class="thumb" aria-hidden="true">
          {line.title.charAt(0)}
        </span>
      )}
      <div class="basket-words">
        <span class="pinned-title">{line.title}</span>
        {line.variant_title && <span class="quiet small">{line.variant_title}</span>}
        {line.most && <span class="quiet small">{mostWord(line.most)}</span>}
        {line.sent === false && <span class="quiet small">{line.place || t("Online")}</span>}
        {line.exemption && <span class="quiet small">{line.exemption}</span>}
        {!isUnheld(line) && (
          <span class={`hold small number ${left < 60 ? "soon" : ""}`}>
            {left <= 0
              ? t("It is no longer held for you")
              : line.offered
                ? t("Yours until %(time)s – %(left)s left", {
                    time: second(line.expires_at),
                    left: duration(left),
                  })
                : t("Held for %(time)s", { time: duration(left) })}
          </span>
        )}
        {line.unheld > 0 && (
          <span class={`hold small number ${shortOf(line) === null ? "" : "soon"}`}>
            {unheldWord(line)}
          </span>
        )}
      </div>
      <div class="basket-end">
        <data class="money" value={line.total.minor}>
          {money(line.total)}
        </data>
        {line.total.minor < line.list.minor && (
          <span class="quiet small number">{off(line.list.minor - line.total.minor, line)}</span>
        )}
        <div class="stepper">
          <button
            type="button"
            aria-label={
              line.quantity === 1
                ? t("Remove %(title)s", { title: line.title })
                : t("One %(title)s less", { title: line.title })
            }
            aria-disabled={locked}
            onClick={() => void remove(line.variant)}
          >
            <Icon node={line.quantity === 1 ? Trash2 : Minus} size={18} />
          </button>
          <span class="number" aria-live="polite">
            {line.quantity}
          </span>
          <button
            type="button"
            aria-label={t("One %(title)s more", { title: line.title })}
            aria-disabled={locked}
            disabled={!more}
            onClick={() => void add(line.variant)}
          >
            <Icon node={Plus} size={18} />
          </button>
        </div>
      </div>
    </li>
  );
}

function off(minor: number, of: { total: Price }): string {
  return `−${money({ minor, currency: of.total.currency })}`;
}

/** "Delivery", and to where if that is not the market's own country. */
function deliveryTo(held: Basket): string {
  if (held.country === held.countries[0]) return t("Delivery");
  return t("Delivery to %(country)s", { country: countryName(held.country) });
}

/** Goods, reductions, delivery, total, the tax within. */
export function Sums() {
  const held = basket.value;
  if (!held) return null;
  const codes = held.vouchers.filter((voucher) => voucher.problem === null);
  const byCode = codes.reduce((sum, one) => sum + (one.shipping ? 0 : one.off.minor), 0);
  const byDeal = held.list.minor - held.goods.minor - byCode;
  return (
    <dl class="sums number">
      <dt>{t("Goods")}</dt>
      <dd>{money(held.list)}</dd>
      {byDeal > 0 && (
        <>
          <dt>{t("Deal")}</dt>
          <dd>{off(byDeal, held)}</dd>
        </>
      )}
      {codes.map((voucher) => (
        <Fragment key={voucher.code}>
          <dt>{t("Voucher %(code)s", { code: voucher.code })}</dt>
          <dd>{voucher.shipping ? t("free delivery") : off(voucher.off.minor, held)}</dd>
        </Fragment>
      ))}
      {sends.value && (
        <>
          <dt>{deliveryTo(held)}</dt>
          <dd>{held.shipping.minor === 0 ? t("free") : money(held.shipping)}</dd>
          <Notes />
        </>
      )}
      <dt class="sum">{t("Total")}</dt>
      <dd class="sum">{money(held.total)}</dd>
      <dt class="quiet small">{held.reverse_charge ? t("VAT") : t("of which VAT")}</dt>
      <dd class="quiet small">{held.reverse_charge ? t("none is charged") : money(held.vat)}</dd>
    </dl>
  );
}

/** What is to say of the parcels and of where they go. */
function Notes() {
  const held = basket.value;
  if (!held) return null;
  const words = held.parcels.map((one) => word(one, held.parcels.length > 1));
  return (
    <>
      {words.filter(Boolean).map((text) => (
        <dd key={text} class="sums-note small">
          {text}
        </dd>
      ))}
      {held.refused && <dd class="sums-note error">{held.refused}</dd>}
    </>
  );
}

/** "Visa •••• 4242" */
export function CardName({ card }: { card: Card }) {
  const brand = card.brand.charAt(0).toUpperCase() + card.brand.slice(1);
  return <span class="nowrap">{card.last4 ? `${brand} •••• ${card.last4}` : brand}</span>;
}

/** For somebody known with an address and a card, the third tap pays. */
function Pay() {
  const held = basket.value;
  if (!held) return null;
  const saved = savedCard.value;
  const express = saved !== null && useSaved.value && addressReady.value;
  const pays = t("Pay %(amount)s", { amount: money(held.total) });
  if (!express) {
    return (
      <>
        {page.value.person === null && (
          <p class="quiet small">
            {t("No account needed.")} <a href={page.value.urls.sign_in}>{t("Sign in")}</a>
          </p>
        )}
        <button type="button" class="button-buy wide" onClick={proceed}>
          {t("Check out")} · {money(held.total)}
        </button>
      </>
    );
  }
  return (
    <>
      {trouble.value && (
        <p class="error" role="alert">
          {trouble.value.message}
        </p>
      )}
      <p class="express small">
        <span>
          {t("To %(line)s, %(city)s", { line: address.value.line1, city: address.value.city })}
          {" · "}
          <CardName card={saved} />
        </span>
        <button
          type="button"
          class="button-link"
          onClick={() => {
            view.value = { at: "address" };
          }}
        >
          {t("Change")}
        </button>
      </p>
      <button
        type="button"
        class="button-buy wide"
        aria-busy={busy.value}
        disabled={busy.value}
        onClick={() => void pay()}
      >
        {busy.value ? t("Paying…") : pays}
      </button>
    </>
  );
}
