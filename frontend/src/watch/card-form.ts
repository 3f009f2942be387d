/** What any provider's card form is to the page; which one it is follows from the page's data. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Price } from "../boot";

/** Asks for a card: put into a place of the page, asked for a token that pays once, taken away. */
export interface CardForm {
  mount(place: HTMLElement): void;
  /** Throws a `Problem` that says what is wrong with what was entered. */
  token(): Promise<string>;
  destroy(): void;
}

/** What a form must know of the purchase, at any moment. */
export interface Purchase {
  amount: Price;
  /** The buyer asks us to keep the card. */
  keep: boolean;
  name: string;
  email: string;
  country: string;
  postcode: string;
}

export type MakeForm = (purchase: ReadonlySignal<Purchase>) => CardForm;

/** The form that stands on the page now. */
export const cardForm = signal<CardForm | null>(null);
