/** The Drive API: everything the page asks of the workspace. */

const WORDS = {
  no_app_connected: "No app is connected to this workspace, so nobody answered. Start the bot, then try again.",
  timeout: "The bot did not answer in 3 s. It may still be at work: look at its messages before you try again.",
  unknown_action: "That button is not there any more: the message has changed.",
  unknown_message: "That message is not there any more.",
  unknown_view: "That dialog is not open any more.",
  unreachable: "The workspace does not answer.",
};

export class DriveError extends Error {
  constructor(code, detail, status) {
    super(WORDS[code] ?? detail ?? `The workspace answered: ${code}`);
    this.code = code;
    this.status = status;
  }
}

async function call(path, init) {
  let response;
  let answer;
  try {
    response = await fetch(path, init);
    answer = await response.json();
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new DriveError(response ? `HTTP ${response.status}` : "unreachable", undefined, response?.status ?? 0);
  }
  if (!response.ok || answer.ok === false) throw new DriveError(answer.error ?? "unknown", answer.detail, response.status);
  return answer;
}

function get(name, query = {}, signal = undefined) {
  const known = Object.entries(query).filter(([, value]) => value != null);
  const tail = known.length ? `?${new URLSearchParams(known)}` : "";
  return call(`/drive/${name}${tail}`, { signal });
}

function post(name, body) {
  return call(`/drive/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const people = () => get("people");
export const channels = async () => (await get("channels")).channels;
export const messages = async (channel, thread) => (await get("messages", { channel, thread_ts: thread })).messages;
export const ephemerals = async (user) => (await get("ephemerals", { user })).ephemerals;
export const views = async (user) => (await get("views", { user })).views;
export const changes = (after, signal) => get("changes", { after, wait: 20 }, signal);
export const clock = () => get("clock");
export const advance = (span) => post("clock", { advance: span });
export const target = async () => (await get("target")).target;
export const turn = async (knobs) => (await post("target", knobs)).target;
export const command = (body) => post("command", body);
export const click = (body) => post("click", body);
export const mention = (body) => post("mention", body);
export const message = (body) => post("message", body);
export const submit = (body) => post("submit", body);
export const home = (body) => post("home", body);
export const close = (body) => post("close", body);
