// What is believed of each model's answers, how sure that is, and which models are not what they were.

import {Refused, get} from "../api.js";
import {card, el, interval, mark, show, table} from "../dom.js";
import {count, day, dollars, percent} from "../format.js";

export function quality(main) {
  return {ready: draw(main)};
}

async function draw(main) {
  let told;
  try {
    told = await get("/admin/quality");
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    return show(main, el("h1", {}, "Quality"), el("p", {class: "empty"},
      "This house does not look at its answers. Write quality: {} in the config to have every answer checked, ",
      "and name judges to have a sample judged."));
  }
  const {counts, cost, falls} = told;
  const served = cost.judged_traffic_nanos;
  const whole = told.quality.filter((one) => one.cluster === "all");
  const kinds = told.quality.filter((one) => one.cluster !== "all");
  const fates = Object.entries(counts).filter(([name]) => !["answers", "judged"].includes(name));
  show(main, el("h1", {}, "Quality"),
    el("div", {class: "cards"},
      card("Answers looked at", count(counts.answers ?? 0), told.rubric ? `by the rubric ${told.rubric}` : null),
      card("Judged", count(counts.judged ?? 0), told.judges.length ? `by ${told.judges.join(", ")}` : "no judge is named: set quality.judges"),
      card("Judging costs", dollars(String(cost.judging_nanos / 1e9)),
        served ? `${percent(cost.judging_nanos / served)} of what the answers cost, lately` : "lately"),
      card("Judges agree", told.agreement === null || told.agreement === undefined ? "–" : percent(told.agreement), "where several judge one answer"),
      card("Changes", count(falls.length), falls.length ? "models are not what they were" : "no model has changed")),
    el("h2", {}, "Models"),
    table("Expected quality of an answer, and where it is with 95 of 100", columns(false), whole,
      "Nothing is believed yet. It appears when answers are checked, judged, or scored by users at /v1/feedback."),
    kinds.length ? [el("h2", {}, "By kind of prompt"), table("The same for each kind of prompt", columns(true), kinds, "")] : null,
    el("h2", {}, "Changes"),
    table("Models that seem not to be what they were, the newest last", [
      ["Seen", (one) => day(one.at)], ["Model", (one) => one.target], ["Told by", (one) => one.signal], ["What", (one) => one.alarm],
    ], falls, "No model has changed since this process started."),
    fates.length ? [el("h2", {}, "What became of answers"), table("Counted since the process started", [
      ["Fate", ([name]) => name.replaceAll("_", " ")], ["Answers", ([, number]) => count(number), "number"],
    ], fates, "")] : null);
}

function columns(kind) {
  return [
    ["Model", (one) => one.target],
    ...(kind ? [["Prompts", (one) => one.cluster.replaceAll("_", " ")]] : []),
    ["Quality", (one) => percent(one.quality), "number"],
    ["0 to 100 %", (one) => interval(one.low, one.quality, one.high, `${percent(one.low)} to ${percent(one.high)}`)],
    ["95 of 100 between", (one) => `${percent(one.low)} and ${percent(one.high)}`, "number"],
    ["Scores behind it", (one) => one.scored < 10 ? one.scored.toFixed(1) : count(one.scored), "number"],
    ["", (one) => one.high - one.low > 0.3 ? mark("warn", "hardly known") : ""],
  ];
}
