/**
 * Emoji: the signs that rollout messages use, by short code or as themselves.
 *
 * The common ones are drawn here, because a fresh machine or a headless browser often has no font for them;
 * others are left to the fonts, and an unknown short code stays as it was written.
 */

const DRAWN = {
  check: { "✅": "white_check_mark", "☑": "ballot_box_with_check", "✔": "heavy_check_mark" },
  cross: { "❌": "x", "✖": "heavy_multiplication_x", "❎": "negative_squared_cross_mark" },
  warning: { "⚠": "warning" },
  hourglass: { "⌛": "hourglass", "⏳": "hourglass_flowing_sand" },
  clock: { "⏱": "stopwatch", "⏰": "alarm_clock", "⏲": "timer_clock" },
  noentry: { "⛔": "no_entry" },
  prohibited: { "🚫": "no_entry_sign" },
  stop: { "🛑": "octagonal_sign" },
  green: { "🟢": "large_green_circle" },
  red: { "🔴": "red_circle" },
  yellow: { "🟡": "large_yellow_circle" },
  orange: { "🟠": "large_orange_circle" },
  blue: { "🔵": "large_blue_circle" },
  black: { "⚫": "black_circle" },
  white: { "⚪": "white_circle" },
  pause: { "⏸": "double_vertical_bar" },
  play: { "▶": "arrow_forward" },
  halt: { "⏹": "black_square_for_stop" },
  rewind: { "⏪": "rewind" },
  back: { "↩": "leftwards_arrow_with_hook" },
  again: { "🔄": "arrows_counterclockwise", "🔁": "repeat", "♻": "recycle" },
  forth: { "➡": "arrow_right" },
  info: { "ℹ": "information_source" },
  question: { "❓": "question", "❔": "grey_question" },
  exclamation: { "❗": "exclamation" },
  rocket: { "🚀": "rocket" },
  lock: { "🔒": "lock", "🔐": "closed_lock_with_key" },
  bell: { "🔔": "bell" },
  siren: { "🚨": "rotating_light" },
  snow: { "❄": "snowflake", "🧊": "ice_cube" },
  pin: { "📌": "pushpin" },
  memo: { "📝": "memo", "📋": "clipboard", "📄": "page_facing_up", "📜": "scroll" },
  calendar: { "📅": "calendar", "🗓": "spiral_calendar_pad" },
  box: { "📦": "package" },
  shield: { "🛡": "shield" },
  chart: { "📊": "bar_chart", "📈": "chart_with_upwards_trend", "📉": "chart_with_downwards_trend" },
  glass: { "🔍": "mag", "🔎": "mag_right" },
  fire: { "🔥": "fire" },
};

const FONT = {
  unlock: "🔓", key: "🔑", no_bell: "🔕", eyes: "👀", tada: "🎉", bug: "🐛", construction: "🚧", arrow_left: "⬅️",
  arrow_up: "⬆️", arrow_down: "⬇️", fast_forward: "⏩", bulb: "💡", link: "🔗", gear: "⚙️", wrench: "🔧",
  hammer_and_wrench: "🛠️", test_tube: "🧪", microscope: "🔬", speech_balloon: "💬", bust_in_silhouette: "👤",
  busts_in_silhouette: "👥", wave: "👋", raised_hand: "✋", hand: "✋", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎",
  point_right: "👉", robot_face: "🤖", zzz: "💤", broom: "🧹", bird: "🐦", boom: "💥", electric_plug: "🔌", checkered_flag: "🏁",
};

const ALIASES = { stop_sign: "octagonal_sign", pause_button: "double_vertical_bar", stop_button: "black_square_for_stop", date: "calendar" };

const byCode = new Map();
const bySign = new Map();
for (const [symbol, signs] of Object.entries(DRAWN)) {
  for (const [sign, code] of Object.entries(signs)) {
    byCode.set(code, { code, symbol });
    bySign.set(sign, { code, symbol });
  }
}
for (const [code, sign] of Object.entries(FONT)) byCode.set(code, { code, sign });

/** {code, symbol} of a drawn emoji, {code, sign} of one left to the fonts, or undefined. */
export const known = (code) => byCode.get(ALIASES[code] ?? code);
export const drawnSign = (sign) => bySign.get(sign);

/** Finds a drawn sign in text, with the mark that asks for its coloured form. */
export const SIGNS = `(?<sign>${[...bySign.keys()].join("|")})\\uFE0F?`;
