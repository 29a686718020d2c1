/** The page: a local Slack, kept up to date with the workspace that serves it. */

import { drawChannels, enter } from "./channels.js";
import { startClock, syncClock, tick } from "./clock.js";
import { startComposer } from "./composer.js";
import { byId } from "./dom.js";
import * as drive from "./drive.js";
import { drawHome, goHome, isHome, wasHome } from "./home.js";
import { startKnobs, syncTarget } from "./knobs.js";
import { atBottom, drawChannelMessages, drawThread, spoken, stayAtBottom } from "./messages.js";
import { drawModal, startModal } from "./modal.js";
import { refreshMoments } from "./moments.js";
import { become, drawPeople } from "./people.js";
import { followPlaces, placeHere, point } from "./places.js";
import { recall, shortName, state } from "./state.js";
import { drawWelcome } from "./welcome.js";

const RETRY = 1000;
const pause = (span) => new Promise((resolve) => setTimeout(resolve, span));
const composers = {};
let asked = 0;

const hooks = {
  open: openThread,
  complain: (text) => composers.channel.notice(text),
  settled: refresh,
  redraw: draw,
};
const threadHooks = { ...hooks, open: null, complain: (text) => composers.thread.notice(text) };

function draw() {
  drawPeople(choosePerson);
  drawChannels(chooseChannel);
  composers.channel.relabel(`Message as ${shortName(state.me)}`);
  composers.thread.relabel(`Reply as ${shortName(state.me)}, or @rollout …`);
  byId("thread-place").textContent = `#${state.channel.name}, as ${shortName(state.me)}`;
  drawWelcome(!isHome() && state.loaded && state.messages.length === 0 && state.ephemerals.length === 0, (text) => composers.channel.fill(text));
  if (!isHome() && drawChannelMessages(byId("scroller"), byId("messages"), hooks)) byId("jump").hidden = false;
  drawPins();
  drawHome(hooks);
  byId("thread").hidden = !state.thread;
  byId("app").classList.toggle("with-thread", Boolean(state.thread));
  if (state.thread) drawThread(byId("thread-scroller"), byId("thread-messages"), threadHooks);
  drawModal();
}

function drawPins() {
  const pinned = state.messages.filter((message) => message.pinned);
  byId("pins").hidden = pinned.length === 0 || isHome();
  byId("pins").textContent = `${pinned.length} pinned`;
}

/** Bring the screen up to date; a workspace that does not answer is said in words, and asked again by `follow`. */
async function refresh() {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof drive.DriveError)) throw error;
    byId("offline").hidden = false;
  }
}

/** Ask for all that is on the screen; an answer that a newer question has overtaken is dropped. */
async function ask() {
  asked += 1;
  const question = asked;
  const { me, channel, thread } = state;
  const [channels, messages, replies, ephemerals, views] = await Promise.all([
    drive.channels(),
    drive.messages(channel.id),
    thread ? drive.messages(channel.id, thread) : [],
    drive.ephemerals(me.id),
    drive.views(me.id),
  ]);
  if (question !== asked) return;
  announce([...messages, ...replies]);
  if (thread && ephemerals.some(isNewInChannel)) composers.thread.notice("An answer only for you stands in the channel.");
  const here = channels.find((known) => known.id === channel.id) ?? channel;
  Object.assign(state, { channels, channel: here, messages, replies, ephemerals, views, loaded: true });
  draw();
  syncTarget();
}

/** On a phone the thread covers the channel, and with it an answer that only stands there. */
function isNewInChannel(own) {
  return own.channel === state.channel.id && !own.thread_ts && !state.ephemerals.some((known) => known.ts === own.ts);
}

function announce(messages) {
  const known = [...state.messages, ...state.replies];
  if (!known.length) return;
  const latest = Math.max(...known.map((message) => Number(message.ts)));
  const fresh = messages.filter((message) => Number(message.ts) > latest && message.user !== state.me.id);
  if (fresh.length) byId("live").textContent = spoken(fresh);
}

function choosePerson(person) {
  become(person);
  composers.thread.notice("");
  composers.channel.notice("");
  state.ephemerals = [];
  state.views = [];
  if (isHome()) openHome();
  else if (state.channel.is_im) chooseChannel(state.channels.find((known) => known.is_member && !known.is_im));
  draw();
  refresh();
}

/** The app's tab in the place of the channel. */
async function openHome() {
  toggleSide(false);
  state.thread = null;
  try {
    await goHome(true);
  } catch (error) {
    if (!(error instanceof drive.DriveError)) throw error;
    byId("offline").hidden = false;
  }
  draw();
  await refresh();
  byId("scroller").scrollTop = 0;
}

