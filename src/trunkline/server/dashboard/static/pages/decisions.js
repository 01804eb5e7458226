// Why calls went where they went: every candidate with what was expected of it, and what another would have cost.

import {get} from "../api.js";
import {card, el, mark, show, table} from "../dom.js";
import {clock, dollars, many, percent, seconds} from "../format.js";

export function decisions(main) {
  const found = el("div");
  const field = el("input", {id: "search", type: "search", size: 30, placeholder: "id, route, strategy, target"});
  let rows = [];
  const draw = () => {
    const word = field.value.toLowerCase();
    const shown = rows.filter((one) => [one.id, one.route, one.strategy, one.target, one.answered ?? ""].join(" ").toLowerCase().includes(word));
    show(found, table("Newest first, of the last 1,000", [
      ["Ended", (one) => clock(one.at), "time"],
      ["Call", (one) => el("a", {href: link(one.id), class: "mono"}, one.id)],
      ["Route", (one) => one.route],
      ["Strategy", (one) => one.strategy.replaceAll("_", " ")],
      ["First choice", (one) => one.target],
      ["Chance of it", (one) => percent(one.propensity), "number"],
      ["Answered by", (one) => one.error ? mark("bad", one.error) : one.answered ?? "nobody"],
      ["Cost", (one) => el("span", {title: one.cost_usd}, dollars(one.cost_usd)), "number"],
    ], shown, word ? "No decision matches. Search by id, route, strategy or target." :
      "Nothing was decided yet. A route decides where its strategy is set in the config, as in: strategy: cost_optimized."));
  };
  const look = async () => {
    rows = (await get("/admin/decisions?details=true")).newest;
    draw();
  };
  field.addEventListener("input", draw);
  show(main, el("h1", {}, "Decisions"), el("form", {role: "search", submit: (event) => event.preventDefault()}, el("label", {}, "Search", field)), found);
  return {ready: look()};
}

export const link = (id) => `#/decisions/${encodeURIComponent(id)}`;

export function decision(main, _, id) {
  return {ready: told(main, id)};
}

async function told(main, id) {
  const one = await get(`/admin/decisions/${encodeURIComponent(id)}`);
  show(main, el("p", {}, el("a", {href: "#/decisions"}, "All decisions"), " · ",
    el("a", {href: `#/calls/${encodeURIComponent(one.id)}`}, "the call's story")), explained(one, 1));
}

/** One decision, for its own page and for the story of its call. */
export function explained(one, level) {
  const {result} = one;
  return [
    el(`h${level}`, {}, "Decided by ", one.strategy.replaceAll("_", " "), " on ", one.route),
    el("div", {class: "cards"},
      card("First choice", one.target, `had a chance of ${percent(one.propensity)}`),
      card("Answered", result.target ?? "nobody", result.error ?? result.trail),
      card("Cost", dollars(result.cost_usd), saved(one)),
      card("The prompt", many(one.complexity.tokens, "token"), `complexity ${one.complexity.score}`)),
    table("Candidates, in the order in which they would be asked", [
      ["", (each) => each.rank, "number"],
      ["Target", (each) => each.target],
      ["Expected quality (95 of 100)", (each) => `${percent(each.quality.mean)} (${percent(each.quality.low)} to ${percent(each.quality.high)})`, "number"],
      ["Known from", (each) => each.quality_from],
      ["Expected cost", (each) => el("span", {title: each.cost_usd}, dollars(each.cost_usd)), "number"],
      ["Would have cost", (each) => el("span", {title: each.would_have_cost_usd}, dollars(each.would_have_cost_usd)), "number"],
      ["First content", (each) => seconds(each.latency_seconds), "number"],
      ["Score", (each) => score(each.score), "number"],
      ["Chance", (each) => percent(each.propensity), "number"],
    ], one.candidates, ""),
    one.excluded.length ? table("Left out", [
      ["Target", (each) => each.target], ["Why", (each) => each.reason],
      ["", (each) => each.waits ? mark("warn", "for now") : mark("bad", "cannot do it")],
    ], one.excluded, "") : null,
    one.probes.length ? el("p", {}, `Asked before, to see whether they agree: ${one.probes.join(", ")}.`) : null,
    one.note ? el("p", {class: "note"}, one.note) : null,
  ];
}

function score(value) {
  return typeof value === "number" ? value.toPrecision(3) : "–";
}

/** Against the dearest candidate, for the tokens that were really used. */
function saved(one) {
  const known = one.candidates.map((each) => each.would_have_cost_usd).filter((cost) => cost !== null && cost !== undefined).map(Number);
  if (!known.length || one.result.cost_usd === null) return null;
  const difference = Math.max(...known) - Number(one.result.cost_usd);
  return difference > 0 ? `the dearest would have been ${dollars(String(difference))} more` : "no candidate would have been dearer";
}
