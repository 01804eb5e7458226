// The Vercel AI SDK: the base URL of each of its providers ends in the version, /v1 or Google's /v1beta.

import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { FORCING, GATEWAY, KEY, SUM, TOLD, WEATHER, play, refuses } from "./play.mjs";

const here = { baseURL: `${GATEWAY}/v1`, apiKey: KEY };
// without the two it asks for no usage, and for JSON without a schema
const compatible = createOpenAICompatible({ ...here, name: "trunkline", includeUsage: true, supportsStructuredOutputs: true });
const dialects = {
  openai: compatible,
  responses: createOpenAI(here).responses,
  anthropic: createAnthropic(here),
  gemini: createGoogleGenerativeAI({ apiKey: KEY, baseURL: `${GATEWAY}/v1beta` }),
};
const once = { maxRetries: 0 };

async function answer(model) {
  const { text, usage } = await generateText({ model, prompt: SUM, ...once });
  assert.equal(text, TOLD);
  assert.ok(usage.outputTokens > 0);
}

async function stream(model) {
  const { textStream, usage } = streamText({ model, prompt: SUM, ...once });
  let text = "";
  for await (const piece of textStream) text += piece;
  assert.equal(text, TOLD);
  assert.ok((await usage).outputTokens > 0);
}

async function tools(model) {
  const get_weather = tool({
    description: "The weather in a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `sunny in ${city}`,
  });
  const { text } = await generateText({ model, prompt: WEATHER, tools: { get_weather }, stopWhen: stepCountIs(3), ...once });
  assert.match(text, /^The tool answered: .*sunny in /);
}

async function structured(model) {
  const schema = z.object({ name: z.string(), population: z.number() });
  const { object } = await generateObject({ model, schema, prompt: "Describe Paris", ...once });
  assert.deepEqual(Object.keys(object), ["name", "population"]);
}

async function limited(model) {
  const error = await refuses(APICallError, () => generateText({ model, prompt: SUM, ...once }));
  assert.equal(error.statusCode, 429);
}

async function cut(model) {
  let heard;
  const result = streamText({ model, prompt: SUM, onError: ({ error }) => { heard = error; }, ...once });
  await result.consumeStream();
  assert.ok(heard, "the broken stream was taken for a whole one");
}

async function embeddings(model) {
  const { embeddings } = await embedMany({ model: compatible.embeddingModel(model), values: ["one text", "another"] });
  assert.deepEqual(embeddings.map((one) => one.length), [8, 8]);
}

const { anthropic, ...others } = dialects;
await play(dialects, [answer, stream, tools, limited, cut]);
await play(others, [structured]);
await play({ anthropic }, [structured], FORCING); // by a tool that must be called
await play({ openai: (model) => model }, [embeddings], ["openai", "ollama", "cohere"]);
