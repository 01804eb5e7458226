// The last calls, and one call's whole story.

import {get} from "../api.js";
import {el, mark, show, table} from "../dom.js";
import {clock, count, day, dollars, plain, seconds} from "../format.js";
import {explained, link} from "./decisions.js";

export function outcome(one) {
  if (one.outcome === "ok") return mark("good", "ok");
  return one.outcome === "abandoned" ? mark("warn", "caller left") : mark("bad", plain(one.error ?? "error"));
}

/** Enough of an id to tell it from its neighbours; the whole one is in the title and on its own page. */
const short = (id) => id.length > 16 ? `${id.slice(0, 15)}…` : id;

export function calls(main) {
  const found = el("div");
  const field = el("input", {id: "search", type: "search", size: 30, placeholder: "id, caller, model, error"});
  const look = async (event) => {
    event?.preventDefault();
    const {calls: rows} = await get(`/admin/calls?limit=100&search=${encodeURIComponent(field.value)}`);
    show(found, table("Newest first, of the last 1,000", [
      ["Ended", (one) => clock(one.at), "time"],
      ["Call", (one) => el("a", {href: `#/calls/${encodeURIComponent(one.id)}`, class: "mono", title: one.id}, short(one.id)), "time"],
      ["Caller", (one) => one.caller],
      ["Asked for", (one) => one.asked],
      ["Answered by", (one) => one.provider ? `${one.provider}/${one.model}` : "nobody"],
      ["Outcome", outcome],
      ["Requests", (one) => count(one.attempts), "number"],
      ["Time", (one) => seconds(one.seconds), "number"],
      ["Cost", (one) => el("span", {title: one.cost_usd}, dollars(one.cost_usd)), "number"],
    ], rows, field.value ? "No call matches. Search by id, caller, model, provider or kind of error." : [
      "No call has ended yet. Try one in the ", el("a", {href: "#/playground"}, "playground"),
      ", or point a client's base URL at this address."]));
  };
  show(main, el("h1", {}, "Calls"),
    el("form", {role: "search", submit: look}, el("label", {}, "Search", field), el("button", {}, "Find")), found);
  return {ready: look()};
}

export function call(main, _, id) {
  return {ready: story(main, id)};
}

async function story(main, id) {
  const one = await get(`/admin/calls/${encodeURIComponent(id)}`);
  const decided = one.decision ? await get(`/admin/decisions/${encodeURIComponent(id)}`).catch(() => null) : null;
  const facts = [
    ["Ended", day(one.at)], ["Caller", one.caller], ["Asked for", one.asked],
    ["Answered by", one.provider ? `${one.provider}/${one.model}` : "nobody"], ["Outcome", outcome(one)],
    ["Time", `${seconds(one.seconds)}, first content after ${seconds(one.first_content_seconds)}`],
    ["Tokens", `${count(one.input_tokens)} in, ${count(one.output_tokens)} out (${one.usage_source})`],
    ["Cost", one.cost_usd === null ? "unknown" : `$${one.cost_usd}`],
    ...(one.decision ? [["Why there", decided ? el("a", {href: link(one.id)}, `chosen by the strategy ${plain(decided.strategy)}`) : one.decision]] : []),
    ["Trace", el("code", {}, one.trace)],
  ];
  show(main, el("p", {}, el("a", {href: "#/calls"}, "All calls")), el("h1", {}, "Call ", el("code", {}, one.id)),
    el("dl", {class: "card facts"}, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("h2", {}, "Requests to providers"),
    table("In the order in which they were made", [
      ["Target", (each) => each.purpose ? `${each.target} (${each.purpose})` : each.target],
      ["Began after", (each) => seconds(each.began), "number"],
      ["Took", (each) => seconds(each.seconds), "number"],
      ["First content", (each) => seconds(each.first_content_seconds), "number"],
      ["Outcome", (each) => mark(each.outcome === "ok" ? "good" : "bad", plain(each.outcome))],
      ["Status", (each) => each.status ?? "–", "number"],
      ["Cost", (each) => el("span", {title: each.cost_usd}, dollars(each.cost_usd)), "number"],
    ], one.tried, "No provider was asked."),
    one.passed.length ? [el("h2", {}, "Passed over"), el("ul", {}, one.passed.map((each) => el("li", {}, each)))] : null,
    one.quality ? seen(one.quality) : null,
    decided ? explained(decided, 2) : null);
}

/** What programs, judges and users make of the answer. */
function seen(quality) {
  const found = quality.found.map((each) =>
    el("li", {}, mark(each.spoiled ? "bad" : "warn", plain(each.check)), each.told ? ` ${each.told}` : ""));
  const nothing = quality.looked_at ? "Checks saw nothing wrong in it." : "Nobody has looked at it, or it is too long ago.";
  return [el("h2", {}, "The answer's quality"),
    found.length ? el("ul", {}, found) : el("p", {}, nothing),
    quality.scores.length ? table("Scores of it, the oldest first", [
      ["At", (each) => day(new Date(each.at).toISOString()), "time"],
      ["From", (each) => plain(each.source)],
      ["By", (each) => each.by],
      ["Score", (each) => each.score === null ? "unjudged" : each.score.toFixed(2), "number"],
      ["Weight", (each) => each.weight.toFixed(2), "number"],
      ["Said", (each) => [each.label, each.comment].filter(Boolean).join(": ")],
    ], quality.scores) : null];
}
