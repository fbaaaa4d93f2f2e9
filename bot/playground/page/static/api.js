// Requests to the playground's own API; a refusal is thrown as a Problem with a sentence.

const ROOT = "/playground/api";

/** What a person did was refused: the server's sentence, its word for programs, and what fills ours in. */
export class Problem extends Error {
  constructor(status, detail, code = "", params = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.params = params;
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
  throw new Problem(response.status, detail, code, answer?.params);
}

const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);

export const api = {
  state: () => get("/state"),
  messages: (chat, before) => get(`/chats/${chat}/messages?limit=60${before ? `&before=${before}` : ""}`),
  commands: (chat, person) => get(`/chats/${chat}/commands?person=${person}`),
  ledger: (chat) => get(`/ledger?chat_id=${chat}`),
  abilities: () => get("/abilities"),
  say: (chat, from, text, place) => post(`/chats/${chat}/messages`, { from, text, ...place }),
  content: (chat, from, content, place) => post(`/chats/${chat}/content`, { from, ...content, ...place }),
  edit: (chat, id, from, text) => post(`/chats/${chat}/messages/${id}/edit`, { from, text }),
  remove: (chat, id, person) => call("DELETE", `/chats/${chat}/messages/${id}?person=${person}`),
  forward: (chat, id, from, to) => post(`/chats/${chat}/messages/${id}/forward`, { from, to }),
  react: (chat, id, from, emoji) => post(`/chats/${chat}/messages/${id}/reaction`, { from, emoji }),
  press: (chat, id, from, data) => post(`/messages/${chat}/${id}/press`, { from, data }),
  stop: (chat, from, draft_id) => post(`/chats/${chat}/stop`, { from, draft_id }),
  block: (chat, from, blocked) => post(`/chats/${chat}/block`, { from, blocked }),
  addPerson: (person) => post("/people", person),
  addChat: (chat) => post("/chats", chat),
  addTopic: (chat, from, name) => post(`/chats/${chat}/topics`, { from, name }),
  closeTopic: (chat, from, topic, closed) => post(`/chats/${chat}/topics/${topic}/closed`, { from, closed }),
  upgrade: (chat, from) => post(`/chats/${chat}/upgrade`, { from }),
  setMember: (chat, person, by, status = "member") => post(`/chats/${chat}/members`, { person, by, status }),
  removeMember: (chat, person, by) => call("DELETE", `/chats/${chat}/members/${person}?by=${by}`),
  network: () => get("/network"),
  orderFault: (fault) => post("/faults/usual", fault),
  clearFault: (number) => call("DELETE", `/faults/${number}`),
  clearFaults: () => call("DELETE", "/faults"),
  limits: (enabled) => call("PUT", "/limits", { enabled }),
  privacy: (bot, enabled) => call("PUT", `/bots/${bot}/privacy`, { enabled }),
  model: () => get("/model"),
  connectModel: (form) => post("/model", form),
  connectTelegram: (token) => post("/connect", { token }),
  fileUrl: (id) => `${ROOT}/files/${encodeURIComponent(id)}`,

  photos(chat, from, files, caption, place) {
    const form = filled({ from, caption, ...place });
    for (const file of files) form.append("photo", file);
    return post(`/chats/${chat}/photos`, form);
  },

  file: (chat, from, file, about) => post(`/chats/${chat}/files`, filled({ from, file, ...about })),
};

function filled(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.set(name, value);
  return form;
}
