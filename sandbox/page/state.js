/** What the page knows now: who acts, where, and what the workspace last said. */

export const state = {
  people: [],
  channels: [],
  me: null,
  channel: null,
  thread: null,
  home: false,
  messages: [],
  replies: [],
  ephemerals: [],
  views: [],
  dismissed: new Set(),
  // The sandbox's own groups, until the workspace says otherwise.
  groups: [
    { id: "S0DEVOPS", handle: "gitguard-devops" },
    { id: "S0SECURITY", handle: "gitguard-security" },
    { id: "S0STORAGE", handle: "concelier-storage" },
  ],
  loaded: false,
};

export const BOT = { id: "U0ROLLOUTBOT", name: "rollout", real_name: "rollout", app: true };

/** The person or bot with this id; an unknown one is shown by the name that came with the message. */
export function author(id, username) {
  const known = state.people.find((person) => person.id === id);
  if (known) return known;
  if (id === BOT.id) return BOT;
  return { id: id ?? "", name: username ?? id ?? "unknown", real_name: username ?? id ?? "unknown", app: true };
}

export const channelName = (id) => state.channels.find((channel) => channel.id === id)?.name;

/** "Dana (rollout engineer)" is "Dana" where space is short. */
export const shortName = (person) => person.real_name.replace(/\s*\(.*\)\s*$/, "") || person.name;

export const recall = (key) => sessionStorage.getItem(`sandbox.${key}`);
export const keep = (key, value) => sessionStorage.setItem(`sandbox.${key}`, value);
