/** Places: the message that an address points at, as `#channel/ts` or as a permalink of this workspace. */

const FRAGMENT = /^#(?<channel>[A-Z0-9]+)\/(?<ts>\d+\.\d+)$/;
const PERMALINK = /^\/archives\/(?<channel>[A-Z0-9]+)\/p(?<whole>\d{10})(?<part>\d{6})$/;

/** {channel, ts} of the page's own address, or null. */
export function placeHere() {
  return FRAGMENT.exec(location.hash)?.groups ?? null;
}

/** Permalinks in messages lead within the page, so that one stays who one is. */
export function followPlaces(go) {
  window.addEventListener("hashchange", () => placeHere() && go(placeHere()));
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    if (!anchor || new URL(anchor.href).origin !== location.origin) return;
    const found = PERMALINK.exec(new URL(anchor.href).pathname)?.groups;
    if (!found) return;
    event.preventDefault();
    go({ channel: found.channel, ts: `${found.whole}.${found.part}` });
  });
}

/** Bring the message into sight and mark it; false when it is not on the screen. */
export function point(ts) {
  const node = document.querySelector(`[data-testid="message"][data-ts="${CSS.escape(ts)}"]`);
  if (!node) return false;
  for (const old of document.querySelectorAll(".pointed")) old.classList.remove("pointed");
  node.classList.add("pointed");
  node.scrollIntoView({ block: "center" });
  return true;
}
