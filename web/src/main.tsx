import { render } from "preact";
import "./style/index.css";
import { open } from "./api/stream";
import { App } from "./app";
import * as clock from "./state/clock";
import * as keys from "./state/keys";
import * as live from "./state/live";
import * as session from "./state/session";
import * as watching from "./state/watch";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);

clock.start();
keys.start();
live.start();
watching.start();
session.start();
open();
