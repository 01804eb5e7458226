// Plays a client's scenes against the gateway, before a provider of each dialect, and says how each went.
// The twin of ../python/play.py: the same environment, the same lines of JSON.

import assert from "node:assert/strict";

export const GATEWAY = process.env.TRUNKLINE_URL ?? "http://127.0.0.1:8080";
export const KEY = process.env.TRUNKLINE_KEY ?? "sk-trunkline-clients";
export const PROVIDERS = (process.env.TRUNKLINE_MODELS ?? "openai responses anthropic gemini").split(" ");
// those that can be told that a tool must be called: Ollama cannot, and `x-trunkline-dropped` says so
export const FORCING = PROVIDERS.filter((name) => name !== "ollama");

export const SUM = "What is 17 + 25?";
export const TOLD = "17 + 25 = 42.";
export const WEATHER = "What is the weather in Paris?";

// scenes of this name are handed a model that is out of requests, breaks off, or does not exist
const ILL = { limited: "-limited", cut: "-cut", unknown: "-unknown" };

/** Play each scene in each of the caller's dialects, of which the client's own model is made by name. */
export async function play(dialects, scenes, providers = PROVIDERS) {
  for (const [dialect, model] of Object.entries(dialects)) {
    for (const provider of providers) {
      for (const scene of scenes) {
        const began = performance.now();
        let why = "";
        try {
          await scene(model(provider + (ILL[scene.name] ?? "")));
        } catch (error) {
          why = `${error.name}: ${error.message}`;
          console.error(error);
        }
        const seconds = Math.round(performance.now() - began) / 1000;
        console.log(JSON.stringify({ dialect, provider, scene: scene.name, why, seconds }));
      }
    }
  }
}

/** The error of the client's own kind that `ask` ends with. */
export async function refuses(kind, ask) {
  try {
    await ask();
  } catch (error) {
    assert.ok(error instanceof kind, `${error.name} is not ${kind.name}: ${error.message}`);
    return error;
  }
  assert.fail(`${kind.name} was not raised`);
}