function chooseChannel(channel) {
  goHome(false);
  enter(channel);
  toggleSide(false);
  byId("jump").hidden = true;
  draw();
  refresh().then(() => scrollDown("scroller"));
}

function openThread(ts) {
  state.thread = ts;
  state.replies = [];
  composers.thread.notice("");
  draw();
  composers.thread.focus();
  refresh().then(() => scrollDown("thread-scroller"));
}

/** Go where an address points; a reply is looked for in the threads of its channel's messages. */
async function goTo({ channel, ts }) {
  const known = state.channels.find((one) => one.id === channel);
  if (!known) return;
  goHome(false);
  if (known.id !== state.channel.id) enter(known);
  await refresh();
  if (point(ts)) return;
  const threads = state.messages.filter((message) => message.reply_count > 0 && Number(message.ts) < Number(ts));
  for (const { ts: root } of threads.reverse()) {
    if (!(await drive.messages(channel, root)).some((reply) => reply.ts === ts)) continue;
    state.thread = root;
    await refresh();
    point(ts);
    return;
  }
}

function closeThread() {
  const opener = byId("messages").querySelector(`[data-ts="${CSS.escape(state.thread ?? "")}"] .foot button`);
  state.thread = null;
  state.replies = [];
  draw();
  (opener ?? byId("composer")).focus();
}

function scrollDown(id) {
  byId(id).scrollTop = byId(id).scrollHeight;
}

function toggleSide(open) {
  byId("app").classList.toggle("with-side", open);
  byId("side-open").setAttribute("aria-expanded", String(open));
  if (open) byId("side-close").focus();
}

function listen() {
  for (const id of ["scroller", "thread-scroller"]) stayAtBottom(byId(id));
  byId("side-open").addEventListener("click", () => toggleSide(true));
  byId("side-close").addEventListener("click", () => {
    toggleSide(false);
    byId("side-open").focus();
  });
  byId("me").addEventListener("click", () => toggleSide(true));
  byId("thread-close").addEventListener("click", closeThread);
  byId("home-open").addEventListener("click", openHome);
  byId("jump").addEventListener("click", () => scrollDown("scroller"));
  byId("scroller").addEventListener("scroll", () => {
    if (atBottom(byId("scroller"))) byId("jump").hidden = true;
  });
  byId("pins").addEventListener("click", () => {
    byId("messages").querySelector(".is-pinned:last-of-type, .is-pinned")?.scrollIntoView({ block: "start" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (byId("app").classList.contains("with-side")) toggleSide(false);
    else if (state.thread) closeThread();
  });
}

/** A hidden tab does not hold a connection: a browser has only six for one host. */
function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

async function follow() {
  let serial = 0;
  for (;;) {
    await visible();
    const leaving = new AbortController();
    const hide = () => document.hidden && leaving.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const answer = await drive.changes(serial, leaving.signal);
      byId("offline").hidden = true;
      if (answer.serial !== serial) {
        serial = answer.serial;
        await refresh();
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        byId("offline").hidden = false;
        serial = 0;
        await pause(RETRY);
      }
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
  }
}

function every(span, work) {
  setInterval(() => {
    if (!document.hidden) work();
  }, span);
}

async function load() {
  const [answer, channels] = await Promise.all([drive.people(), drive.channels()]);
  Object.assign(state, { people: answer.people, groups: answer.groups ?? state.groups, channels });
  const person = state.people.find((known) => known.id === recall("person")) ?? state.people[0];
  const channel = state.channels.find((known) => known.id === recall("channel")) ?? state.channels.find((known) => known.is_member);
  state.dismissed = new Set(JSON.parse(recall("dismissed") ?? "[]"));
  become(person);
  enter(channel ?? state.channels[0]);
}

async function start() {
  for (;;) {
    try {
      await load();
      break;
    } catch (error) {
      if (!(error instanceof drive.DriveError)) throw error;
      byId("offline").hidden = false;
      await pause(RETRY);
    }
  }
  composers.channel = startComposer(byId("composer-form"), { testid: "composer", label: "Message", thread: () => null, sent: refresh });
  composers.thread = startComposer(byId("thread-form"), { testid: "thread-composer", label: "Reply", thread: () => state.thread, sent: refresh });
  startClock(hooks.complain);
  startKnobs(hooks.complain);
  startModal(refresh);
  listen();
  every(200, tick);
  every(2000, refreshMoments);
  every(2000, syncTarget);
  every(5000, syncClock);
  syncClock();
  followPlaces(goTo);
  if (!placeHere() && wasHome()) await openHome();
  else await (placeHere() ? goTo(placeHere()) : refresh());
  follow();
}

start();
