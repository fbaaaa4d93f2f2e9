// Requests to the playground's own API; a refusal is thrown as a Problem with a sentence.

const ROOT = "/playground/api";

/** What a person did was refused; `detail` is the server's sentence, `code` its word for programs. */
export class Problem extends Error {
  constructor(status, detail, code = "") {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, body) {
  const form = body instanceof FormData;
  const headers = body && !form ? { "Content-Type": "application/json" } : {};
  let response;
  try {
    response = await fetch(ROOT + path, { method, headers, body: body && !form ? JSON.stringify(body) : body });
  } catch {
    throw new Problem(0, "", "offline");
  }
  const json = response.status !== 204 && (response.headers.get("content-type") || "").includes("json");
  const answer = json ? await response.json() : null;
  if (response.ok) return answer;
  const code = String(answer?.type || "").replace(/^urn:mnema:/, "").replace("about:blank", "");
  const detail = typeof answer?.detail === "string" ? answer.detail : response.statusText;
  throw new Problem(response.status, detail, code);
}

const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);

export const api = {
  state: () => get("/state"),
  messages: (chat, before) => get(`/chats/${chat}/messages?limit=60${before ? `&before=${before}` : ""}`),
  commands: (chat, person) => get(`/chats/${chat}/commands?person=${person}`),
  ledger: (chat) => get(`/ledger?chat_id=${chat}`),
  abilities: () => get("/abilities"),
  say: (chat, from, text, reply_to) => post(`/chats/${chat}/messages`, { from, text, reply_to }),
  edit: (chat, id, from, text) => post(`/chats/${chat}/messages/${id}/edit`, { from, text }),
  remove: (chat, id, person) => call("DELETE", `/chats/${chat}/messages/${id}?person=${person}`),
  forward: (chat, id, from, to) => post(`/chats/${chat}/messages/${id}/forward`, { from, to }),
  react: (chat, id, from, emoji) => post(`/chats/${chat}/messages/${id}/reaction`, { from, emoji }),
  press: (chat, id, from, data) => post(`/messages/${chat}/${id}/press`, { from, data }),
  stop: (chat, from, draft_id) => post(`/chats/${chat}/stop`, { from, draft_id }),
  block: (chat, from, blocked) => post(`/chats/${chat}/block`, { from, blocked }),
  addPerson: (person) => post("/people", person),
  addChat: (chat) => post("/chats", chat),
  addMember: (chat, person, by) => post(`/chats/${chat}/members`, { person, by }),
  removeMember: (chat, person, by) => call("DELETE", `/chats/${chat}/members/${person}?by=${by}`),
  model: () => get("/model"),
  connectModel: (form) => post("/model", form),
  connectTelegram: (token) => post("/connect", { token }),
  fileUrl: (id) => `${ROOT}/files/${encodeURIComponent(id)}`,

  photos(chat, from, files, caption, reply_to) {
    const form = new FormData();
    form.set("from", from);
    if (caption) form.set("caption", caption);
    if (reply_to) form.set("reply_to", reply_to);
    for (const file of files) form.append("photo", file);
    return post(`/chats/${chat}/photos`, form);
  },

  file(chat, from, file, caption) {
    const form = new FormData();
    form.set("from", from);
    form.set("file", file);
    if (caption) form.set("caption", caption);
    return post(`/chats/${chat}/files`, form);
  },
};
