// The page's beginning.

import { showChats } from "./chats.js";
import { showConversation } from "./conversation.js";
import { current, t } from "./i18n.js";
import { follow } from "./live.js";
import { restore, watch } from "./moves.js";
import { showPanel } from "./panel.js";
import { showPeople } from "./people.js";
import { beginSeen, on, person, state } from "./store.js";
import { toast } from "./toast.js";

const place = (id) => document.getElementById(id);

async function begin() {

  for (;;) {
    try {
      await follow();
      break;
    } catch {
      toast(t("offline"), { error: true });
      await new Promise((resolve) => setTimeout(resolve, 2500));
    }
  }
  beginSeen();
  restore();
  watch();
  showPeople(place("people"));
  showChats(place("chats"));
  showConversation(place("conversation"));
  showPanel(place("panel"));
  name();
  on("language me", name);
  on("online", (online) => toast(t(online ? "back_online" : "offline"), { error: !online }));
  document.body.dataset.ready = "yes";
}

function name() {
  place("skip").textContent = t("skip");
  document.title = `Mnema · ${person(state.me)?.first_name ?? t("playground")}`;
}

document.documentElement.lang = current();
begin();
