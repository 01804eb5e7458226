// @google/genai: the base URL is the gateway's own; the client adds the version.

import assert from "node:assert/strict";
import { ApiError, GoogleGenAI } from "@google/genai";
import { GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses } from "./play.mjs";

const { models } = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: GATEWAY } });
const properties = { city: { type: "STRING" } };
const config = { tools: [{ functionDeclarations: [{ name: "get_weather", parameters: { type: "OBJECT", properties } }] }] };

async function streamed(model) {
  let text = "";
  for await (const chunk of await models.generateContentStream({ model, contents: SUM })) text += chunk.text ?? "";
  return text;
}

async function answer(model) {
  assert.equal((await models.generateContent({ model, contents: SUM })).text, TOLD);
}

async function stream(model) {
  assert.equal(await streamed(model), TOLD);
}

async function tools(model) {
  const contents = [{ role: "user", parts: [{ text: WEATHER }] }];
  const called = await models.generateContent({ model, contents, config });
  const [{ id, name }] = called.functionCalls;
  const result = { functionResponse: { id, name, response: { result: "sunny, 21" } } };
  contents.push(called.candidates[0].content, { role: "user", parts: [result] });
  assert.equal((await models.generateContent({ model, contents, config })).text, "The tool answered: sunny, 21");
}

async function counted(model) {
  assert.ok((await models.countTokens({ model, contents: SUM })).totalTokens > 0);
}

async function limited(model) {
  const error = await refuses(ApiError, () => models.generateContent({ model, contents: SUM }));
  assert.equal(error.status, 429);
}

async function cut(model) {
  await refuses(Error, () => streamed(model));
}

async function unknown(model) {
  const error = await refuses(ApiError, () => models.generateContent({ model, contents: SUM }));
  assert.equal(error.status, 404);
}

await play({ gemini: (model) => model }, [answer, stream, tools, counted, limited, cut, unknown]);
