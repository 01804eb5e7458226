// Numbers as people read them, units always shown.

const COUNT = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

export const count = (value) => (value === null || value === undefined ? "–" : COUNT.format(value));

/** `1 call`, `2 calls`. */
export const many = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

/** A share, with as many digits as its distance from 100 % wants. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const digits = share === 1 || share === 0 ? 0 : share > 0.999 ? 3 : share > 0.99 ? 2 : 1;
  return `${(share * 100).toFixed(digits)} %`;
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  return value < 172800 ? `${(value / 3600).toFixed(1)} h` : `${Math.round(value / 86400)} days`;
}

/** A word of the gateway's as people write it: `model_not_found` is `model not found`. */
export const plain = (word) => word.replaceAll("_", " ");

/** Decimal text of dollars, cut for reading only: the whole figure is in the title. */
export function dollars(text) {
  if (text === null || text === undefined) return "unknown";
  const value = Number(text);
  if (value === 0) return "$0";
  return Math.abs(value) >= 0.995 ? `$${value.toFixed(2)}` : `$${plainly(value)}`;
}

/** Two digits that count, never in powers of ten; three of what is over a cent. */
function plainly(value) {
  const places = Math.min(12, (Math.abs(value) < 0.01 ? 1 : 2) - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(places);
}

/** A moment in the reader's own time zone. */
export function clock(moment) {
  return new Date(moment).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: "2-digit"});
}

export function day(moment) {
  return moment ? new Date(moment).toLocaleString([], {dateStyle: "medium", timeStyle: "short"}) : "–";
}
