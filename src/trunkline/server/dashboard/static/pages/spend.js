// Where the money went, from the ledger.

import {get} from "../api.js";
import {card, el, meter, show, table} from "../dom.js";
import {count, dollars, many} from "../format.js";

const BY = ["model", "provider", "key", "team", "tag", "day"];
const SINCE = [["today", "today"], ["24h", "the last 24 hours"], ["7d", "the last 7 days"], ["month", "this month"], ["30d", "the last 30 days"]];

export function spend(main) {
  const place = el("div");
  const by = el("select", {id: "by"}, BY.map((each) => el("option", {}, each)));
  const since = el("select", {id: "since"}, SINCE.map(([value, word]) => el("option", {value, selected: value === "7d"}, word)));
  const look = async () => draw(place, by.value, await get(`/admin/spend?by=${by.value}&since=${since.value}`));
  by.addEventListener("change", look);
  since.addEventListener("change", look);
  show(main, el("h1", {}, "Spend"), el("form", {}, el("label", {}, "By", by), el("label", {}, "Over", since)), place);
  return {ready: look()};
}

function draw(place, by, found) {
  const {total} = found;
  const lines = by === "day" ? found.lines : found.lines.toSorted((one, other) => other.cost_usd - one.cost_usd);
  const most = Math.max(...lines.map((line) => Number(line.cost_usd)), 0);
  const elsewhere = [["Always the dearest", found.always_the_dearest], ["Always the default", found.always_the_default]].filter(([, one]) => one);
  show(place,
    el("div", {class: "cards"},
      card("Spent", dollars(total.cost_usd), `${many(total.calls, "call")}, ${many(total.attempts, "request")}`),
      Number(total.wasted_usd) ? card("On failed requests", dollars(total.wasted_usd), `${count(total.failed)} failed`) : null,
      total.unknown ? card("Not known", count(total.unknown), `requests; at most ${dollars(total.unknown_at_most_usd)}`) : null,
      elsewhere.map(([name, one]) => card(name, dollars(one.cost_usd), `${one.target}: ${saved(one.saved_usd)}`))),
    el("h2", {}, `By ${by}`),
    table(by === "day" ? "Day by day" : "Dearest first", [
      [by[0].toUpperCase() + by.slice(1), (line) => line.group || "none"],
      ["Cost", (line) => el("span", {title: line.cost_usd}, dollars(line.cost_usd)), "number"],
      ["Share", (line) => most ? meter(Number(line.cost_usd) / most, `${dollars(line.cost_usd)} of ${dollars(total.cost_usd)}`) : ""],
      ["Calls", (line) => count(line.calls), "number"],
      ["A call", (line) => line.average_usd === null ? "–" : dollars(line.average_usd), "number"],
      ["Tokens in", (line) => count(line.input_tokens), "number"],
      ["Tokens out", (line) => count(line.output_tokens), "number"],
    ], lines, ["Nothing was spent in this time. Choose a longer one above, or try a call in the ", el("a", {href: "#/playground"}, "playground"), "."]));
}

function saved(text) {
  return Number(text) >= 0 ? `${dollars(text)} saved` : `${dollars(String(-Number(text)))} paid on top`;
}
