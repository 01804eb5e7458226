// Asks the operator's doors. The admin key lives in this tab only and is gone when it is closed.

const KEY = "trunkline admin key";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const key = () => sessionStorage.getItem(KEY) ?? "";
export const remember = (text) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY));

function headers(more) {
  return key() ? {authorization: `Bearer ${key()}`, ...more} : {...more};
}

async function checked(response) {
  if (response.ok) return response;
  let told = response.statusText;
  try {
    const body = await response.json();
    told = body.error?.message ?? body.detail ?? told;
  } catch {
    // not JSON: the status line has to do
  }
  throw new Refused(response.status, told);
}

/** What a door says, as JSON. Throws Refused with the gateway's own words. */
export async function get(path) {
  return (await checked(await fetch(path, {headers: headers({})}))).json();
}

export async function post(path, body) {
  const sent = {method: "POST", headers: headers({"content-type": "application/json"}), body: JSON.stringify(body ?? {})};
  return (await checked(await fetch(path, sent))).json();
}

/** Server-sent events until the stream ends; `hear(name, data)` gets each. EventSource cannot send a key, so by hand. */
export async function events(path, hear, signal) {
  const response = await checked(await fetch(path, {headers: headers({}), signal}));
  await frames(response, (frame) => {
    const name = /^event: (.*)$/m.exec(frame)?.[1] ?? "message";
    const data = frame.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
    hear(name, data);
  });
}

/** Asks a model with a caller's key, or none, and hands on each piece of its answer. */
export async function chat(body, callerKey, hear, signal) {
  const sent = {"content-type": "application/json", ...(callerKey ? {authorization: `Bearer ${callerKey}`} : {})};
  const response = await fetch("/v1/chat/completions", {method: "POST", headers: sent, body: JSON.stringify(body), signal});
  await checked(response);
  await frames(response, (frame) => {
    for (const line of frame.split("\n")) if (line.startsWith("data: ")) hear(line.slice(6));
  });
  return response.headers;
}

async function frames(response, hear) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    parts.forEach(hear);
  }
}
