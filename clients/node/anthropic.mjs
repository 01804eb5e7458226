// @anthropic-ai/sdk: the base URL is the gateway's own, without /v1.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses } from "./play.mjs";

const client = new Anthropic({ baseURL: GATEWAY, apiKey: KEY });
const tool = { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };
const asked = (model, text = SUM) => ({ model, max_tokens: 500, messages: [{ role: "user", content: text }] });

async function answer(model) {
  assert.equal((await client.messages.create(asked(model))).content[0].text, TOLD);
}

async function stream(model) {
  assert.equal(await client.messages.stream(asked(model)).finalText(), TOLD);
}

async function beta(model) {
  const betas = ["context-management-2025-06-27"];
  assert.equal((await client.beta.messages.create({ ...asked(model), betas })).content[0].text, TOLD);
}

async function tools(model) {
  const first = { ...asked(model, WEATHER), tools: [tool] };
  const { content } = await client.messages.create(first);
  const result = { type: "tool_result", tool_use_id: content.at(-1).id, content: "sunny, 21" };
  first.messages.push({ role: "assistant", content }, { role: "user", content: [result] });
  assert.equal((await client.messages.create(first)).content[0].text, "The tool answered: sunny, 21");
}

async function counted(model) {
  const { input_tokens } = await client.messages.countTokens({ model, messages: asked(model).messages });
  assert.ok(input_tokens > 0);
}

async function limited(model) {
  await refuses(Anthropic.RateLimitError, () => client.messages.create(asked(model)));
}

async function cut(model) {
  await refuses(Anthropic.AnthropicError, () => client.messages.stream(asked(model)).finalText());
}

async function unknown(model) {
  await refuses(Anthropic.NotFoundError, () => client.messages.create(asked(model)));
}

await play({ anthropic: (model) => model }, [answer, stream, beta, tools, counted, limited, cut, unknown]);
