// Virtual keys: who may call. A new key is shown once, here, and nowhere again.

import {get, post} from "../api.js";
import {el, mark, show, table} from "../dom.js";
import {day, dollars} from "../format.js";

export function keys(main) {
  return {ready: draw(main, null)};
}

async function draw(main, made) {
  const {keys: rows} = await get("/admin/keys");
  const name = el("input", {id: "key-name", required: true, maxlength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._@\\-]*"});
  const models = el("input", {id: "key-models", placeholder: "all"});
  const budget = el("input", {id: "key-budget", inputmode: "decimal", placeholder: "none", size: 8});
  const told = el("p", {class: "error", role: "alert", hidden: true});
  const act = async (event, work) => {
    event.preventDefault();
    try {
      await draw(main, await work());
    } catch (error) {
      told.textContent = error.message;
      told.hidden = false;
    }
  };
  const create = () => post("/admin/keys", {
    name: name.value,
    ...(models.value.trim() ? {models: models.value.split(",").map((each) => each.trim())} : {}),
    ...(budget.value.trim() ? {budget_usd: budget.value.trim()} : {}),
  });
  const change = (row, what) => (event) => {
    if (what === "revoke" && !confirm(`Revoke ${row.name}? Calls with this key will be refused at once.`)) return;
    act(event, () => post(`/admin/keys/${encodeURIComponent(row.name)}/${what}`));
  };
  show(main, el("h1", {}, "Keys"),
    made?.key ? el("div", {class: "secret", role: "alert"}, el("p", {}, `The key of ${made.name}. Keep it now: it is not shown again.`),
      el("code", {id: "made-key"}, made.key)) : null,
    el("form", {submit: (event) => act(event, create)}, el("label", {}, "Name", name),
      el("label", {}, "Models, separated by commas", models), el("label", {}, "Dollars a month", budget), el("button", {}, "Create key")),
    told,
    table("Keys of the ledger", [
      ["Name", (row) => row.name],
      ["State", (row) => mark(row.state === "stands" ? "good" : "bad", row.state === "stands" ? "valid" : row.state)],
      ["Key", (row) => el("code", {}, row.hint)],
      ["Models", (row) => row.models?.join(", ") ?? "all"],
      ["Team", (row) => row.team ?? ""],
      ["A month", (row) => row.budget_usd ? dollars(row.budget_usd) : "no limit", "number"],
      ["Made", (row) => day(row.created_ms)],
      ["Ends", (row) => row.expires ? day(row.expires) : "never"],
      ["", (row) => row.state === "stands" ? [
        el("button", {class: "plain", click: change(row, "rotate"), "aria-label": `Rotate ${row.name}`}, "Rotate"), " ",
        el("button", {class: "danger", click: change(row, "revoke"), "aria-label": `Revoke ${row.name}`}, "Revoke")] : null],
    ], rows, "No key has been made. Make one above, or with trunkline keys create."));
}
