// The console's only script. Every page also works without it, with plain forms and links. It adds
// keyboard shortcuts, updates the queue in place, renews claims, and saves what is being typed. It
// creates no markup: it only moves elements of pages that the server has rendered.
"use strict";
(() => {
  const renewAfter = 60_000; // a claim lasts ten minutes; while the user is active, it is renewed at most this often
  const claimAfter = 1_000; // merely passing an item on the way down does not claim it
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const visible = (element) => element.getClientRects().length > 0 && !element.disabled;
  const live = () => find("main[data-live]");

  // Session storage may be forbidden; then notes are not saved, but everything else works.
  const stored = {
    get(key) { try { return sessionStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, value); } catch { /* not saved */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* nothing was saved */ } },
    clear() { try { sessionStorage.clear(); } catch { /* nothing was saved */ } },
  };

  // Saved notes belong to one account: they are deleted at log-out, and if another account signs in.
  if (stored.get("user") !== document.body.dataset.user) {
    stored.clear();
    stored.set("user", document.body.dataset.user);
  }

  const say = (text) => {
    const region = find("#live");
    if (region) region.textContent = text;
  };

  // Keys: each activates the element of the page that has it as its data-key.
  const typing = (target) => target instanceof Element &&
    (target.closest("textarea, select, [contenteditable]") || target.matches("input:not([type=radio], [type=checkbox], [type=submit], [type=button])"));

  let ahead = []; // moves requested while a page was loading
  let armed = null; // the fieldset that the next digit applies to

  const arm = (fieldset) => {
    if (armed) armed.classList.remove("armed");
    armed = fieldset;
    if (armed) armed.classList.add("armed");
  };

  const use = (element) => {
    if (element.matches("fieldset")) {
      arm(element);
      const first = find("button, input", element);
      if (first) first.focus();
      const legend = find("legend", element);
      if (legend) say(legend.textContent);
      return;
    }
    if (element.matches("summary")) {
      element.parentElement.open = true;
      (all("input, textarea, select, button", element.parentElement).find(visible) || element).focus();
      return;
    }
    if (element.matches("input[type=radio], input[type=checkbox]")) {
      element.focus();
      element.click();
    } else if (element.matches("input, textarea, select")) {
      element.focus();
      if (element.matches("input[type=search], input[type=text]")) element.select();
    } else {
      element.click();
    }
  };

  const showKeys = () => {
    const dialog = find("#keys");
    if (!dialog || dialog.open) return;
    for (const name of all("[data-names]", dialog)) {
      const there = name.dataset.names.split(" ").some((key) => ["?", "Space"].includes(key) || find(`[data-key="${CSS.escape(key)}"]`));
      name.hidden = name.nextElementSibling.hidden = !there;
    }
    dialog.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    const form = event.target.form;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form && event.target.matches("textarea")) {
      const button = find("button.chosen", form) || form.matches(".answer") && all("button", form).at(-1);
      if (button) form.requestSubmit(button); // the answer chosen before, otherwise only the note
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      arm(null);
      for (const open of all("details.pick[open]")) open.open = false;
      if (typing(event.target) || event.target.closest?.(".decision")) (find(".waiting a[aria-current]") || event.target).focus();
      if (typing(document.activeElement)) document.activeElement.blur();
      return;
    }
    if (typing(event.target) || find("dialog[open]")) return;
    if (event.key === "?" || event.key === "？") {
      event.preventDefault();
      showKeys();
      return;
    }
    if (event.key === " ") {
      const item = live() && find(".item");
      if (!item || event.target.closest("button, summary, input")) return;
      event.preventDefault();
      item.scrollBy(0, (event.shiftKey ? -0.8 : 0.8) * item.clientHeight);
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const among = armed;
    arm(null);
    if (live() && live().hasAttribute("aria-busy")) { // the page is loading: do not decide on something not seen yet
      event.preventDefault();
      if ((key === "j" || key === "k") && ahead.length < 20) ahead.push(key);
      return;
    }
    const element = /^[0-9]$/.test(key)
      ? among && all(`[data-key="${key}"]`, among).find(visible)
      : all(`[data-key="${CSS.escape(key)}"]`).find(visible);
    if (!element || event.repeat && !element.matches("a")) return;
    event.preventDefault();
    use(element);
  });

  // Notes: what is typed about a subject is saved until it is sent.
  const noteKey = (field) => {
    const subject = field.form && find("input[name=subject]", field.form);
    return subject ? `note:${subject.value}:${field.form.getAttribute("action")}:${field.name}` : "";
  };
  const noteFields = (root) => all("textarea[name], input[type=text][name=words]", root);

  const restore = (root) => {
    for (const field of noteFields(root)) {
      const kept = noteKey(field) && stored.get(noteKey(field));
      if (kept && !field.value) field.value = kept;
    }
  };
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("textarea[name], input[type=text][name=words]")) return;
    const key = noteKey(field);
    if (key && field.value) stored.set(key, field.value);
    else if (key) stored.drop(key);
  });
  const notesOf = (form) => noteFields(form).map(noteKey).filter(Boolean);
  const forget = (keys) => keys.forEach(stored.drop);
  const typedAbout = (subjects) => {
    try {
      return Object.keys(sessionStorage).some((key) => subjects.some((subject) => key.startsWith(`note:${subject}:`)));
    } catch {
      return false;
    }
  };

  // Claims: opening an item claims it, activity renews the claim, and leaving releases it unless
  // something has been typed.
  let claim = null; // { subject, about: subjects with notes, data: the form's, at: time, taken: promise of the answer }
  let opening = 0;

  const post = (url, data, keepalive) => fetch(url, { method: "POST", body: new URLSearchParams(data), redirect: "manual", credentials: "same-origin", keepalive });

  const takeClaim = async (data, about) => {
    const subject = data.get("subject");
    const taken = post("/claims", data);
    claim = { subject, about, data, at: Date.now(), taken: taken.catch(() => {}) };
    try {
      const answer = await taken;
      if (!claim || claim.subject !== subject) return;
      const words = (live() || document.body).dataset;
      if (answer.ok) {
        const button = all("form[data-claim]").filter((form) => find("input[name=subject]", form).value === subject).map((form) => find("button", form))[0];
        if (button && words.mine) {
          button.textContent = words.mine;
          button.disabled = true; // it now shows that the item is claimed
        }
      } else {
        claim = null;
        if (answer.status === 409 && words.taken) say(words.taken);
        if (answer.status === 422 && words.full) say(words.full);
      }
    } catch {
      if (claim && claim.subject === subject) claim.at = 0; // the next activity will try again
    }
  };

  const leave = async (keepalive) => {
    const left = claim;
    claim = null;
    if (!left || typedAbout(left.about)) return;
    if (!keepalive) await left.taken; // otherwise the claim could arrive after its release, and remain
    post("/claims/release", left.data, keepalive).catch(() => {});
  };

  const openItem = () => {
    clearTimeout(opening);
    const form = all(`form[data-claim], form[action="/claims/release"]`).find((form) => visible(find("button", form)));
    const subject = form && find("input[name=subject]", form).value;
    if (claim && claim.subject !== subject) leave(false);
    if (!form || claim) return;
    const data = new FormData(form), about = all("main input[name=subject]").map((input) => input.value);
    data.delete("next"); // the server then answers without a page
    // An item that is already ours is claimed again, because the previous page may just have
    // released it.
    if (!form.matches("[data-claim]")) claim = { subject, about, data, at: Date.now() };
    opening = setTimeout(() => { if (document.visibilityState === "visible") takeClaim(data, about); }, claimAfter);
  };

  const active = () => {
    if (claim && Date.now() - claim.at > renewAfter) takeClaim(claim.data, claim.about);
  };
  for (const kind of ["keydown", "pointerdown", "input"]) document.addEventListener(kind, active, { passive: true });

  window.addEventListener("pagehide", () => {
    clearTimeout(opening);
    leave(true);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) openItem(); });

  // Updating the queue in place: the next page is fetched, and its parts replace this page's.
  let request = null;

  const swap = (page, url, push) => {
    const now = find("main"), next = find("main", page);
    const rows = find(".waiting", now), at = rows ? rows.scrollTop : 0;
    const inList = now.contains(document.activeElement) || document.activeElement === document.body;
    document.title = page.title;
    document.body.className = page.body.className;
    for (const selector of [".side", ".langs", "#main"]) {
      const old = find(selector), fresh = find(selector, page);
      if (!old || !fresh) continue;
      if (selector === ".side") fresh.open = old.open;
      old.replaceWith(document.adoptNode(fresh));
    }
    if (push) history.pushState(null, "", url);
    const list = find(".waiting", next), current = list && find("a[aria-current]", list), wrong = find("[aria-invalid]", next);
    if (list) list.scrollTop = at;
    if (current) {
      current.scrollIntoView({ block: "nearest" });
      if (inList) current.focus({ preventScroll: true });
    } else if (wrong) {
      wrong.focus();
    } else if (inList) {
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
    restore(next);
    say(next.dataset.announce || page.title);
    openItem();
  };

  // load shows the answer to a request: in place if it is the queue, otherwise as a new page.
  const load = async (url, options, push, notes = []) => {
    if (request) request.abort();
    const mine = request = new AbortController();
    const main = live();
    main.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { credentials: "same-origin", signal: mine.signal, ...options });
      const type = answer.headers.get("Content-Type") || "";
      if (!type.startsWith("text/html")) throw new Error("not a page");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      const posted = options && options.method === "POST";
      const queue = find("main[data-live]", page);
      if (!find("main", page) || !queue && !posted || !queue && answer.ok) {
        if (posted && answer.ok) forget(notes);
        location.assign(answer.url);
        return;
      }
      if (answer.ok) forget(notes);
      swap(page, answer.url, push && queue && (!posted || answer.redirected));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!options) location.assign(url);
      else say(main.dataset.failed || "");
    } finally {
      if (request === mine) {
        request = null;
        main.removeAttribute("aria-busy");
        const key = ahead.shift(), element = key && all(`[data-key="${key}"]`).find(visible);
        if (element) use(element);
        else ahead = [];
      }
    }
  };

  const ours = (url) => url.origin === location.origin && url.pathname === "/" && location.pathname === "/";

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (!link || !live() || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target) return;
    const url = new URL(link.href);
    if (!ours(url) || url.searchParams.has("lang") || url.hash) return;
    event.preventDefault();
    load(url.href, undefined, true);
  });

  // lacksWords says whether an answer requires words that are still missing, and asks for them.
  const lacksWords = (form, button) => {
    const words = button && button.dataset.words && find("textarea", form);
    if (!words || words.value.trim()) return false;
    for (const other of all("button.chosen", form)) other.classList.remove("chosen");
    button.classList.add("chosen");
    words.placeholder = button.dataset.words;
    words.focus();
    say(button.dataset.words);
    return true;
  };

  document.addEventListener("submit", (event) => {
    const form = event.target, keys = notesOf(form);
    if (form.getAttribute("action") === "/logout") {
      stored.clear();
      return;
    }
    if (lacksWords(form, event.submitter)) {
      event.preventDefault();
      return;
    }
    const inPlace = live() && live().contains(form) && !event.defaultPrevented && form.enctype !== "multipart/form-data";
    if (!inPlace) {
      if (keys.length) stored.set("sent", JSON.stringify(keys));
      return;
    }
    const data = new URLSearchParams(new FormData(form, event.submitter));
    const url = new URL((event.submitter && event.submitter.getAttribute("formaction")) || form.getAttribute("action"), location.href);
    if (url.origin !== location.origin) return;
    event.preventDefault();
    if (form.method === "get") {
      url.search = data.toString();
      load(url.href, undefined, true);
      return;
    }
    load(url.href, { method: "POST", body: data }, true, keys);
  });

  window.addEventListener("popstate", () => {
    if (live()) load(location.href, undefined, false);
    else location.reload();
  });

  // A form that was sent without this script has succeeded if the page's address says what was done.
  const sent = stored.get("sent");
  if (sent) {
    stored.drop("sent");
    const values = new URLSearchParams(location.search);
    if (values.has("done") || values.has("batch")) forget(JSON.parse(sent));
  }

  const button = find("#show-keys");
  if (button && find("#keys")) {
    button.hidden = false;
    button.addEventListener("click", showKeys);
  }
  document.addEventListener("click", (event) => {
    for (const open of all("details.pick[open]")) if (!open.contains(event.target)) open.open = false;
  });
  restore(document);
  const opened = live() && find(".waiting a[aria-current]");
  if (opened) opened.scrollIntoView({ block: "nearest" });
  openItem();
})();
