/** A room without a server, for working on looks: `/dev/watch.html?scene=live&person=1`. Never shipped. */

import "./answers";
import "./socket";
import { boot } from "./boot";
import { asked } from "./scene";

const data = document.createElement("script");
data.type = "application/json";
data.id = "boot";
data.textContent = JSON.stringify(boot);
document.head.append(data);
if (!asked.has("first")) localStorage.setItem("panier.first-time", "1");
else localStorage.removeItem("panier.first-time");
