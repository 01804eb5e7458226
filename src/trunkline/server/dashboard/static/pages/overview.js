// The last hour at a glance.

import {Refused, get} from "../api.js";
import {card, el, mark, show, svg, table} from "../dom.js";
import {clock, count, day, dollars, many, percent, seconds} from "../format.js";
import {outcome} from "./calls.js";

export function overview(main, live) {
  const today = {cards: []};
  const draw = () => {
    const {hour, minutes, targets, since} = live.overview;
    const open = targets.filter((target) => target.why);
    show(main, el("h1", {}, "The last hour"),
      el("div", {class: "cards"},
        card("Calls", count(hour.calls), `${many(hour.attempts, "request")} to providers`),
        card("Answered", percent(hour.success), hour.errors ? `${count(hour.errors)} failed` : "none failed"),
        card("Time of an answer", seconds(hour.p50), `95 of 100 within ${seconds(hour.p95)}`),
        card("Cost", dollars(hour.cost_usd), hour.unknown_cost ? `and ${many(hour.unknown_cost, "call")} of unknown cost` : "every call priced"),
        card("Targets", count(targets.length - open.length), open.length ? `${count(open.length)} left alone now` : "all take calls")),
      el("h2", {}, "Calls a minute"),
      hour.calls ? bars(minutes) : el("p", {class: "empty"}, `No call has ended since ${day(since)}. Try one in the `,
        el("a", {href: "#/playground"}, "playground"), ", or point a client's base URL at this address."),
      today.cards.some(Boolean) ? [el("h2", {}, "Today and so far"), el("div", {class: "cards"}, today.cards)] : null,
      open.length ? [el("h2", {}, "Left alone"), table("Targets that get no calls now", [
        ["Target", (one) => one.target], ["Why", (one) => one.why],
        ["Again in", (one) => one.ready_in === null ? mark("bad", "not by itself") : seconds(one.ready_in), "number"],
      ], open, "")] : null,
      el("h2", {}, "Newest calls"),
      table("Newest first", [
        ["Ended", (one) => clock(one.at), "time"],
        ["Asked for", (one) => el("a", {id: `newest-${live.calls.indexOf(one)}`, href: `#/calls/${encodeURIComponent(one.id)}`}, one.asked)],
        ["Answered by", (one) => one.provider ? `${one.provider}/${one.model}` : "nobody"],
        ["Outcome", outcome],
        ["Time", (one) => seconds(one.seconds), "number"],
        ["Cost", (one) => el("span", {title: one.cost_usd}, dollars(one.cost_usd)), "number"],
      ], live.calls.slice(0, 12), "They appear here as they end."));
  };
  draw();
  let shown = true;
  slow(today).then(() => shown && draw()); // comes later: nobody waits for the ledger to see the last hour
  return {live: draw, close: () => { shown = false; }};
}

/** What does not change from second to second: today's money from the ledger, and what is believed of the answers. */
async function slow(today) {
  const [spent, believed] = await Promise.all([maybe("/admin/spend?since=today"), maybe("/admin/quality")]);
  const dearest = spent?.always_the_dearest;
  const models = (believed?.quality ?? []).filter((one) => one.cluster === "all");
  const best = models.length ? models.reduce((one, other) => (other.scored > one.scored ? other : one)) : null;
  today.cards = [
    spent ? card("Cost today", dollars(spent.total.cost_usd), `${many(spent.total.calls, "call")}, UTC`) : null,
    dearest ? saved(dearest) : null,
    best ? card("Quality", percent(best.quality), `${best.target}: ${percent(best.low)} to ${percent(best.high)}`) : null,
  ];
}

/** Against the dearest target always; less than nothing was saved where failed requests cost more than the choice won. */
function saved({saved_usd: amount, cost_usd: there, target}) {
  const lost = Number(amount) < 0;
  return card(lost ? "Paid on top today" : "Saved today", dollars(lost ? amount.slice(1) : amount), `always ${target}: ${dollars(there)}`);
}

/** What a door says; null where this house has nothing to say there. */
async function maybe(path) {
  try {
    return await get(path);
  } catch (error) {
    if (error instanceof Refused && [404, 409, 503].includes(error.status)) return null;
    throw error;
  }
}

function bars(minutes) {
  const last = Math.max(...minutes.map((one) => Date.parse(one.at))) / 60000;
  const most = Math.max(...minutes.map((one) => one.calls), 1);
  const columns = minutes.flatMap((one) => {
    const x = (59 - (last - Date.parse(one.at) / 60000)) * 10 + 1;
    const [bad, good] = [(one.errors / most) * 100, ((one.calls - one.errors) / most) * 100];
    return [svg("rect", {class: "ok", x, y: 100 - good - bad, width: 8, height: good}, svg("title", {}, `${clock(one.at)}: ${one.calls} calls`)),
      bad ? svg("rect", {class: "failed", x, y: 100 - bad, width: 8, height: bad}, svg("title", {}, `${clock(one.at)}: ${one.errors} failed`)) : null];
  });
  const total = minutes.reduce((sum, one) => sum + one.calls, 0);
  const label = `${many(total, "call")} in the last hour, at most ${count(most)} a minute`;
  return el("figure", {class: "card"},
    svg("svg", {class: "bars", viewBox: "0 0 600 101", preserveAspectRatio: "none", role: "img", "aria-label": label},
      columns, svg("line", {class: "axis", x1: 0, x2: 600, y1: 100.5, y2: 100.5})),
    el("figcaption", {class: "note"}, `${label}. Failed ones in red, at the foot.`));
}
