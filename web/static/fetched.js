// Fetches a fragment of a page, and tells apart what can go wrong with that.

export class Unreachable extends Error {}
export class LoggedOut extends Error {}

// Returns the fragment's element, or null when what it shows no longer exists. It belongs to a
// document of its own, in which media do not load.
export async function fetched(path) {
  let reply;
  try {
    reply = await fetch(path, { headers: { Accept: "text/html" }, redirect: "manual" });
  } catch {
    throw new Unreachable(path);
  }
  if (reply.type === "opaqueredirect" || reply.status === 401) throw new LoggedOut(path);
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Unreachable(path);
  const holder = document.createElement("template");
  holder.innerHTML = await reply.text();
  return holder.content.firstElementChild;
}

// Asks whether the session still stands. Throws Unreachable when nobody answers.
export async function isLoggedIn() {
  try {
    await fetched("/");
    return true;
  } catch (error) {
    if (error instanceof LoggedOut) return false;
    throw error;
  }
}
