import { render } from "preact";
import { openRoom } from "../room/store";
import { App } from "./app";
import { page } from "./page";
import "./watch.css";

document.documentElement.classList.add("island");
openRoom(page.value);
const root = document.getElementById("island") ?? document.body;
root.replaceChildren();
render(<App />, root);
