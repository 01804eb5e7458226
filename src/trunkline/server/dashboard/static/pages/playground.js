// Ask a model and watch the answer come.

import {chat, get} from "../api.js";
import {el, show} from "../dom.js";
import {dollars, many} from "../format.js";

export function playground(main) {
  const model = el("input", {id: "model", list: "models", required: true, size: 32});
  const listed = el("datalist", {id: "models"});
  const callerKey = el("input", {id: "caller-key", type: "password", autocomplete: "off", placeholder: "none"});
  const prompt = el("textarea", {id: "prompt", required: true}, "Say hello in five words.");
  const answer = el("div", {class: "card answer", id: "answer", "aria-live": "polite", "aria-busy": "false"});
  const facts = el("p", {class: "note"});
  const button = el("button", {}, "Ask");
  let asking = null;

  const names = async () => {
    const sent = callerKey.value ? {authorization: `Bearer ${callerKey.value}`} : {};
    const response = await fetch("/v1/models", {headers: sent});
    if (!response.ok) return;
    const {data} = await response.json();
    show(listed, data.map((each) => el("option", {value: each.id})));
    model.value ||= data[0]?.id ?? "";
  };
  const ask = async (event) => {
    event.preventDefault();
    if (asking) return asking.abort();
    asking = new AbortController();
    button.textContent = "Stop";
    answer.textContent = facts.textContent = "";
    answer.setAttribute("aria-busy", "true");
    try {
      const body = {model: model.value, stream: true, messages: [{role: "user", content: prompt.value}]};
      const headers = await chat(body, callerKey.value, hear, asking.signal);
      show(facts, told(headers));
    } catch (error) {
      answer.append(el("p", {class: "error"}, error.name === "AbortError" ? "Stopped." : error.message));
    } finally {
      asking = null;
      button.textContent = "Ask";
      answer.setAttribute("aria-busy", "false");
    }
  };
  const hear = (data) => {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    answer.append(chunk.choices?.[0]?.delta?.content ?? "");
  };
  callerKey.addEventListener("change", names);
  show(main, el("h1", {}, "Playground"),
    el("form", {submit: ask}, el("label", {}, "Model", model, listed), el("label", {}, "Caller's key", callerKey),
      el("label", {class: "wide"}, "Prompt", prompt), button),
    answer, facts);
  return {ready: names(), close: () => asking?.abort()};
}

function told(headers) {
  const fact = (name) => headers.get(`x-trunkline-${name}`);
  const cost = fact("cost-usd") === "unknown" ? "at unknown cost" : `for about ${dollars(fact("cost-usd"))}`;
  return [`Answered by ${fact("provider")}/${fact("model")} in ${many(Number(fact("attempts")), "request")}, ${cost}. `,
    el("a", {href: `#/calls/${encodeURIComponent(headers.get("x-request-id"))}`}, "The call's story")];
}
