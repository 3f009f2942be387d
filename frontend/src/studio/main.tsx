import { render } from "preact";
import { openRoom } from "../room/store";
import { App } from "./app";
import { desk } from "./desk";
import "./studio.css";

document.documentElement.classList.add("island");
openRoom(desk.value);
const root = document.getElementById("island") ?? document.body;
root.replaceChildren();
render(<App />, root);
