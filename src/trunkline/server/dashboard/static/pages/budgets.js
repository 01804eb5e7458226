// How much of each budget is used.

import {get} from "../api.js";
import {el, mark, meter, show, table} from "../dom.js";
import {day, dollars, percent} from "../format.js";

export function budgets(main, live) {
  let seen = live.overview.calls_ended;
  let drawing = null;
  const look = () => { // as calls end, and one look at a time
    if (drawing || seen === live.overview.calls_ended) return;
    seen = live.overview.calls_ended;
    drawing = draw(main).finally(() => { drawing = null; });
  };
  return {ready: draw(main), live: look};
}

async function draw(main) {
  const {budgets: rows} = await get("/admin/budgets");
  show(main, el("h1", {}, "Budgets"),
    table("Spent and held, in the window that runs now", [
      ["Budget", (one) => one.budget],
      ["Of", (one) => one.subject || "everybody"],
      ["Used", (one) => meter(used(one), percent(used(one)), used(one) >= 0.95 ? "bad" : used(one) >= 0.8 ? "warn" : "")],
      ["", (one) => percent(used(one)), "number"],
      ["Spent", (one) => dollars(one.spent_usd), "number"],
      ["Held", (one) => dollars(one.held_usd), "number"],
      ["By its end", forecast, "number"],
      ["Limit", (one) => dollars(one.limit_usd), "number"],
      ["At the limit", limit],
      ["Begins anew", (one) => day(one.ends_ms)],
    ], rows, ["No budget is set. Write one under budgets in the config (its name, limit, window, and whose calls it counts), or give a ",
      el("a", {href: "#/keys"}, "key"), " dollars a month."]));
}

/** What happens there; whether it is reached now. */
function limit(one) {
  const reached = used(one) >= 1;
  if (one.hard) return reached ? mark("bad", "reached: calls are refused") : "calls are refused";
  return reached ? mark("warn", "reached: warned only") : "a warning";
}

const TREND = 0.05; // of a window: before so much of it has passed, a few dear calls are no trend

/** What would be spent by the window's end, at the rate so far. */
function forecast(one) {
  const passed = (Date.now() - one.begins_ms) / (one.ends_ms - one.begins_ms);
  if (!(passed >= TREND)) return "too early";
  const [spent, limit] = [Number(one.spent_usd) / Math.min(passed, 1), Number(one.limit_usd)];
  return spent > limit ? mark("warn", dollars(String(spent))) : dollars(String(spent));
}

function used(one) {
  const limit = Number(one.limit_usd);
  return limit ? (Number(one.spent_usd) + Number(one.held_usd)) / limit : 1;
}
