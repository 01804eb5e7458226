// Each target: whether it takes calls, why not, until when, and what it is given at once.

import {el, mark, show, table} from "../dom.js";
import {count, percent, seconds} from "../format.js";

const WORDS = {closed: "closed: takes calls", open: "open: takes none", half_open: "half-open: on trial", disabled: "switched off",
  forced_open: "open by hand: takes none"};

export function providers(main, live) {
  const draw = () => {
    const {targets} = live.overview;
    show(main, el("h1", {}, "Providers"),
      table("Targets asked so far, and what protects them", [
        ["Target", (one) => one.target],
        ["State", state],
        ["Why", (one) => one.why ?? trial(one)],
        ["Again in", (one) => one.why ? (one.ready_in === null ? "not by itself" : seconds(one.ready_in)) : "", "number"],
        ["In flight", (one) => `${count(one.in_flight)} of ${count(one.limit)}`, "number"],
        ["First content", (one) => seconds(one.first_content_p50), "number"],
        ["95 of 100 within", (one) => seconds(one.first_content_p95), "number"],
      ], targets, "No target is known yet: name some under models in the config, or call one as provider/model."),
      el("h2", {}, "Circuits"),
      table("A circuit closes off what fails: a provider's endpoint, its credential or one model", [
        ["Circuit", (one) => one.circuit],
        ["State", (one) => circuitMark(one.state)],
        ["Failed of the last calls", (one) => one.failure_rate === null ? "–" : percent(one.failure_rate), "number"],
        ["Calls seen", (one) => count(one.calls), "number"],
        ["Turned away", (one) => count(one.rejected), "number"],
        ["Last cause", (one) => one.cause ? `${one.cause.kind}: ${one.cause.message}` : ""],
      ], circuits(targets), "Circuits appear with the first call."));
  };
  draw();
  return {live: draw};
}

function circuits(targets) {
  const known = new Map(targets.flatMap((target) => target.circuits.map((one) => [one.circuit, one])));
  return [...known.values()].sort((one, other) => (other.state !== "closed") - (one.state !== "closed"));
}

function state(target) {
  const worst = target.circuits.find((one) => one.state !== "closed");
  if (target.why) return worst ? mark("bad", "left alone") : mark("warn", "waiting");
  return worst && worst.state !== "disabled" ? mark("warn", "on trial") : mark("good", "takes calls");
}

/** An open circuit whose time is over shows nothing of it until somebody calls. */
function trial(target) {
  return target.circuits.some((one) => one.state === "open") ? "the next call finds out whether it answers again" : "";
}

function circuitMark(word) {
  const kind = {closed: "good", half_open: "warn", disabled: "warn"}[word] ?? "bad";
  return mark(kind, WORDS[word] ?? word);
}
