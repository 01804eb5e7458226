// The frame: which page is shown, the key, and the live stream that all pages share.

import {Refused, events, get, key, remember} from "./api.js";
import {el, show} from "./dom.js";
import {count} from "./format.js";
import {budgets} from "./pages/budgets.js";
import {call, calls} from "./pages/calls.js";
import {decision, decisions} from "./pages/decisions.js";
import {keys} from "./pages/keys.js";
import {overview} from "./pages/overview.js";
import {playground} from "./pages/playground.js";
import {providers} from "./pages/providers.js";
import {quality} from "./pages/quality.js";
import {spend} from "./pages/spend.js";

const PAGES = {overview, providers, calls, decisions, quality, spend, budgets, keys, playground};
const ONE = {calls: call, decisions: decision}; // pages of one thing
const AGAIN = 2000; // milliseconds until a lost stream is asked for again

const main = document.getElementById("main");
const status = document.getElementById("status");
const live = {overview: null, calls: []}; // what every page may show
let page = null;

function named() {
  const [name, ...rest] = location.hash.slice(2).split("/");
  return {name: name || "overview", rest: decodeURIComponent(rest.join("/"))};
}

function navigation() {
  const {name} = named();
  const links = Object.keys(PAGES).map((each) =>
    el("a", {href: `#/${each}`, "aria-current": each === name ? "page" : null}, each[0].toUpperCase() + each.slice(1)));
  show(document.getElementById("pages"), links);
}

async function open() {
  navigation();
  page?.close?.();
  const {name, rest} = named();
  try {
    live.overview = await get("/admin/overview");
    if (!live.calls.length) live.calls = (await get("/admin/calls?limit=50")).calls;
    page = rest && ONE[name] ? ONE[name](main, live, rest) : (PAGES[name] ?? overview)(main, live);
    await page.ready;
    document.title = `trunkline: ${name}`;
  } catch (error) {
    failed(error);
  }
}

export function failed(error) {
  if (error instanceof Refused && (error.status === 401 || error.status === 403)) return ask(error.message);
  show(main, el("h1", {}, "This page could not be read"), el("p", {class: "error", role: "alert"}, error.message));
}

function ask(told) {
  const field = el("input", {type: "password", id: "admin-key", autocomplete: "off", required: true, size: 40});
  const entered = (event) => {
    event.preventDefault();
    remember(field.value.trim());
    open();
    listen();
  };
  show(main, el("h1", {}, "Whose house is this?"),
    el("p", {}, "The figures are for its operator: enter the admin_key of the config. It stays in this tab."),
    key() ? el("p", {class: "error", role: "alert"}, told) : null,
    el("form", {submit: entered}, el("label", {}, "Admin key", field), el("button", {}, "Open")));
  field.focus();
}

let listening = null;

async function listen() {
  listening?.abort();
  const mine = (listening = new AbortController());
  try {
    await events("/admin/events", hear, mine.signal);
  } catch (error) {
    if (error instanceof Refused && error.status < 500) return;
  }
  if (mine.signal.aborted) return;
  say("not connected; trying again", true);
  setTimeout(listen, AGAIN);
}

/** Only a change is written: a screen reader says each writing aloud. */
function say(text, off) {
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle("off", off);
}

function hear(name, data) {
  const told = JSON.parse(data);
  if (name === "call") {
    if (live.calls.some((one) => one.id === told.id && one.at === told.at)) return; // read before it was told
    live.calls.unshift(told);
    live.calls.length = Math.min(live.calls.length, 200);
    return;
  }
  live.overview = told;
  say(told.status, told.status !== "ok");
  document.getElementById("counts").textContent = `· ${count(told.calls_open)} open · version ${told.version}`;
  page?.live?.();
}

addEventListener("hashchange", () => open().then(() => {
  main.focus({preventScroll: true});
  scrollTo(0, 0); // with the pages in sight
}));
addEventListener("unhandledrejection", (event) => failed(event.reason));
open();
listen();
