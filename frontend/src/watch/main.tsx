import { render } from "preact";
import { openRoom } from "../room/store";
import { App } from "./app";
import { recall, resume } from "./checkout";
import { page } from "./page";
import "./watch.css";

document.documentElement.classList.add("island");
openRoom(page.value);
// Without it the forms are empty, and one can still buy.
recall().catch(() => undefined);
void resume();
const root = document.getElementById("island") ?? document.body;
root.replaceChildren();
render(<App />, root);
