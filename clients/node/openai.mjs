// openai: the base URL ends in /v1.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses } from "./play.mjs";

const client = new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: KEY });
const City = z.object({ name: z.string(), population: z.number() });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

const chat = (model) => {
  const asked = { model, messages: [{ role: "user", content: SUM }] };
  return {
    answer: async () => (await client.chat.completions.create(asked)).choices[0].message.content,
    stream: async () => client.chat.completions.stream(asked).finalContent(),
    parsed: async () => {
      const response_format = zodResponseFormat(City, "city");
      return (await client.chat.completions.parse({ ...asked, response_format })).choices[0].message.parsed;
    },
    tools: async () => {
      const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
      const messages = [{ role: "user", content: WEATHER }];
      const { message } = (await client.chat.completions.create({ model, messages, tools })).choices[0];
      messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "sunny, 21" });
      return (await client.chat.completions.create({ model, messages, tools })).choices[0].message.content;
    },
  };
};

const responses = (model) => {
  const asked = { model, input: SUM };
  return {
    answer: async () => (await client.responses.create(asked)).output_text,
    stream: async () => (await client.responses.stream(asked).finalResponse()).output_text,
    parsed: async () =>
      (await client.responses.parse({ ...asked, text: { format: zodTextFormat(City, "city") } })).output_parsed,
    tools: async () => {
      const tools = [{ type: "function", name: "get_weather", parameters, strict: false }];
      const input = [{ role: "user", content: WEATHER }];
      const { output } = await client.responses.create({ model, input, tools });
      const call = output.find((item) => item.type === "function_call");
      input.push(...output, { type: "function_call_output", call_id: call.call_id, output: "sunny, 21" });
      return (await client.responses.create({ model, input, tools })).output_text;
    },
  };
};

async function answer(model) {
  assert.equal(await model.answer(), TOLD);
}

async function stream(model) {
  assert.equal(await model.stream(), TOLD);
}

async function tools(model) {
  assert.equal(await model.tools(), "The tool answered: sunny, 21");
}

async function structured(model) {
  assert.deepEqual(Object.keys(await model.parsed()), ["name", "population"]);
}

async function limited(model) {
  await refuses(OpenAI.RateLimitError, model.answer);
}

async function cut(model) {
  await refuses(OpenAI.APIError, model.stream);
}

async function unknown(model) {
  assert.equal((await refuses(OpenAI.NotFoundError, model.answer)).code, "model_not_found");
}

async function embeddings(model) {
  const { data } = await client.embeddings.create({ model, input: ["one text", "another"] });
  assert.deepEqual(data.map((one) => one.embedding.length), [8, 8]);
}

await play({ openai: chat, responses }, [answer, stream, tools, structured, limited, cut, unknown]);
await play({ openai: (model) => model }, [embeddings], ["openai", "ollama", "cohere"]);
